/**
 * Gemini's stream: whole GenerateContentResponses as `data:` lines, each with the parts that are new and the usage
 * so far; the last one has a finishReason. There is no closing event, so the end is known only when the body was
 * closed cleanly after that: `close` tells it, and a body that ends before has been cut.
 */
import type { AnswerContext, ProviderEvent, StreamPart, StreamTranslator } from './dialect.ts';
import {
  type CandidateContent,
  type Ending,
  GenerateContentAnswer,
  fromUsageMetadata,
  readCandidate,
  readEnding,
} from './gemini-answer.ts';
import { parseGeminiStreamError } from './gemini-failure.ts';
import { parseAnswer } from './malformed-answer.ts';
import type { ChatCompletionChunk, FinishReason } from './openai-chat.ts';
import { toOpenAiUsage } from './openai-usage.ts';
import { failure, parseJson } from './provider-failure.ts';

type Delta = ChatCompletionChunk['choices'][number]['delta'];

export function createGeminiStreamTranslator(context: AnswerContext): StreamTranslator {
  let state: 'open' | 'finished' | 'over' = 'open';
  let started = false;
  let toolCalls = 0;

  const fail = (error: ReturnType<typeof failure>): StreamPart => {
    state = 'over';
    return { kind: 'error', error };
  };

  const contentParts = (answer: GenerateContentAnswer, content: CandidateContent): readonly StreamPart[] => {
    const first = toolCalls;
    toolCalls += content.toolCalls.length;
    const calls = content.toolCalls.map((call, position) => ({ ...call, index: first + position }));
    if (started && content.text === '' && calls.length === 0) return [];
    const delta: Delta = {
      ...(!started && { role: 'assistant' }),
      ...((content.text !== '' || !started) && { content: content.text }),
      ...(calls.length > 0 && { tool_calls: calls }),
    };
    started = true;
    return [chunkPart(context, answer, delta)];
  };

  const endingParts = (answer: GenerateContentAnswer, ending: Ending): readonly StreamPart[] => {
    if (ending.kind === 'open' || state === 'finished') return [];
    if (ending.kind === 'broken') return [fail(failure('malformed', ending.problem))];
    state = 'finished';
    const delta: Delta = ending.refusal === undefined ? {} : { refusal: ending.refusal };
    return [chunkPart(context, answer, delta, ending.reason)];
  };

  const push = ({ data }: ProviderEvent): readonly StreamPart[] => {
    if (state === 'over' || data.trim() === '') return [];
    const json = parseJson(data);
    if (typeof json === 'object' && json !== null && 'error' in json) {
      return [fail(parseGeminiStreamError(json))];
    }
    const parsed = parseAnswer('Gemini', GenerateContentAnswer, json);
    if (!parsed.ok) return [fail(failure('malformed', parsed.problem))];
    const answer = parsed.value;
    let unnamed = toolCalls;
    const content = readCandidate(answer, () => `${context.id}-${unnamed++}`);
    const parts = contentParts(answer, content);
    // Usage before the ending: it is billed even where the ending is an error, after which nothing may come.
    return [...parts, ...usageParts(answer), ...endingParts(answer, readEnding(answer, toolCalls > 0))];
  };

  const close = (): readonly StreamPart[] => {
    const finished = state === 'finished';
    state = 'over';
    return finished ? [{ kind: 'end' }] : [];
  };

  return { push, close };
}

function usageParts({ usageMetadata }: GenerateContentAnswer): readonly StreamPart[] {
  if (!usageMetadata) return [];
  const usage = fromUsageMetadata(usageMetadata);
  const reported = toOpenAiUsage(usage, usageMetadata.thoughtsTokenCount ?? undefined);
  return [{ kind: 'usage', usage, reported }];
}

function chunkPart(
  context: AnswerContext,
  answer: GenerateContentAnswer,
  delta: Delta,
  finishReason: FinishReason | null = null,
): StreamPart {
  return {
    kind: 'chunk',
    chunk: {
      id: answer.responseId || context.id,
      object: 'chat.completion.chunk',
      created: context.createdSeconds,
      model: answer.modelVersion || context.model,
      choices: [{ index: 0, delta, finish_reason: finishReason }],
    },
  };
}
