/**
 * From a neutral request to Anthropic's Messages API (https://platform.claude.com/docs/en/api/messages).
 *
 * The version is pinned to 2023-06-01 with `x-api-key`. Its successor 2026-10-21 refuses temperature, top_p and
 * top_k even at their defaults, so under it we should have to drop what the user asked for; the older one is served
 * for every model, leaves each model to judge its own parameters, and differs for us in nothing else.
 */
import { createHash } from 'node:crypto';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import type { ProviderRequest, ProviderTarget, Written } from '../dialect.ts';
import { problemOfExtensions } from '../foreign-extensions.ts';
import { formatInWords } from '../schema-in-words.ts';
import { toolNamesOf } from '../tool-names.ts';
import { problemOfPrice, withShortCache } from './billed-apart.ts';
import { type ClaudeAbilities, abilitiesOf } from './claude-models.ts';
import { beyondAnthropic, toAnthropicSchema } from './output-schema.ts';
import { writeConversation } from './write-conversation.ts';
import { writeEffort } from './write-effort.ts';
import { writeSampling } from './write-sampling.ts';
import { ANTHROPIC_TOOL_NAMES, writeTools } from './write-tools.ts';

const ANTHROPIC_VERSION = '2023-06-01';
/** Lets thought go along whose conversation is no longer the same to the letter; without it that is status 400. */
const THINKING_BINDING_BETA = 'thinking-binding-controls-2026-08-01';
const THINKING_WITH_BINDING = {
  type: 'adaptive',
  block_binding: { prefix_mismatch_behavior: 'drop_block' },
};
/** Every Claude since version 4 takes this; it is a ceiling, not a price. */
const DEFAULT_MAXIMUM_OUTPUT_TOKENS = 32_000;
const LONGEST_USER_ID = 256;

export function writeAnthropicChatRequest(
  request: ChatRequest,
  target: ProviderTarget,
): Written<ProviderRequest> {
  const { model } = target;
  const abilities = abilitiesOf(model);
  const problem =
    problemOfExtensions(request, 'anthropic', 'Anthropic') ??
    problemOfChoices(request) ??
    problemOfPrice(request);
  if (problem !== undefined) return refuse(problem);
  const sampling = writeSampling(request.sampling, model, abilities);
  if (!sampling.ok) return sampling;
  const effort = writeEffort(request.reasoningEffort, model, abilities);
  if (!effort.ok) return effort;
  const names = toolNamesOf(request, ANTHROPIC_TOOL_NAMES);
  const tools = writeTools(request, model, abilities, names);
  if (!tools.ok) return tools;
  const format = writeFormat(request, abilities);
  if (!format.ok) return format;
  const takesThought = effort.value.thinking === undefined;
  const conversation = writeConversation(request.messages, { model, abilities, names, takesThought });
  if (!conversation.ok) return conversation;
  const { system, messages, hasThought } = conversation.value;
  if (messages.at(-1)?.role === 'assistant' && format.value.config.format !== undefined) {
    return refuse(
      'Anthropic cannot continue a message of the assistant in a given format: end with one of the user.',
    );
  }
  const isBound = hasThought && abilities.bindsThinking;
  const body = {
    ...fieldsOf(request, model, abilities),
    ...systemField([...system, ...format.value.system]),
    messages,
    ...sampling.value,
    ...thinkingField(isBound ? THINKING_WITH_BINDING : effort.value.thinking),
    ...outputConfig({ ...format.value.config, ...effort.value.config }),
    ...tools.value,
  };
  return {
    ok: true,
    value: {
      method: 'POST',
      url: `${target.endpoint}/messages`,
      headers: {
        'content-type': 'application/json',
        ...headersOf(target),
        ...(isBound && { 'anthropic-beta': THINKING_BINDING_BETA }),
      },
      body: JSON.stringify(body),
    },
  };
}

/** What Anthropic's own front said beyond the neutral words goes along, and the neutral words go before it. */
function fieldsOf(request: ChatRequest, model: string, abilities: ClaudeAbilities): object {
  const { extensions, endUser, stream } = request;
  return {
    ...(extensions?.dialect === 'anthropic' && withShortCache(extensions.fields)),
    model,
    max_tokens: maximumOutputTokens(request, abilities),
    ...(stream !== undefined && { stream: true }),
    ...(endUser !== undefined && { metadata: { user_id: userIdOf(endUser) } }),
  };
}

function systemField(system: readonly object[]): object {
  return system.length > 0 ? { system } : {};
}

function thinkingField(thinking: object | undefined): object {
  return thinking === undefined ? {} : { thinking };
}

function outputConfig(config: object): object {
  return Object.keys(config).length > 0 ? { output_config: config } : {};
}

export function writeAnthropicProbeRequest(target: ProviderTarget): ProviderRequest {
  return { method: 'GET', url: `${target.endpoint}/models?limit=1`, headers: headersOf(target) };
}

function headersOf(target: ProviderTarget): Record<string, string> {
  return {
    'anthropic-version': ANTHROPIC_VERSION,
    ...(target.apiKey !== undefined && { 'x-api-key': target.apiKey }),
  };
}

function problemOfChoices({ choiceCount = 1 }: ChatRequest): string | undefined {
  return choiceCount > 1 ? 'Anthropic gives one choice only: leave "n" out or use another model.' : undefined;
}

interface WrittenFormat {
  readonly config: { readonly format?: object };
  readonly system: readonly { readonly type: 'text'; readonly text: string }[];
}

/** The schema goes to the model's own constrained output, not to a forced tool: that would end other tool use. */
function writeFormat({ format }: ChatRequest, abilities: ClaudeAbilities): Written<WrittenFormat> {
  if (format === undefined) return { ok: true, value: { config: {}, system: [] } };
  const inWords = { config: {}, system: [{ type: 'text', text: formatInWords(format) }] } as const;
  if (format.kind === 'jsonObject') return { ok: true, value: inWords };
  const beyond = abilities.holdsSchemas ? beyondAnthropic(format.schema) : 'a schema with this model';
  if (beyond === undefined) {
    const schema = toAnthropicSchema(format.schema);
    return { ok: true, value: { config: { format: { type: 'json_schema', schema } }, system: [] } };
  }
  return format.isStrict === true
    ? refuse(`Anthropic cannot hold an answer to ${beyond}: leave "strict" out or use another model.`)
    : { ok: true, value: inWords };
}

/** A ceiling above the model's own means the same as that one. */
function maximumOutputTokens(
  { maximumOutputTokens: asked }: ChatRequest,
  { maximumOutputTokens: maximum = Infinity }: ClaudeAbilities,
): number {
  return Math.min(asked ?? DEFAULT_MAXIMUM_OUTPUT_TOKENS, maximum);
}

/** Anthropic refuses names that are long or look like an address; they need only stay the same from call to call. */
function userIdOf(endUser: string): string {
  const isOpaque = endUser.length <= LONGEST_USER_ID && !/[@\s]|^\+?[\d ()-]{7,}$/.test(endUser);
  return isOpaque ? endUser : createHash('sha256').update(endUser).digest('hex');
}

function refuse(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
