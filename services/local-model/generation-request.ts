/** From an OpenAI chat request to what the model is asked. Whatever cannot be honoured is refused, never ignored. */
import { z } from 'zod';
import type { ChatTurn, GenerationRequest, RequiredJson } from '#adapters/llama/language-model.ts';
import { boundedArray } from '#domain/bounded-json/bounded-collection.ts';
import { compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { ChatMessage, ChatRequest } from '#domain/model-providers/openai-chat.ts';
import { type OpenAiError, badRequest } from './open-ai-error.ts';

/** ChatRequest with the bounds and fields that matter to a server which answers itself. */
export const LocalChatRequest = ChatRequest.extend({
  messages: boundedArray(ChatMessage, { minimum: 1, maximum: 2048 }),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  stop: z.union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).max(16)]).nullish(),
  n: z.int().nullish(),
  logprobs: z.boolean().nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
});
export type LocalChatRequest = z.infer<typeof LocalChatRequest>;

/** Given by the authors of SmolLM2 for its answers; used where a request does not say. */
const DEFAULT_TEMPERATURE = 0.2;
const DEFAULT_TOP_P = 0.9;

export type GenerationRequestResult =
  | { readonly ok: true; readonly request: GenerationRequest }
  | { readonly ok: false; readonly error: OpenAiError };

export function toGenerationRequest(
  body: LocalChatRequest,
  defaultOutputTokens: number,
): GenerationRequestResult {
  const refusal = findUnsupported(body);
  if (refusal !== undefined) return { ok: false, error: refusal };
  const json = readResponseFormat(body);
  if (!json.ok) return json;
  const turns: ChatTurn[] = [];
  for (const [index, message] of body.messages.entries()) {
    const turn = toTurn(message, index);
    if (!turn.ok) return turn;
    turns.push(turn.turn);
  }
  return {
    ok: true,
    request: {
      turns,
      maximumOutputTokens: body.max_completion_tokens ?? body.max_tokens ?? defaultOutputTokens,
      temperature: body.temperature ?? DEFAULT_TEMPERATURE,
      topP: body.top_p ?? DEFAULT_TOP_P,
      // llama.cpp takes 32 bits.
      ...(typeof body.seed === 'number' ? { seed: Number(BigInt.asUintN(32, BigInt(body.seed))) } : {}),
      frequencyPenalty: body.frequency_penalty ?? 0,
      presencePenalty: body.presence_penalty ?? 0,
      stopSequences: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []),
      ...(json.value === undefined ? {} : { json: json.value }),
    },
  };
}

interface Unsupported {
  readonly parameter: string;
  readonly isAsked: (body: LocalChatRequest) => boolean;
  readonly message: string;
}

const UNSUPPORTED: readonly Unsupported[] = [
  {
    parameter: 'tools',
    isAsked: (body) => (body.tools ?? []).length > 0 && body.tool_choice !== 'none',
    message:
      'This model cannot call tools: leave out tools, or choose a model whose capabilities contain Tools.',
  },
  {
    parameter: 'n',
    isAsked: (body) => (body.n ?? 1) !== 1,
    message: 'This server makes one answer for a request: leave out n.',
  },
  {
    parameter: 'logprobs',
    isAsked: (body) => body.logprobs === true,
    message: 'This server gives no log probabilities: leave out logprobs.',
  },
  {
    parameter: 'logit_bias',
    isAsked: (body) => Object.keys(body.logit_bias ?? {}).length > 0,
    message: 'This server takes no logit_bias: leave it out.',
  },
];

function findUnsupported(body: LocalChatRequest): OpenAiError | undefined {
  const asked = UNSUPPORTED.find(({ isAsked }) => isAsked(body));
  return asked === undefined
    ? undefined
    : badRequest(asked.message, 'unsupported_parameter', asked.parameter);
}

function readResponseFormat(
  body: LocalChatRequest,
):
  | { readonly ok: true; readonly value: RequiredJson | undefined }
  | { readonly ok: false; readonly error: OpenAiError } {
  const format = body.response_format;
  if (format === undefined || format === null || format.type === 'text')
    return { ok: true, value: undefined };
  if (format.type === 'json_object') return { ok: true, value: { schema: undefined } };
  const { schema } = format.json_schema;
  const compiled = compileJsonSchema(schema);
  if (compiled.ok) return { ok: true, value: { schema } };
  const message = `response_format.json_schema.schema is not a valid JSON Schema: ${compiled.message}.`;
  return { ok: false, error: badRequest(message, 'invalid_schema', 'response_format') };
}

type TurnResult =
  | { readonly ok: true; readonly turn: ChatTurn }
  | { readonly ok: false; readonly error: OpenAiError };

function toTurn(message: ChatMessage, index: number): TurnResult {
  const param = `messages[${index}]`;
  if (message.role === 'tool' || (message.tool_calls ?? []).length > 0) {
    const text = `${param} belongs to a tool call, and this model cannot call tools: leave it out.`;
    return { ok: false, error: badRequest(text, 'unsupported_value', param) };
  }
  const text = textOf(message.content);
  if (text === undefined) {
    const reason = `${param} has a part that is not text, and this model reads text only.`;
    return { ok: false, error: badRequest(reason, 'unsupported_value', param) };
  }
  const role = message.role === 'developer' ? 'system' : message.role;
  return { ok: true, turn: { role, text } };
}

function textOf(content: ChatMessage['content']): string | undefined {
  if (content === null || content === undefined) return '';
  if (typeof content === 'string') return content;
  return content.every((part) => part.type === 'text' && part.text !== undefined)
    ? content.map((part) => part.text).join('\n')
    : undefined;
}
