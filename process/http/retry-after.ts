/**
 * When a refused caller is told to come again. Whole seconds are the standard; the milliseconds, which many clients read
 * first, are spread upward: those who are refused in one moment must not come back in one.
 */
import { spread } from '#domain/routing/plan-attempt.ts';

/** A provider may say anything, and nobody waits for longer. */
const LONGEST_SECONDS = 86_400;

/** `random` yields [0, 1). */
export function retryAfterHeaders(
  seconds: number,
  random: () => number = Math.random,
): Readonly<Record<'retry-after' | 'retry-after-ms', string>> {
  const milliseconds = Math.ceil(spread(Math.min(seconds, LONGEST_SECONDS) * 1000, random));
  return { 'retry-after': String(Math.ceil(milliseconds / 1000)), 'retry-after-ms': String(milliseconds) };
}
