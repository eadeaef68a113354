/**
 * From the front format to Anthropic's Messages API (https://platform.claude.com/docs/en/api/messages).
 *
 * The version is pinned to 2023-06-01 with `x-api-key`. Its successor 2026-10-21 refuses temperature, top_p and
 * top_k even at their defaults, so under it we should have to drop what the user asked for; the older one is served
 * for every model, leaves each model to judge its own parameters, and differs for us in nothing else.
 */
import { toAnthropicConversation } from './anthropic-messages.ts';
import { hasFreeKeys, toAnthropicSchema } from './anthropic-schema.ts';
import type { Parsed, ProviderRequest, ProviderTarget } from './dialect.ts';
import { refuse } from './malformed-answer.ts';
import type { ChatRequest, ChatTool } from './openai-chat.ts';
import { problemOfFields } from './request-fields.ts';

const ANTHROPIC_VERSION = '2023-06-01';
/** Every Claude since version 4 takes this; it is a ceiling, not a price. */
const DEFAULT_MAX_TOKENS = 32_000;
const DEFAULT_MAX_TOKENS_OF_CLAUDE_3 = 4096;
const WITH_SAMPLING_PARAMETERS =
  /^claude-(?:[23]|instant)|^claude-(?:haiku|sonnet|opus)-4(?:-[0-6])?(?:-\d{8}|-latest)?$/;
const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'];

export function anthropicChatRequest(request: ChatRequest, target: ProviderTarget): Parsed<ProviderRequest> {
  // A seed is best effort everywhere, even at OpenAI: without it the answer is as valid.
  const problem = problemOfFields(request, 'Anthropic', ['seed']) ?? problemOfValues(request, target.model);
  if (problem !== undefined) return refuse(problem);
  const conversation = toAnthropicConversation(request.messages);
  if (!conversation.ok) return conversation;
  const { system, messages } = conversation.value;
  const body = {
    model: target.model,
    max_tokens: request.max_completion_tokens ?? request.max_tokens ?? defaultMaxTokens(target.model),
    ...(system.length > 0 && { system }),
    messages,
    ...(request.stream === true && { stream: true }),
    ...samplingParameters(request, target.model),
    ...given('stop_sequences', typeof request.stop === 'string' ? [request.stop] : request.stop),
    ...(request.user && { metadata: { user_id: request.user } }),
    ...outputConfig(request),
    ...tools(request),
  };
  return {
    ok: true,
    value: {
      method: 'POST',
      url: `${target.endpoint}/messages`,
      headers: { 'content-type': 'application/json', ...headers(target) },
      body: JSON.stringify(body),
    },
  };
}

export function anthropicProbeRequest(target: ProviderTarget): ProviderRequest {
  return { method: 'GET', url: `${target.endpoint}/models?limit=1`, headers: headers(target) };
}

function headers(target: ProviderTarget): Record<string, string> {
  return {
    'anthropic-version': ANTHROPIC_VERSION,
    ...(target.apiKey !== undefined && { 'x-api-key': target.apiKey }),
  };
}

function problemOfValues(request: ChatRequest, model: string): string | undefined {
  if ((request.temperature ?? 0) > 1) {
    return `Anthropic takes a temperature between 0 and 1, not ${request.temperature}.`;
  }
  if (
    !takesSamplingParameters(model) &&
    [request.temperature, request.top_p].some((value) => (value ?? 1) !== 1)
  ) {
    return `${model} takes no temperature and no top_p: leave them out or use another model.`;
  }
  if (request.response_format?.type === 'json_object') {
    return 'Anthropic has no JSON mode without a schema: send a response_format of type json_schema.';
  }
  if (
    request.response_format?.type === 'json_schema' &&
    hasFreeKeys(request.response_format.json_schema.schema)
  ) {
    return 'Anthropic cannot answer objects with free keys (additionalProperties): ask for a list of key and value.';
  }
  const effort = request['reasoning_effort'];
  if (effort !== undefined && effort !== null && !EFFORTS.some((known) => known === effort)) {
    return `Anthropic knows the reasoning_effort ${EFFORTS.join(', ')} only.`;
  }
  return undefined;
}

/** Claude since Opus 4.7 answers status 400 to any value but the default, whichever version of the API is asked for. */
function takesSamplingParameters(model: string): boolean {
  return !model.startsWith('claude-') || WITH_SAMPLING_PARAMETERS.test(model);
}

/** The default is 1 for both: left out where it may not be said, it means the same. */
function samplingParameters(request: ChatRequest, model: string): object {
  if (!takesSamplingParameters(model)) return {};
  return { ...given('temperature', request.temperature), ...given('top_p', request.top_p) };
}

function defaultMaxTokens(model: string): number {
  return model.startsWith('claude-3') ? DEFAULT_MAX_TOKENS_OF_CLAUDE_3 : DEFAULT_MAX_TOKENS;
}

function given(field: string, value: unknown): object {
  return value === undefined || value === null ? {} : { [field]: value };
}

/** The schema goes to the model's own constrained output, not to a forced tool: that would end other tool use. */
function outputConfig(request: ChatRequest): object {
  const format = request.response_format;
  const effort = request['reasoning_effort'];
  const config = {
    ...(format?.type === 'json_schema' && {
      format: { type: 'json_schema', schema: toAnthropicSchema(format.json_schema.schema) },
    }),
    ...given('effort', effort),
  };
  return Object.keys(config).length === 0 ? {} : { output_config: config };
}

function tools(request: ChatRequest): object {
  if (request.tools === undefined || request.tools.length === 0) return {};
  const choice = toolChoice(request);
  return { tools: request.tools.map(toTool), ...(choice !== undefined && { tool_choice: choice }) };
}

function toTool({ function: declared }: ChatTool): object {
  const parameters = { type: 'object', ...declared.parameters };
  return {
    name: declared.name,
    ...given('description', declared.description),
    input_schema: declared.strict === true ? toAnthropicSchema(parameters) : parameters,
    ...(declared.strict === true && { strict: true }),
  };
}

const TOOL_CHOICE_TYPES = { none: 'none', auto: 'auto', required: 'any' } as const;

function toolChoice(request: ChatRequest): object | undefined {
  const onlyOne = request.parallel_tool_calls === false;
  const choice = request.tool_choice ?? (onlyOne ? 'auto' : undefined);
  if (choice === undefined) return undefined;
  if (choice === 'none') return { type: 'none' };
  return {
    ...(typeof choice === 'object'
      ? { type: 'tool', name: choice.function.name }
      : { type: TOOL_CHOICE_TYPES[choice] }),
    ...(onlyOne && { disable_parallel_tool_use: true }),
  };
}
