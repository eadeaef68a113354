/**
 * OpenAI's stream: `data:` lines of chunks, a usage chunk without choices, then the literal `[DONE]`.
 *
 * open -> ended by `[DONE]` (missing finish reasons are made up first: clients loop without one), or
 * open -> failed by an error in the stream or a chunk that cannot be read. Nothing comes after either.
 */
import { z } from 'zod';
import type { AnswerContext, ProviderEvent, StreamPart, StreamTranslator } from './dialect.ts';
import { parseAnswer } from './malformed-answer.ts';
import type { ChatCompletionChunk, FinishReason } from './openai-chat.ts';
import { parseOpenAiStreamError } from './openai-failure.ts';
import { finishReasonOf } from './openai-finish-reason.ts';
import { OpenAiUsageAnswer, fromOpenAiUsage, reportedUsage } from './openai-usage.ts';
import { failure, parseJson } from './provider-failure.ts';

const ToolCallDelta = z.looseObject({
  index: z.int().nonnegative().nullish(),
  id: z.string().nullish(),
  function: z.looseObject({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
});
type ToolCallDelta = z.infer<typeof ToolCallDelta>;

const ChunkChoice = z.looseObject({
  index: z.int().nonnegative().nullish(),
  delta: z
    .looseObject({
      content: z.string().nullish(),
      refusal: z.string().nullish(),
      tool_calls: z.array(ToolCallDelta).nullish(),
    })
    .nullish(),
  finish_reason: z.string().nullish(),
});
type ChunkChoice = z.infer<typeof ChunkChoice>;

const Chunk = z.looseObject({
  id: z.string().nullish(),
  created: z.number().nullish(),
  model: z.string().nullish(),
  choices: z.array(ChunkChoice).nullish(),
  usage: OpenAiUsageAnswer.nullish(),
});
type Chunk = z.infer<typeof Chunk>;

interface ChoiceState {
  finished: boolean;
  toolCalls: number;
}

export function createOpenAiStreamTranslator(context: AnswerContext): StreamTranslator {
  const choices = new Map<number, ChoiceState>();
  let over = false;

  const fail = (error: ReturnType<typeof failure>): readonly StreamPart[] => {
    over = true;
    return [{ kind: 'error', error }];
  };

  const push = ({ event, data }: ProviderEvent): readonly StreamPart[] => {
    if (over || data.trim() === '') return [];
    if (data.trim() === '[DONE]') {
      over = true;
      return [...missingFinishReasons(choices, context), { kind: 'end' }];
    }
    const json = parseJson(data);
    if (event === 'error' || saysError(json)) return fail(parseOpenAiStreamError(json));
    const chunk = parseAnswer('the provider', Chunk, json);
    if (!chunk.ok) return fail(failure('malformed', chunk.problem));
    return [...chunkParts(chunk.value, choices, context), ...usageParts(chunk.value)];
  };

  return { push, close: () => [] };
}

function saysError(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'error' in json && Boolean(json.error);
}

/** The usage chunk has no choices; some servers put usage on chunks that have. */
function chunkParts(
  chunk: Chunk,
  states: Map<number, ChoiceState>,
  context: AnswerContext,
): readonly StreamPart[] {
  const { choices, usage: _usage, ...rest } = chunk;
  if (choices === null || choices === undefined || choices.length === 0) return [];
  const translated: ChatCompletionChunk = {
    ...rest,
    id: chunk.id || context.id,
    object: 'chat.completion.chunk',
    created: chunk.created ?? context.createdSeconds,
    model: chunk.model || context.model,
    choices: choices.map((choice) => translateChoice(choice, states)),
  };
  return [{ kind: 'chunk', chunk: translated }];
}

function translateChoice(
  choice: ChunkChoice,
  states: Map<number, ChoiceState>,
): ChatCompletionChunk['choices'][number] {
  const index = choice.index ?? 0;
  const state = states.get(index) ?? { finished: false, toolCalls: 0 };
  states.set(index, state);
  const { role, tool_calls: toolCalls, content, refusal, ...rest } = choice.delta ?? {};
  const delta = {
    ...rest,
    // Some servers repeat the role as "" or null; only one word is right here.
    ...(Boolean(role) && { role: 'assistant' as const }),
    ...(content !== undefined && { content }),
    ...(refusal !== undefined && { refusal }),
    ...(toolCalls &&
      toolCalls.length > 0 && { tool_calls: toolCalls.map((call) => translateToolCall(call, state)) }),
  };
  const finishReason = finishReasonOf(choice.finish_reason);
  if (finishReason !== undefined) state.finished = true;
  return { ...choice, index, delta, finish_reason: finishReason ?? null };
}

/** A server without an `index` sends whole calls: each new id is the next call. */
function translateToolCall(
  call: ToolCallDelta,
  state: ChoiceState,
): NonNullable<ChatCompletionChunk['choices'][number]['delta']['tool_calls']>[number] {
  const { index: given, id, type: _type, function: called, ...rest } = call;
  const index = given ?? (id ? state.toolCalls : Math.max(0, state.toolCalls - 1));
  state.toolCalls = Math.max(state.toolCalls, index + 1);
  return {
    ...rest,
    index,
    ...(id && { id, type: 'function' as const }),
    ...(called && {
      function: {
        ...(called.name && { name: called.name }),
        ...(typeof called.arguments === 'string' && { arguments: called.arguments }),
      },
    }),
  };
}

function usageParts(chunk: Chunk): readonly StreamPart[] {
  if (chunk.usage === null || chunk.usage === undefined) return [];
  return [{ kind: 'usage', usage: fromOpenAiUsage(chunk.usage), reported: reportedUsage(chunk.usage) }];
}

function missingFinishReasons(
  states: ReadonlyMap<number, ChoiceState>,
  context: AnswerContext,
): readonly StreamPart[] {
  return [...states]
    .filter(([, state]) => !state.finished)
    .map(([index, state]): StreamPart => {
      const finishReason: FinishReason = state.toolCalls > 0 ? 'tool_calls' : 'stop';
      return {
        kind: 'chunk',
        chunk: {
          id: context.id,
          object: 'chat.completion.chunk',
          created: context.createdSeconds,
          model: context.model,
          choices: [{ index, delta: {}, finish_reason: finishReason }],
        },
      };
    });
}
