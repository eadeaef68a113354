/** What a pass over one object ends with when nothing failed. A failure is thrown, and the pass is tried again. */
export type Outcome =
  | { readonly kind: 'awaitChange' }
  | { readonly kind: 'recheckAfter'; readonly seconds: number };

export const AWAIT_CHANGE: Outcome = { kind: 'awaitChange' };

export function recheckAfter(seconds: number): Outcome {
  return { kind: 'recheckAfter', seconds };
}
