/**
 * Puts a bounded memory in front of a TokenReviewer.
 *
 * A confirmed token is trusted for `positiveSeconds` (10) and renewed in the background after half of that, so a
 * busy caller never waits for the API server and a deleted pod is locked out after 10 seconds at the latest. A refused
 * token is remembered for `negativeSeconds` (2). Concurrent reviews of one token are one request.
 *
 * While the API server is away, a token that it had confirmed stays good until its own expiry, at most
 * `outageGraceSeconds` (600) after the last confirmation: nothing can be revoked through an API server that is
 * down, and agents must go on serving. A token never seen before gets `unavailable`.
 *
 * Away is not busy: an API server that answers "too many requests", or so many reviews under way here that another
 * must wait, revokes all the same. Reviews wait their turn in a bounded line, those of tokens that were confirmed before
 * in a line of their own, so that a flood of unknown tokens cannot hold them up; whoever finds the line full gets
 * `unavailable`, never the grace.
 *
 * Tokens are kept as SHA-256 only. Refused ones live in a memory of their own, so that a flood of rubbish cannot
 * push out the good ones; what is plainly no token for us is refused without asking.
 */
import { hash } from 'node:crypto';
import { RecentEntries } from './recent-entries.ts';
import { TOKEN_MAXIMUM_LENGTH, readTokenClaims } from './token-claims.ts';
import {
  REVIEWER_BUSY,
  type TokenReviewer,
  type TokenReviewResult as ReviewResult,
} from './token-reviewer.ts';

export interface CachingTokenReviewerOptions {
  readonly positiveSeconds?: number;
  readonly negativeSeconds?: number;
  readonly outageGraceSeconds?: number;
  /** Tokens of people are of any form and for other audiences: the reviewer is asked about them all the same. */
  readonly takesUserTokens?: boolean;
  /** Most entries of each of the two memories. */
  readonly capacity?: number;
  /** Most reviews under way in each of the two lines; twice as many may wait. */
  readonly concurrency?: number;
  readonly monotonicMilliseconds?: () => number;
  readonly epochSeconds?: () => number;
  readonly onReview?: (outcome: TokenReviewOutcome) => void;
}

export const TOKEN_REVIEW_OUTCOMES = ['cached', 'confirmed', 'refused', 'unavailable', 'graceUsed'] as const;
export type TokenReviewOutcome = (typeof TOKEN_REVIEW_OUTCOMES)[number];

interface RememberedReview<Identity> {
  readonly result: ReviewResult<Identity>;
  readonly atMilliseconds: number;
  /** From the token itself; a cached answer never outlives it. */
  readonly expiresAtEpochSeconds: number;
}

/** After a failed review, graced tokens are answered at once for so long instead of each waiting for a time-out. */
const OUTAGE_PAUSE_MILLISECONDS = 2_000;

export function cachingTokenReviewer<Identity>(
  reviewer: TokenReviewer<Identity>,
  options: CachingTokenReviewerOptions = {},
): TokenReviewer<Identity> {
  type Entry = RememberedReview<Identity>;
  type TokenReviewResult = ReviewResult<Identity>;
  const positiveMilliseconds = (options.positiveSeconds ?? 10) * 1000;
  const negativeMilliseconds = (options.negativeSeconds ?? 2) * 1000;
  const outageGraceMilliseconds = (options.outageGraceSeconds ?? 600) * 1000;
  const concurrency = options.concurrency ?? 64;
  const takesUserTokens = options.takesUserTokens ?? false;
  const monotonicMilliseconds = options.monotonicMilliseconds ?? (() => performance.now());
  const epochSeconds = options.epochSeconds ?? (() => Date.now() / 1000);
  const onReview = options.onReview ?? (() => undefined);
  const confirmed = new RecentEntries<Entry>(options.capacity ?? 10_000);
  const refused = new RecentEntries<Entry>(options.capacity ?? 10_000);
  const underWay = new Map<string, Promise<TokenReviewResult>>();
  const unknownTokens = new ReviewLine(concurrency);
  const knownTokens = new ReviewLine(concurrency);
  let pausedUntilMilliseconds = Number.NEGATIVE_INFINITY;

  const isWithin = (entry: Entry, lifetimeMilliseconds: number): boolean =>
    monotonicMilliseconds() - entry.atMilliseconds < lifetimeMilliseconds &&
    epochSeconds() < entry.expiresAtEpochSeconds;

  const graced = (key: string): TokenReviewResult | undefined => {
    const entry = confirmed.get(key);
    if (entry === undefined || !isWithin(entry, outageGraceMilliseconds)) return undefined;
    onReview('graceUsed');
    return entry.result;
  };

  const ask = async (
    key: string,
    token: string,
    audience: string,
    expiry: number,
  ): Promise<TokenReviewResult> => {
    // Without any caller's signal: the answer belongs to all who wait for it, and to the memory.
    const line = confirmed.get(key) === undefined ? unknownTokens : knownTokens;
    const result = await line.run(() => reviewer.review(token, audience));
    if (!result.ok && result.isBusy === true) {
      onReview('unavailable');
      return result;
    }
    if (!result.ok && result.reason === 'unavailable') {
      pausedUntilMilliseconds = monotonicMilliseconds() + OUTAGE_PAUSE_MILLISECONDS;
      onReview('unavailable');
      return graced(key) ?? result;
    }
    pausedUntilMilliseconds = Number.NEGATIVE_INFINITY;
    onReview(result.ok ? 'confirmed' : 'refused');
    const entry = { result, atMilliseconds: monotonicMilliseconds(), expiresAtEpochSeconds: expiry };
    (result.ok ? confirmed : refused).set(key, entry);
    (result.ok ? refused : confirmed).delete(key);
    return result;
  };

  const askOnce = (
    key: string,
    token: string,
    audience: string,
    expiry: number,
  ): Promise<TokenReviewResult> => {
    const already = underWay.get(key);
    if (already !== undefined) return already;
    const asked = ask(key, token, audience, expiry).finally(() => underWay.delete(key));
    underWay.set(key, asked);
    return asked;
  };

  const remembered = (key: string, token: string, audience: string): TokenReviewResult | undefined => {
    const entry = confirmed.get(key);
    if (entry !== undefined && isWithin(entry, positiveMilliseconds)) {
      if (!isWithin(entry, positiveMilliseconds / 2) && monotonicMilliseconds() >= pausedUntilMilliseconds) {
        void askOnce(key, token, audience, entry.expiresAtEpochSeconds);
      }
      onReview('cached');
      return entry.result;
    }
    if (entry !== undefined && monotonicMilliseconds() < pausedUntilMilliseconds) return graced(key);
    const refusal = refused.get(key);
    if (refusal === undefined || !isWithin(refusal, negativeMilliseconds)) return undefined;
    onReview('cached');
    return refusal.result;
  };

  return {
    remembered: (token, audience) => remembered(keyOf(token, audience), token, audience),
    review: async (token, audience, signal) => {
      const key = keyOf(token, audience);
      const known = remembered(key, token, audience);
      if (known !== undefined) return known;
      const claims = readTokenClaims(token);
      if (token.length > TOKEN_MAXIMUM_LENGTH || (!claims.ok && !takesUserTokens)) {
        return { ok: false, reason: 'malformed' };
      }
      const expiresAtEpochSeconds = claims.ok ? claims.expiresAtEpochSeconds : Number.POSITIVE_INFINITY;
      if (expiresAtEpochSeconds <= epochSeconds()) return { ok: false, reason: 'expired' };
      if (claims.ok && !takesUserTokens && !claims.audiences.includes(audience)) {
        return { ok: false, reason: 'wrongAudience' };
      }
      return await untilAborted(askOnce(key, token, audience, expiresAtEpochSeconds), signal);
    },
  };
}

function keyOf(token: string, audience: string): string {
  return hash('sha256', `${audience}\n${token}`, 'base64');
}

async function untilAborted<Identity>(
  review: Promise<ReviewResult<Identity>>,
  signal: AbortSignal | undefined,
): Promise<ReviewResult<Identity>> {
  if (signal === undefined) return await review;
  const { promise: aborted, resolve } = Promise.withResolvers<ReviewResult<Identity>>();
  const onAbort = (): void => resolve({ ok: false, reason: 'unavailable' });
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([review, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Runs a bounded number of reviews at a time, in the order in which they came. */
class ReviewLine {
  readonly #concurrency: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  async run<Identity>(review: () => Promise<ReviewResult<Identity>>): Promise<ReviewResult<Identity>> {
    if (this.#running < this.#concurrency) this.#running += 1;
    else if (this.#waiting.length >= 2 * this.#concurrency) return REVIEWER_BUSY;
    // Whoever ends hands its place over, so that nobody who comes later can take it.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await review();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
