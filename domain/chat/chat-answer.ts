/** A model's answer in words of our own: whole, or as the parts of a stream. */
import type { ProviderFailure } from '#domain/failures/provider-failure.ts';
import type { ToolCall } from './chat-request.ts';
import type { Extensions } from './extensions.ts';
import type { TokenUsage } from './token-usage.ts';

export const FINISH_REASONS = ['stop', 'length', 'tool_calls', 'content_filter'] as const;
export type FinishReason = (typeof FINISH_REASONS)[number];

/** Who answers, in the provider's own words. When either changes though nobody changed anything here, the model may have. */
export interface ServedBy {
  /** The model that the provider says has answered. */
  readonly servedModel?: string;
  /** The provider's mark of the model together with all that it runs on: OpenAI's `system_fingerprint`. */
  readonly fingerprint?: string;
}

export interface ChatAnswer extends ServedBy {
  /** The provider's own id of the answer, where it gives one. */
  readonly id?: string;
  readonly createdSeconds?: number;
  /** At least one. */
  readonly choices: readonly AnswerChoice[];
  /** Absent when the provider did not tell. */
  readonly usage?: TokenUsage;
  readonly extensions?: Extensions;
}

export interface AnswerChoice {
  readonly index: number;
  /** Null when there is no text. Written-out thought is never part of it. */
  readonly text: string | null;
  readonly reasoning?: string;
  /** What the provider wants back with `reasoning` in a later turn, unchanged: `Reasoning.signature`. */
  readonly reasoningSignature?: string;
  readonly refusal?: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
  readonly extensions?: Extensions;
}

/**
 * One step of a streamed answer. A stream is: `start`? (`text` | `reasoning` | `refusal` | `toolCall` | `toolArguments` |
 * `finish` | `usage` | `served`)* and then exactly one of `end` and `failure`, which is the last part. `end` is the provider's word
 * that the answer is complete: a stream that stops without it was cut and must never look like a clean end.
 *
 * `call` counts the tool calls of one choice from 0; `toolCall` opens one before its first `toolArguments`. Usage is
 * cumulative: the last one counts.
 */
export type AnswerPart =
  | ({
      readonly kind: 'start';
      readonly id?: string;
      readonly createdSeconds?: number;
    } & ServedBy)
  /** What `start` did not tell yet, or what has changed since: the last word counts. */
  | ({ readonly kind: 'served' } & ServedBy)
  | {
      readonly kind: 'text';
      readonly choice: number;
      readonly text: string;
      readonly extensions?: Extensions;
    }
  /** The last signature of a choice counts; it may come with an empty text. */
  | {
      readonly kind: 'reasoning';
      readonly choice: number;
      readonly text: string;
      readonly signature?: string;
    }
  | { readonly kind: 'refusal'; readonly choice: number; readonly text: string }
  | {
      readonly kind: 'toolCall';
      readonly choice: number;
      readonly call: number;
      readonly id: string;
      readonly name: string;
      readonly signature?: string;
    }
  | { readonly kind: 'toolArguments'; readonly choice: number; readonly call: number; readonly text: string }
  | {
      readonly kind: 'finish';
      readonly choice: number;
      readonly reason: FinishReason;
      readonly extensions?: Extensions;
    }
  | { readonly kind: 'usage'; readonly usage: TokenUsage }
  | { readonly kind: 'failure'; readonly failure: ProviderFailure }
  | { readonly kind: 'end' };
