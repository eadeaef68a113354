/**
 * From a chat request to what the model is asked. Whatever cannot be honoured is refused, never ignored. The fields are
 * named as in OpenAI's format, which is the one that this server has a front for.
 */
import type { ChatTurn, GenerationRequest, RequiredJson } from '#adapters/llama/language-model.ts';
import type { AnswerFormat, ChatMessage, ChatRequest, Sampling } from '#domain/chat/chat-request.ts';
import { type FindProblems, compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { SCHEMA_PARAM, type Understood, problemOfExtensions, refused, unsupported } from './refusals.ts';

/** Given by the authors of SmolLM2 for its answers; used where a request does not say. */
const DEFAULT_TEMPERATURE = 0.2;
const DEFAULT_TOP_P = 0.9;
/** OpenAI takes 0 for "the most likely token"; llama.cpp must be left one. */
const LEAST_TOP_P = 0.001;
/** Each is looked for in every piece of the answer. */
const MOST_STOP_SEQUENCES = 16;
const LONGEST_STOP_SEQUENCE = 256;

export interface Generation {
  readonly request: GenerationRequest;
  /** Set when the answer must fit a schema, of which a grammar may keep only a part. */
  readonly findProblems?: FindProblems;
}

export function toGeneration(chat: ChatRequest, defaultOutputTokens: number): Understood<Generation> {
  const problem = problemOfAbilities(chat) ?? problemOfSampling(chat.sampling);
  if (problem !== undefined) return problem;
  const json = readFormat(chat.format);
  if (!json.ok) return json;
  const turns: ChatTurn[] = [];
  for (const [position, message] of chat.messages.entries()) {
    const turn = toTurn(message, `messages.${position}`);
    if (!turn.ok) return turn;
    turns.push(turn.value);
  }
  const { required, findProblems } = json.value;
  return {
    ok: true,
    value: {
      request: {
        turns,
        maximumOutputTokens: chat.maximumOutputTokens ?? defaultOutputTokens,
        ...samplingOf(chat.sampling),
        ...(required === undefined ? {} : { json: required }),
      },
      ...(findProblems === undefined ? {} : { findProblems }),
    },
  };
}

type Refused = ReturnType<typeof refused>;

function problemOfAbilities(chat: ChatRequest): Refused | undefined {
  if (chat.tools.length > 0 && chat.toolChoice?.kind !== 'none') {
    const message =
      'This model cannot call tools: leave out tools, or choose a model whose capabilities contain Tools.';
    return unsupported(message, 'tools');
  }
  if ((chat.choiceCount ?? 1) !== 1) {
    return unsupported('This server makes one answer for a request: leave out n.', 'n');
  }
  return problemOfExtensions(chat.extensions);
}

function problemOfSampling(sampling: Sampling): Refused | undefined {
  const { temperature, topP, topK, frequencyPenalty, presencePenalty } = sampling;
  const bounded: readonly (readonly [string, number | undefined, least: number, most: number])[] = [
    ['temperature', temperature, 0, 2],
    ['top_p', topP, 0, 1],
    ['top_k', topK, -1, 1_000_000],
    ['frequency_penalty', frequencyPenalty, -2, 2],
    ['presence_penalty', presencePenalty, -2, 2],
  ];
  for (const [param, value, least, most] of bounded) {
    if (value !== undefined && (value < least || value > most)) {
      return refused('invalid_request', `${param} must be from ${least} to ${most}.`, param);
    }
  }
  const stops = sampling.stopSequences ?? [];
  if (stops.length > MOST_STOP_SEQUENCES) {
    const message = `stop has ${stops.length} texts, more than the ${MOST_STOP_SEQUENCES} that are taken.`;
    return refused('invalid_request', message, 'stop');
  }
  if (stops.some(({ length }) => length === 0 || length > LONGEST_STOP_SEQUENCE)) {
    const message = `A text in stop must have from 1 to ${LONGEST_STOP_SEQUENCE} characters.`;
    return refused('invalid_request', message, 'stop');
  }
  return undefined;
}

function samplingOf({
  temperature = DEFAULT_TEMPERATURE,
  topP = DEFAULT_TOP_P,
  topK,
  seed,
  frequencyPenalty = 0,
  presencePenalty = 0,
  stopSequences = [],
}: Sampling): Omit<GenerationRequest, 'turns' | 'maximumOutputTokens' | 'json'> {
  return {
    temperature,
    topP: Math.max(topP, LEAST_TOP_P),
    // Servers of this format take -1 for "all tokens" as well as 0.
    ...(topK === undefined ? {} : { topK: Math.max(0, topK) }),
    // llama.cpp takes 32 bits.
    ...(seed === undefined ? {} : { seed: Number(BigInt.asUintN(32, BigInt(seed))) }),
    frequencyPenalty,
    presencePenalty,
    stopSequences,
  };
}

interface WantedJson {
  readonly required?: RequiredJson;
  readonly findProblems?: FindProblems;
}

function readFormat(format: AnswerFormat | undefined): Understood<WantedJson> {
  if (format === undefined) return { ok: true, value: {} };
  if (format.kind === 'jsonObject') return { ok: true, value: { required: { schema: undefined } } };
  const { schema } = format;
  const compiled = compileJsonSchema(schema);
  if (compiled.ok) {
    return { ok: true, value: { required: { schema }, findProblems: compiled.findProblems } };
  }
  const message = `${SCHEMA_PARAM} is not a valid JSON Schema: ${compiled.message}.`;
  return refused('invalid_request', message, SCHEMA_PARAM);
}

function toTurn(message: ChatMessage, place: string): Understood<ChatTurn> {
  if (message.role === 'tool' || (message.role === 'assistant' && message.toolCalls !== undefined)) {
    const reason = `${place} belongs to a tool call, and this model cannot call tools: leave it out.`;
    return unsupported(reason, place);
  }
  const role = message.role === 'developer' ? 'system' : message.role;
  const said = message.role === 'assistant' ? (message.content ?? message.refusal ?? '') : message.content;
  if (typeof said === 'string') return { ok: true, value: { role, text: said } };
  const texts: string[] = [];
  for (const [position, part] of said.entries()) {
    if (part.kind !== 'text') {
      const param = `${place}.content.${position}`;
      return unsupported(`${param} is not text, and this model reads text only.`, param);
    }
    texts.push(part.text);
  }
  return { ok: true, value: { role, text: texts.join('\n') } };
}
