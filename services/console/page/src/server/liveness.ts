/** How current the page is. Pure. */

export type Liveness =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** The stream is heard, and what it is made of is not current: one sentence of the server's. */
  | { readonly kind: 'behind'; readonly problem: string }
  | { readonly kind: 'stale'; readonly sinceMilliseconds: number };

const STALE_AFTER_MILLISECONDS = 15_000;
const [SHORTEST_DELAY, LONGEST_DELAY] = [500, 8000];

/** `heardAt`: when the stream was heard last, or opened. `last`: what it said then. */
export function livenessOf(
  heardAt: number,
  now: number,
  last: { readonly problem: string | null } | undefined,
): Liveness {
  if (now - heardAt > STALE_AFTER_MILLISECONDS) return { kind: 'stale', sinceMilliseconds: heardAt };
  if (last === undefined) return { kind: 'connecting' };
  return last.problem === null ? { kind: 'live' } : { kind: 'behind', problem: last.problem };
}

/** Doubles with each failure; `chance` from 0 to 1 keeps fifty tabs from coming back at once. */
export function reconnectDelay(failures: number, chance: number): number {
  const whole = Math.min(LONGEST_DELAY, SHORTEST_DELAY * 2 ** failures);
  return whole * (0.5 + chance / 2);
}
