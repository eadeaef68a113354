/** Gemini's whole answer. */
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { AnswerChoice, ChatAnswer } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { MOST_TOOL_CALLS, TOO_MANY_TOOL_CALLS } from '../answer-limits.ts';
import type { Read } from '../dialect.ts';
import { malformed, parseAnswer } from '../malformed-answer.ts';
import { toolNamesOf } from '../tool-names.ts';
import {
  type CandidateContent,
  type Ending,
  GenerateContentAnswer,
  readCandidate,
  readEnding,
} from './read-content.ts';
import { readGeminiError } from './read-failure.ts';
import { usageIn } from './read-usage.ts';
import { GEMINI_TOOL_NAMES } from './write-tools.ts';

export function readGeminiChatAnswer(body: string, request: ChatRequest): Read<ChatAnswer> {
  const json = parseBoundedJson(body);
  if (!json.ok) return malformed(`The answer of Gemini ${json.message}.`);
  // What was billed is billed, also for an answer that is of no use.
  const usage = usageIn(json.value);
  const failure = readGeminiError(json.value);
  if (failure !== undefined) return { ok: false, failure, ...(usage && { usage }) };
  const parsed = parseAnswer(GenerateContentAnswer, json.value);
  if (!parsed.ok) return { ...parsed, ...(usage && { usage }) };
  const answer = parsed.value;
  let unnamed = 0;
  const nextCallId = (): string => `${answer.responseId || 'call'}-${unnamed++}`;
  const content = readCandidate(answer, toolNamesOf(request, GEMINI_TOOL_NAMES), nextCallId);
  if (content.toolCalls.length > MOST_TOOL_CALLS) return malformed(TOO_MANY_TOOL_CALLS, usage);
  const ending = readEnding(answer, content.toolCalls.length > 0);
  if (ending.kind === 'broken') return malformed(ending.problem, usage);
  const isSilent = content.text === '' && content.toolCalls.length === 0;
  if (ending.kind === 'open' && isSilent) {
    return malformed('The answer of Gemini has neither content nor a finishReason.', usage);
  }
  return {
    ok: true,
    value: {
      ...(answer.responseId && { id: answer.responseId }),
      ...(answer.modelVersion && { servedModel: answer.modelVersion }),
      choices: [choiceOf(content, ending)],
      ...(usage && { usage }),
    },
  };
}

function choiceOf(content: CandidateContent, ending: Ending): AnswerChoice {
  const { text, reasoning, toolCalls, signature } = content;
  const finished = ending.kind === 'finished' ? ending : undefined;
  return {
    index: 0,
    text: text === '' && toolCalls.length > 0 ? null : text,
    ...(reasoning !== '' && { reasoning }),
    ...(finished?.refusal !== undefined && { refusal: finished.refusal }),
    toolCalls,
    finishReason: finished?.reason ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop'),
    ...(signature !== undefined && {
      extensions: { dialect: 'gemini', fields: { thoughtSignature: signature } },
    }),
  };
}
