/**
 * What the passes of CanaryRollout see of outcomes. Reading goes on beside the passes, so that a ledger that is slow or away
 * holds up no command and no rollback; each pass takes what is there and, while a candidate is exposed, comes back soon.
 */
import { isDeepStrictEqual } from 'node:util';
import { objectKey } from '#adapters/kubernetes/kube-object.ts';
import type { RolloutOutcomes } from '#adapters/ledger-reader/rollout-outcomes.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import { type AnalysisStatus, JUDGE_GRID_SIZE } from '#crds/rollout-progress.ts';
import type { JudgeVerdict } from '#domain/judging/canary-judge.ts';
import { judgingRules } from '#domain/judging/metric-rules.ts';
import type { JudgedOutcome } from '#domain/judging/run-outcome.ts';
import { NO_OUTCOMES, type ObservedOutcomes } from '#domain/rollout/rollout-observation.ts';
import { samplesWanted } from '#domain/rollout/rollout-plan.ts';
import { hasBegun } from '#domain/rollout/take-outcomes.ts';
import { CandidateFollower, type FollowedCandidate } from './candidate-follower.ts';

/** A pass looks this often whether there is something new. */
const RECHECK_SECONDS = 1;
/** Between two readings of one rollout. */
const READ_MILLISECONDS = 1_000;
/** Between two writes of the status for counts alone; a verdict that changes does not wait. */
const WRITE_MILLISECONDS = 2_000;
const BACKOFF_MAXIMUM_MILLISECONDS = 30_000;
const PROBLEM_MAXIMUM_CHARACTERS = 1_024;

export interface OutcomeFeedOptions {
  readonly source: RolloutOutcomes;
  readonly now: () => Date;
  readonly onOutcome: (outcome: JudgedOutcome) => void;
  readonly onSkipped: (count: number) => void;
  /** Told once of each candidate that this process sees fail. */
  readonly onWorse: (reason: string) => void;
}

/** What the status is told: the counts with the verdict that they gave. */
interface Shown {
  readonly analysis: AnalysisStatus;
  readonly verdict: JudgeVerdict;
  readonly minSamples: number;
  readonly counted: number;
  readonly at: number;
}

interface Following {
  /** Of the candidate and the rules by which it is judged. */
  readonly identity: string;
  readonly salt: string;
  readonly candidate: FollowedCandidate;
  follower?: CandidateFollower;
  isReading: boolean;
  readAfter: number;
  failures: number;
  problem: string | undefined;
  shown: Shown | undefined;
}

export class OutcomeFeed {
  readonly #options: OutcomeFeedOptions;
  readonly #following = new Map<string, Following>();

  constructor(options: OutcomeFeedOptions) {
    this.#options = options;
  }

  forget(key: string): void {
    this.#following.delete(key);
  }

  /** At once, from what was read; begins to read what may have come since. */
  observe(rollout: CanaryRollout): ObservedOutcomes {
    const key = objectKey(rollout.metadata);
    const wanted = followedCandidate(rollout);
    if (wanted === undefined) {
      this.#following.delete(key);
      return NO_OUTCOMES;
    }
    const following = this.#followingOf(key, wanted);
    const now = this.#options.now().getTime();
    const observed = this.#show(following, samplesWanted(rollout.spec, rollout.status ?? {}), now);
    if (!following.isReading && now >= following.readAfter) void this.#read(following);
    return observed;
  }

  #followingOf(key: string, wanted: Pick<Following, 'identity' | 'salt' | 'candidate'>): Following {
    const known = this.#following.get(key);
    if (known?.identity === wanted.identity) return known;
    const following: Following = {
      ...wanted,
      isReading: false,
      readAfter: 0,
      failures: 0,
      problem: undefined,
      shown: undefined,
    };
    this.#following.set(key, following);
    return following;
  }

  #show(following: Following, minSamples: number, now: number): ObservedOutcomes {
    const { follower, salt, problem } = following;
    if (follower !== undefined) {
      following.shown = this.#next(following.shown, follower, minSamples, now);
    }
    return {
      salt,
      analysis: following.shown?.analysis,
      verdict: following.shown?.verdict ?? NO_OUTCOMES.verdict,
      problem,
      recheckSeconds: RECHECK_SECONDS,
    };
  }

  #next(shown: Shown | undefined, follower: CandidateFollower, minSamples: number, now: number): Shown {
    const { counted } = follower;
    const verdict = follower.verdict(minSamples);
    const isDue = shown !== undefined && counted !== shown.counted && now >= shown.at + WRITE_MILLISECONDS;
    const isSame =
      shown !== undefined && minSamples === shown.minSamples && isDeepStrictEqual(verdict, shown.verdict);
    if (isSame && !isDue) return shown;
    if (verdict.kind === 'Worse' && shown?.verdict.kind !== 'Worse') this.#options.onWorse(verdict.reason);
    return { analysis: follower.analysis(minSamples, new Date(now)), verdict, minSamples, counted, at: now };
  }

  async #read(following: Following): Promise<void> {
    const { source, now, onOutcome, onSkipped } = this.#options;
    following.isReading = true;
    try {
      following.follower ??= await CandidateFollower.begin(following.candidate, source, onOutcome);
      const { skipped, isEnd } = await following.follower.turn();
      if (skipped > 0) onSkipped(skipped);
      following.problem = undefined;
      following.failures = 0;
      following.readAfter = isEnd ? now().getTime() + READ_MILLISECONDS : 0;
    } catch (error) {
      following.failures += 1;
      const wait = Math.min(BACKOFF_MAXIMUM_MILLISECONDS, READ_MILLISECONDS * 2 ** (following.failures - 1));
      following.readAfter = now().getTime() + wait;
      following.problem =
        `Outcomes cannot be read from the ledger: ${error instanceof Error ? error.message : String(error)}`
          .slice(0, PROBLEM_MAXIMUM_CHARACTERS)
          .toWellFormed();
    } finally {
      following.isReading = false;
    }
  }
}

/** Another version may weigh other alternatives, and anybody edit: half of its state is none, and all is counted anew. */
function canGoOnFrom(analysis: AnalysisStatus | undefined): analysis is AnalysisStatus {
  return (
    hasBegun(analysis) &&
    analysis.startPosition <= analysis.cursor &&
    analysis.metrics.every(({ worse, notWorse }) =>
      [worse, notWorse].every(({ length }) => length === JUDGE_GRID_SIZE),
    )
  );
}

/** Undefined while nobody takes a candidate. */
function followedCandidate({
  metadata: { namespace, name, uid },
  spec,
  status,
}: CanaryRollout): Pick<Following, 'identity' | 'salt' | 'candidate'> | undefined {
  const { stable, candidate, exposure, candidateSince, analysis } = status ?? {};
  if (stable === undefined || candidate === undefined || candidateSince === undefined) return undefined;
  if (exposure === undefined || exposure.basisPoints === 0) return undefined;
  const { unit, salt } = exposure;
  return {
    salt,
    identity: JSON.stringify([
      uid,
      salt,
      candidateSince,
      unit,
      stable.digest,
      candidate.digest,
      spec.analysis,
    ]),
    candidate: {
      rollout: { namespace, name },
      unit,
      rules: judgingRules(spec.analysis),
      stableDigest: stable.digest,
      candidateDigest: candidate.digest,
      since: candidateSince,
      // One of an earlier candidate says nothing of this one.
      saved: canGoOnFrom(analysis) && analysis.since === candidateSince ? analysis : undefined,
    },
  };
}
