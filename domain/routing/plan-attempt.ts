/**
 * After each failure: ask whom next, and when? A target that has not been asked comes first, for going elsewhere is
 * quicker than waiting; a second attempt at the same target comes last, after a pause, within the retry budget. No
 * target is asked more than twice, and nothing starts that could not start before the deadline.
 */
import { type AttemptFailure, retryScope } from './attempt-failure.ts';
import type { Candidate } from './choose-models.ts';

export const ATTEMPTS_PER_TARGET = 2;
/** Nobody is kept waiting longer than this for a target to come back; he is told to come again instead. */
export const LONGEST_PAUSE_MILLISECONDS = 10_000;
const FIRST_PAUSE_MILLISECONDS = 200;

export interface TargetProgress {
  readonly candidate: Candidate;
  readonly attempts: number;
  readonly lastFailure?: AttemptFailure;
  /** When this target may be asked, by the same clock as `now`. */
  readonly notBefore: number;
}

export type NextAttempt =
  | {
      readonly kind: 'ask';
      readonly index: number;
      readonly waitMilliseconds: number;
      readonly isRetry: boolean;
    }
  | { readonly kind: 'giveUp' };

export function planAttempt(
  targets: readonly TargetProgress[],
  now: number,
  deadline: number,
  takeRetry: () => boolean,
): NextAttempt {
  const open = openTargets(targets);
  const soonest = (indices: readonly number[]): { index: number; waitMilliseconds: number } | undefined =>
    indices
      .map((index) => ({ index, waitMilliseconds: Math.max(0, (targets[index]?.notBefore ?? 0) - now) }))
      .filter(({ waitMilliseconds: wait }) => wait <= LONGEST_PAUSE_MILLISECONDS && now + wait < deadline)
      .toSorted((one, other) => one.waitMilliseconds - other.waitMilliseconds || one.index - other.index)[0];
  const fresh = soonest(open.fresh);
  const again = soonest(open.again);
  const isFreshFirst =
    fresh !== undefined && (again === undefined || fresh.waitMilliseconds <= again.waitMilliseconds);
  if (again !== undefined && !isFreshFirst && takeRetry()) return { kind: 'ask', ...again, isRetry: true };
  return fresh === undefined ? { kind: 'giveUp' } : { kind: 'ask', ...fresh, isRetry: false };
}

/** Positions of the targets that may still help: never asked, and asked but worth another attempt. */
function openTargets(targets: readonly TargetProgress[]): {
  readonly fresh: readonly number[];
  readonly again: readonly number[];
} {
  const scopes = targets.map(({ lastFailure }) => lastFailure && retryScope(lastFailure));
  if (scopes.includes('nowhere')) return { fresh: [], again: [] };
  const refusing = new Set(
    targets
      .filter((_target, index) => scopes[index] === 'otherProvider')
      .map(({ candidate }) => candidate.model.endpoint),
  );
  const contexts = targets.map(({ candidate }) => candidate.model.contextTokens ?? 0);
  const tooSmall = Math.max(-1, ...contexts.filter((_tokens, index) => scopes[index] === 'largerContext'));
  const fits = (index: number): boolean =>
    (contexts[index] ?? 0) > tooSmall && !refusing.has(targets[index]?.candidate.model.endpoint ?? '');
  const all = targets.keys().toArray().filter(fits);
  return {
    fresh: all.filter((index) => targets[index]?.attempts === 0),
    again: all.filter(
      (index) => scopes[index] === 'anywhere' && (targets[index]?.attempts ?? 0) < ATTEMPTS_PER_TARGET,
    ),
  };
}

/** The pause before the same target is asked again: at least what it asked for, else full jitter. */
export function pauseMilliseconds(failure: AttemptFailure, random: () => number): number {
  if (failure.retryAfterSeconds !== undefined) return spread(failure.retryAfterSeconds * 1000, random);
  return random() * FIRST_PAUSE_MILLISECONDS;
}

/**
 * A wait that ends at a moment of its own: all who were told the same time would otherwise come back in the same instant.
 * Never shorter than what was told, at most half as long again, or half a second where that is more.
 */
export function spread(milliseconds: number, random: () => number): number {
  return milliseconds + random() * Math.max(milliseconds * SPREAD_SHARE, SHORTEST_SPREAD_MILLISECONDS);
}

const SPREAD_SHARE = 0.5;
const SHORTEST_SPREAD_MILLISECONDS = 500;
