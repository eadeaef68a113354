/**
 * Gemini's stream: whole GenerateContentResponses as `data:` lines, each with the parts that are new and the usage
 * so far; the last one has a finishReason. There is no closing event, so the end is known only when the body was
 * closed cleanly after that: `close` tells it, and a body that ends before has been cut.
 */
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { AnswerPart } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import type { ProviderFailure } from '#domain/failures/provider-failure.ts';
import { MOST_TOOL_CALLS, TOO_MANY_TOOL_CALLS } from '../answer-limits.ts';
import type { AnswerStreamReader, ProviderEvent } from '../dialect.ts';
import { parseAnswer } from '../malformed-answer.ts';
import { failure } from '../read-failure.ts';
import { toolNamesOf } from '../tool-names.ts';
import { type CandidateContent, GenerateContentAnswer, readCandidate, readEnding } from './read-content.ts';
import { readGeminiError } from './read-failure.ts';
import { usageIn } from './read-usage.ts';
import { GEMINI_TOOL_NAMES } from './write-tools.ts';

/** The second is OpenAI's end of a stream, which gateways write behind every stream. */
const NOTHING_SAID: ReadonlySet<string> = new Set(['', '[DONE]']);

export function createGeminiStreamReader(request: ChatRequest): AnswerStreamReader {
  const names = toolNamesOf(request, GEMINI_TOOL_NAMES);
  let state: 'open' | 'finished' | 'over' = 'open';
  let isStarted = false;
  let toolCalls = 0;
  let responseId: string | undefined;
  let servedModel: string | undefined;

  const fail = (told: ProviderFailure): AnswerPart => {
    state = 'over';
    return { kind: 'failure', failure: told };
  };

  const startParts = (answer: GenerateContentAnswer): readonly AnswerPart[] => {
    const before = servedModel;
    servedModel = answer.modelVersion || before;
    const served = servedModel === undefined ? {} : { servedModel };
    if (isStarted) return servedModel === before ? [] : [{ kind: 'served', ...served }];
    isStarted = true;
    responseId = answer.responseId || undefined;
    return [
      {
        kind: 'start',
        ...(responseId !== undefined && { id: responseId }),
        ...served,
      },
    ];
  };

  const contentParts = ({ text, reasoning, toolCalls: calls }: CandidateContent): readonly AnswerPart[] => {
    const first = toolCalls;
    toolCalls += calls.length;
    return [
      ...(reasoning === '' ? [] : [{ kind: 'reasoning', choice: 0, text: reasoning } as const]),
      ...(text === '' ? [] : [{ kind: 'text', choice: 0, text } as const]),
      ...calls.flatMap(({ id, name, argumentsText, signature }, position): readonly AnswerPart[] => {
        const call = first + position;
        return [
          { kind: 'toolCall', choice: 0, call, id, name, ...(signature !== undefined && { signature }) },
          { kind: 'toolArguments', choice: 0, call, text: argumentsText },
        ];
      }),
    ];
  };

  const endingParts = (
    answer: GenerateContentAnswer,
    { signature }: CandidateContent,
  ): readonly AnswerPart[] => {
    const ending = readEnding(answer, toolCalls > 0);
    if (ending.kind === 'open' || state === 'finished') return [];
    if (ending.kind === 'broken') return [fail(failure('answer_malformed', ending.problem))];
    state = 'finished';
    return [
      ...(ending.refusal === undefined
        ? []
        : [{ kind: 'refusal', choice: 0, text: ending.refusal } as const]),
      {
        kind: 'finish',
        choice: 0,
        reason: ending.reason,
        ...(signature !== undefined && {
          extensions: { dialect: 'gemini', fields: { thoughtSignature: signature } },
        }),
      },
    ];
  };

  const push = ({ data }: ProviderEvent): readonly AnswerPart[] => {
    if (state === 'over' || NOTHING_SAID.has(data.trim())) return [];
    const json = parseBoundedJson(data);
    if (!json.ok) return [fail(failure('answer_malformed', `An event of Gemini ${json.message}.`))];
    // Usage first: it is billed even where the rest is an error, after which nothing may come.
    const usage = usageIn(json.value);
    const told: readonly AnswerPart[] = usage === undefined ? [] : [{ kind: 'usage', usage }];
    const error = readGeminiError(json.value);
    if (error !== undefined) return [...told, fail(error)];
    const parsed = parseAnswer(GenerateContentAnswer, json.value);
    if (!parsed.ok) return [...told, fail(parsed.failure)];
    const start = startParts(parsed.value);
    let unnamed = toolCalls;
    const content = readCandidate(parsed.value, names, () => `${responseId ?? 'call'}-${unnamed++}`);
    if (toolCalls + content.toolCalls.length > MOST_TOOL_CALLS) {
      return [...start, ...told, fail(failure('answer_malformed', TOO_MANY_TOOL_CALLS))];
    }
    return [...start, ...told, ...contentParts(content), ...endingParts(parsed.value, content)];
  };

  const close = (): readonly AnswerPart[] => {
    const isWhole = state === 'finished';
    state = 'over';
    return isWhole ? [{ kind: 'end' }] : [];
  };

  return { push, close };
}
