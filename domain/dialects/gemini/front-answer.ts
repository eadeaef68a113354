/** Answers and refusals as Google's own clients read them. */
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { AnswerChoice, ChatAnswer, FinishReason } from '#domain/chat/chat-answer.ts';
import type { ToolCall } from '#domain/chat/chat-request.ts';
import type { Extensions } from '#domain/chat/extensions.ts';
import { type TokenUsage, totalInputTokens } from '#domain/chat/token-usage.ts';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { AnswerAnnotation, AnswerIdentity } from '../dialect.ts';

export function writeGeminiAnswer(
  answer: ChatAnswer,
  identity: AnswerIdentity,
  annotation?: AnswerAnnotation,
): string {
  return JSON.stringify({
    candidates: answer.choices.map(writeCandidate),
    ...(answer.usage !== undefined && { usageMetadata: writeUsageMetadata(answer.usage) }),
    modelVersion: answer.servedModel ?? identity.model,
    responseId: answer.id ?? identity.id,
    capataz: annotation,
  });
}

function writeCandidate({
  index,
  text,
  reasoning,
  refusal,
  toolCalls,
  finishReason,
  extensions,
}: AnswerChoice): object {
  const parts = [
    ...(reasoning ? [{ text: reasoning, thought: true }] : []),
    ...(text ? [{ text }] : []),
    ...toolCalls.map(writeFunctionCall),
    ...signatureParts(extensions),
  ];
  return { content: { role: 'model', parts }, ...ending(finishReason, refusal), index };
}

export function writeFunctionCall({ id, name, argumentsText, signature }: ToolCall): object {
  return {
    functionCall: { id, name, args: argsOf(argumentsText) },
    ...(signature !== undefined && { thoughtSignature: signature }),
  };
}

/** The format has no place for arguments that are no object: they are handed on as what they are. */
function argsOf(argumentsText: string): unknown {
  if (argumentsText.trim() === '') return {};
  const parsed = parseBoundedJson(argumentsText);
  const isObject =
    parsed.ok && typeof parsed.value === 'object' && parsed.value !== null && !Array.isArray(parsed.value);
  return isObject ? parsed.value : { unreadable_arguments: argumentsText };
}

/** The signature of the thought behind a text comes in a part of its own. */
export function signatureParts(extensions: Extensions | undefined): readonly object[] {
  const signature = extensions?.dialect === 'gemini' ? extensions.fields['thoughtSignature'] : undefined;
  return typeof signature === 'string' ? [{ text: '', thoughtSignature: signature }] : [];
}

const FINISH_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'STOP',
  tool_calls: 'STOP',
  length: 'MAX_TOKENS',
  content_filter: 'SAFETY',
};

export function ending(finishReason: FinishReason, refusal: string | undefined): object {
  return { finishReason: FINISH_REASONS[finishReason], ...(refusal && { finishMessage: refusal }) };
}

export function writeUsageMetadata(usage: TokenUsage): object {
  const prompt = totalInputTokens(usage);
  const thoughts = usage.reasoningTokens ?? 0;
  return {
    promptTokenCount: prompt,
    ...(usage.cachedInputTokens > 0 && { cachedContentTokenCount: usage.cachedInputTokens }),
    candidatesTokenCount: Math.max(0, usage.outputTokens - thoughts),
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
    totalTokenCount: prompt + usage.outputTokens,
  };
}

/** The names of google.rpc.Code that go with a status. */
const STATUS_NAMES = new Map([
  [400, 'INVALID_ARGUMENT'],
  [401, 'UNAUTHENTICATED'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [429, 'RESOURCE_EXHAUSTED'],
  [499, 'CANCELLED'],
  [500, 'INTERNAL'],
  [502, 'UNAVAILABLE'],
  [503, 'UNAVAILABLE'],
  [504, 'DEADLINE_EXCEEDED'],
]);

export function writeGeminiRefusal({ code, message, param, retryAfterSeconds }: Refusal): string {
  const { status } = FAILURES[code];
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: code,
    domain: 'capataz',
    ...(param !== undefined && { metadata: { param } }),
  };
  const retry = {
    '@type': 'type.googleapis.com/google.rpc.RetryInfo',
    retryDelay: `${retryAfterSeconds}s`,
  };
  return JSON.stringify({
    error: {
      code: status,
      message,
      status: STATUS_NAMES.get(status) ?? 'UNKNOWN',
      details: retryAfterSeconds === undefined ? [info] : [info, retry],
    },
  });
}
