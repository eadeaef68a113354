/** What JSON answers and streams of Gemini have in common: parts, finish reasons, usage. */
import { z } from 'zod';
import type { FinishReason, ToolCall } from './openai-chat.ts';
import type { TokenUsage } from './token-usage.ts';

const Count = z.int().nonnegative();

const Part = z.looseObject({
  text: z.string().nullish(),
  thought: z.boolean().nullish(),
  thoughtSignature: z.string().nullish(),
  functionCall: z
    .looseObject({
      id: z.string().nullish(),
      name: z.string().min(1),
      args: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
});

const Candidate = z.looseObject({
  content: z.looseObject({ parts: z.array(Part).nullish() }).nullish(),
  finishReason: z.string().nullish(),
  finishMessage: z.string().nullish(),
});

/** Counts of zero are left out on the wire, as all zeros of protobuf are. */
const UsageMetadata = z.looseObject({
  promptTokenCount: Count.nullish(),
  cachedContentTokenCount: Count.nullish(),
  candidatesTokenCount: Count.nullish(),
  thoughtsTokenCount: Count.nullish(),
  toolUsePromptTokenCount: Count.nullish(),
});
type UsageMetadata = z.infer<typeof UsageMetadata>;

export const GenerateContentAnswer = z.looseObject({
  candidates: z.array(Candidate).nullish(),
  promptFeedback: z.looseObject({ blockReason: z.string().nullish() }).nullish(),
  usageMetadata: UsageMetadata.nullish(),
  modelVersion: z.string().nullish(),
  responseId: z.string().nullish(),
});
export type GenerateContentAnswer = z.infer<typeof GenerateContentAnswer>;

/** promptTokenCount contains the cached tokens; candidatesTokenCount does not contain the thoughts, which cost the same. */
export function fromUsageMetadata(usage: UsageMetadata): TokenUsage {
  const promptTokens = usage.promptTokenCount ?? 0;
  const cachedInputTokens = Math.min(usage.cachedContentTokenCount ?? 0, promptTokens);
  return {
    inputTokens: promptTokens - cachedInputTokens + (usage.toolUsePromptTokenCount ?? 0),
    cachedInputTokens,
    cacheWriteTokens: 0,
    outputTokens: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
  };
}

export interface CandidateContent {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
}

/** `nextCallId` names calls of the models that give no ids. Thoughts and parts we cannot carry are passed over. */
export function readCandidate(answer: GenerateContentAnswer, nextCallId: () => string): CandidateContent {
  const parts = answer.candidates?.[0]?.content?.parts ?? [];
  const spoken = parts.filter(({ thought }) => thought !== true);
  return {
    text: spoken.map(({ text }) => text ?? '').join(''),
    toolCalls: spoken.flatMap(({ functionCall, thoughtSignature }): readonly ToolCall[] =>
      functionCall
        ? [
            {
              id: functionCall.id || nextCallId(),
              type: 'function',
              function: { name: functionCall.name, arguments: JSON.stringify(functionCall.args ?? {}) },
              ...(thoughtSignature && {
                extra_content: { google: { thought_signature: thoughtSignature } },
              }),
            },
          ]
        : [],
    ),
  };
}

/**
 * How an answer ended. `broken` are ends at which Gemini itself could not read what its model wrote: nothing in
 * such an answer can be used, though its tokens are billed.
 */
export type Ending =
  | { readonly kind: 'open' }
  | { readonly kind: 'finished'; readonly reason: FinishReason; readonly refusal?: string }
  | { readonly kind: 'broken'; readonly problem: string };

const BROKEN = new Set([
  'MALFORMED_FUNCTION_CALL',
  'MALFORMED_RESPONSE',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
]);

export function readEnding(answer: GenerateContentAnswer, calledTools: boolean): Ending {
  const blockReason = answer.promptFeedback?.blockReason;
  if (blockReason) return refused(`Gemini blocked the prompt (${blockReason}).`);
  const reason = answer.candidates?.[0]?.finishReason;
  if (!reason || reason === 'FINISH_REASON_UNSPECIFIED') return { kind: 'open' };
  if (reason === 'STOP') return { kind: 'finished', reason: calledTools ? 'tool_calls' : 'stop' };
  if (reason === 'MAX_TOKENS' || reason === 'CONTINUATION') return { kind: 'finished', reason: 'length' };
  if (BROKEN.has(reason)) return { kind: 'broken', problem: `Gemini gave up its answer with ${reason}.` };
  return refused(`Gemini held back its answer (${reason}).`);
}

function refused(refusal: string): Ending {
  return { kind: 'finished', reason: 'content_filter', refusal };
}
