/** Why a provider did not answer, whatever its dialect. */
import type { ProviderFailureCode } from './failure-codes.ts';

export interface ProviderFailure {
  readonly code: ProviderFailureCode;
  /** One sentence; never contains a key, never a prompt. */
  readonly message: string;
  /** From Retry-After or the provider's own header, when given. */
  readonly retryAfterSeconds?: number;
}
