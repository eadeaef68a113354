/** What JSON answers and streams of Gemini have in common: parts, and how an answer ended. */
import { z } from 'zod';
import type { FinishReason } from '#domain/chat/chat-answer.ts';
import type { ToolCall } from '#domain/chat/chat-request.ts';
import { MOST_BLOCKS, MOST_CHOICES } from '../answer-limits.ts';
import type { ToolNames } from '../tool-names.ts';

const Text = z.string().nullish().catch(undefined);

const Part = z.looseObject({
  text: Text,
  thought: z.boolean().nullish().catch(undefined),
  thoughtSignature: Text,
  functionCall: z.looseObject({ id: Text, name: z.string().min(1), args: z.unknown().optional() }).nullish(),
});

const Candidate = z.looseObject({
  content: z.looseObject({ parts: z.array(Part).max(MOST_BLOCKS).nullish() }).nullish(),
  finishReason: Text,
});

export const GenerateContentAnswer = z.looseObject({
  candidates: z.array(Candidate).max(MOST_CHOICES).nullish(),
  promptFeedback: z.looseObject({ blockReason: Text }).nullish().catch(undefined),
  modelVersion: Text,
  responseId: Text,
});
export type GenerateContentAnswer = z.infer<typeof GenerateContentAnswer>;

export interface CandidateContent {
  readonly text: string;
  /** Thought that was written out, which is only where it was asked for. */
  readonly reasoning: string;
  readonly toolCalls: readonly ToolCall[];
  /** Of the thought behind the text; the one behind a call is the call's own. */
  readonly signature?: string;
}

/** `nextCallId` names calls of the models that give no ids. Parts of kinds that are not known here say nothing. */
export function readCandidate(
  answer: GenerateContentAnswer,
  names: ToolNames,
  nextCallId: () => string,
): CandidateContent {
  const parts = answer.candidates?.[0]?.content?.parts ?? [];
  const spoken = parts.filter(({ thought }) => thought !== true);
  const thoughts = parts.filter(({ thought }) => thought === true);
  const signature = spoken.findLast((part) => part.thoughtSignature && !part.functionCall)?.thoughtSignature;
  return {
    text: spoken.map(({ text }) => text ?? '').join(''),
    reasoning: thoughts.map(({ text }) => text ?? '').join(''),
    toolCalls: spoken.flatMap(({ functionCall, thoughtSignature }): readonly ToolCall[] =>
      functionCall
        ? [
            {
              id: functionCall.id || nextCallId(),
              name: names.fromProvider(functionCall.name),
              argumentsText: argumentsText(functionCall.args),
              ...(thoughtSignature && { signature: thoughtSignature }),
            },
          ]
        : [],
    ),
    ...(signature && { signature }),
  };
}

/** An object by the book; some servers write its text. */
function argumentsText(args: unknown): string {
  return typeof args === 'string' ? args || '{}' : JSON.stringify(args ?? {});
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
  'MISSING_THOUGHT_SIGNATURE',
]);

export function readEnding(answer: GenerateContentAnswer, hasCalledTools: boolean): Ending {
  const blockReason = answer.promptFeedback?.blockReason;
  if (blockReason && blockReason !== 'BLOCK_REASON_UNSPECIFIED') {
    return refused(`Gemini blocked the prompt (${word(blockReason)}).`);
  }
  const reason = answer.candidates?.[0]?.finishReason;
  if (!reason || reason === 'FINISH_REASON_UNSPECIFIED') return { kind: 'open' };
  if (reason === 'STOP') return { kind: 'finished', reason: hasCalledTools ? 'tool_calls' : 'stop' };
  if (reason === 'MAX_TOKENS' || reason === 'CONTINUATION') return { kind: 'finished', reason: 'length' };
  if (BROKEN.has(reason)) return { kind: 'broken', problem: `Gemini gave up its answer with ${reason}.` };
  return refused(`Gemini held back its answer (${word(reason)}).`);
}

function refused(refusal: string): Ending {
  return { kind: 'finished', reason: 'content_filter', refusal };
}

function word(reason: string): string {
  return reason.slice(0, 60);
}
