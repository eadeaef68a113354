/** What of a model's failures may pass, and how long to wait before it is asked again: for cases and for votes of a judge. */

export const ATTEMPTS_MAXIMUM = 5;
const PAUSE_MILLISECONDS = 500;
const PAUSE_MAXIMUM_MILLISECONDS = 60_000;

/** What may go well a moment later. All else of a model goes wrong the same way again. */
const PASSING: ReadonlySet<string> = new Set([
  'rate_limited',
  'timed_out',
  'deadline_exceeded',
  'unavailable',
  'unreachable',
  'answer_cut',
  'seconds',
]);

export function mayPass(code: string): boolean {
  return PASSING.has(code);
}

/** `attempt` is the number of the one that failed, from 1. */
export function pauseMilliseconds(attempt: number, retryAfterSeconds: number | undefined): number {
  const wanted = (retryAfterSeconds ?? 0) * 1000 || PAUSE_MILLISECONDS * 2 ** (attempt - 1);
  return Math.min(PAUSE_MAXIMUM_MILLISECONDS, wanted);
}
