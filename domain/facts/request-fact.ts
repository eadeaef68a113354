/** RequestFact: how one request ended, after all its attempts. Every request that was routed yields exactly one. */
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type { FailureCode } from '#domain/failures/failure-codes.ts';
import type { UsageSource } from '#domain/pricing/charge-attempt.ts';
import type { CallContext } from './call-context.ts';

/** From the caller's point of view. `refused` without asking anybody, `cut` after the answer had begun. */
export const REQUEST_OUTCOMES = ['answered', 'failed', 'refused', 'cut', 'cancelled'] as const;
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];

export interface RequestFact extends CallContext {
  readonly kind: 'request';
  readonly outcome: RequestOutcome;
  /** HTTP status of the answer. */
  readonly status: number;
  readonly failureCode?: FailureCode;
  readonly attempts: number;
  /** The Model object that answered, or that was asked last. */
  readonly model?: string;
  /** In which order Models were to be asked and why others were not. */
  readonly decision: string;
  readonly startedAtEpochMilliseconds: number;
  readonly durationMilliseconds: number;
  /** From the start of the request to the first content; streams only. */
  readonly firstTokenMilliseconds?: number;
  /** Sums over all attempts. */
  readonly usage?: TokenUsage;
  readonly usageSource: UsageSource;
  readonly costNanoUsd: number | null;
}
