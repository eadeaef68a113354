/** Thrown where a request can go no further; the application answers it. */
import type { Refusal } from '#domain/failures/refusal.ts';

export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}
