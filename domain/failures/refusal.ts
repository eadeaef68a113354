/** What a caller is told instead of an answer: one code, one sentence. Its dialect gives it a shape. */
import type { FailureCode } from './failure-codes.ts';

export interface Refusal {
  readonly code: FailureCode;
  /** One sentence: what, where and how to mend it. */
  readonly message: string;
  /** The field of the request that is to blame, where one is: `messages.3.content`. */
  readonly param?: string;
  readonly retryAfterSeconds?: number;
}
