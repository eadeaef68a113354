/** From an OpenAI chat request to what the model is asked. Whatever cannot be honoured is refused, never ignored. */
import { z } from 'zod';
import type { ChatTurn, GenerationRequest, RequiredJson } from '#adapters/llama/language-model.ts';
import { boundedArray } from '#domain/bounded-json/bounded-collection.ts';
import { type FindProblems, compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { type OpenAiError, badRequest } from './open-ai-error.ts';

const MESSAGES_MAXIMUM = 2048;
const PARTS_MAXIMUM = 10_000;

const ContentPart = z.looseObject({ type: z.string(), text: z.string().nullish() });

/** What cannot be honoured is looked at only as far as it must be to say so: `unknown` costs nothing. */
const LocalMessage = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z.union([z.string(), boundedArray(ContentPart, { maximum: PARTS_MAXIMUM })]).nullish(),
  tool_calls: z.array(z.unknown()).nullish(),
});
type LocalMessage = z.infer<typeof LocalMessage>;

const LocalResponseFormat = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({ schema: z.record(z.string(), z.unknown()).nullish() }),
  }),
]);

/** A chat request with the bounds of a server which answers itself. Every optional field may be null. */
export const LocalChatRequest = z.looseObject({
  model: z.string(),
  messages: boundedArray(LocalMessage, { minimum: 1, maximum: MESSAGES_MAXIMUM }),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  stop: z
    .union([z.string().min(1).max(256), boundedArray(z.string().min(1).max(256), { maximum: 16 })])
    .nullish(),
  seed: z.int().nullish(),
  response_format: LocalResponseFormat.nullish(),
  tools: z.array(z.unknown()).nullish(),
  tool_choice: z.unknown().optional(),
  functions: z.array(z.unknown()).nullish(),
  n: z.int().nullish(),
  logprobs: z.boolean().nullish(),
  logit_bias: z.record(z.string(), z.unknown()).nullish(),
});
export type LocalChatRequest = z.infer<typeof LocalChatRequest>;

/** Given by the authors of SmolLM2 for its answers; used where a request does not say. */
const DEFAULT_TEMPERATURE = 0.2;
const DEFAULT_TOP_P = 0.9;
/** OpenAI takes 0 for "the most likely token"; llama.cpp must be left one. */
const LEAST_TOP_P = 0.001;

export type GenerationRequestResult =
  | {
      readonly ok: true;
      readonly request: GenerationRequest;
      /** Set when the answer must fit a schema, of which a grammar may keep only a part. */
      readonly findProblems?: FindProblems;
    }
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
  const { value, findProblems } = json;
  return {
    ok: true,
    request: {
      turns,
      maximumOutputTokens: body.max_completion_tokens ?? body.max_tokens ?? defaultOutputTokens,
      ...samplingOf(body),
      stopSequences: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []),
      ...(value === undefined ? {} : { json: value }),
    },
    ...(findProblems === undefined ? {} : { findProblems }),
  };
}

function samplingOf(
  body: LocalChatRequest,
): Pick<GenerationRequest, 'temperature' | 'topP' | 'seed' | 'frequencyPenalty' | 'presencePenalty'> {
  return {
    temperature: body.temperature ?? DEFAULT_TEMPERATURE,
    topP: Math.max(body.top_p ?? DEFAULT_TOP_P, LEAST_TOP_P),
    // llama.cpp takes 32 bits.
    ...(typeof body.seed === 'number' ? { seed: Number(BigInt.asUintN(32, BigInt(body.seed))) } : {}),
    frequencyPenalty: body.frequency_penalty ?? 0,
    presencePenalty: body.presence_penalty ?? 0,
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
    parameter: 'functions',
    isAsked: (body) => (body.functions ?? []).length > 0,
    message: 'This model cannot call functions: leave out functions.',
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

type JsonResult =
  | {
      readonly ok: true;
      readonly value: RequiredJson | undefined;
      readonly findProblems?: FindProblems;
    }
  | { readonly ok: false; readonly error: OpenAiError };

function readResponseFormat(body: LocalChatRequest): JsonResult {
  const format = body.response_format ?? { type: 'text' as const };
  if (format.type === 'text') return { ok: true, value: undefined };
  const schema = format.type === 'json_schema' ? format.json_schema.schema : undefined;
  if (schema === undefined || schema === null) return { ok: true, value: { schema: undefined } };
  const compiled = compileJsonSchema(schema);
  if (compiled.ok) return { ok: true, value: { schema }, findProblems: compiled.findProblems };
  const message = `response_format.json_schema.schema is not a valid JSON Schema: ${compiled.message}.`;
  return { ok: false, error: badRequest(message, 'invalid_schema', 'response_format') };
}

type TurnResult =
  | { readonly ok: true; readonly turn: ChatTurn }
  | { readonly ok: false; readonly error: OpenAiError };

function toTurn(message: LocalMessage, index: number): TurnResult {
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

/** Responses and chat completions name text differently, and clients send back what they got. */
const TEXT_TYPES: ReadonlySet<string> = new Set(['text', 'input_text', 'output_text', 'refusal']);

function textOf(content: LocalMessage['content']): string | undefined {
  if (content === null || content === undefined) return '';
  if (typeof content === 'string') return content;
  const texts = content.map((part) => (part.type === 'refusal' ? part['refusal'] : part.text) ?? '');
  const isText = content.every(({ type }) => TEXT_TYPES.has(type));
  return isText && texts.every((text) => typeof text === 'string') ? texts.join('\n') : undefined;
}
