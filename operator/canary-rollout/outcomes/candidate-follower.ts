/**
 * Follows the outcomes of one candidate. What it holds follows from the status and the ledger alone: the candidate begins at
 * the position of the ledger at `candidateSince`; histories are those up to there; what was counted stands in
 * `status.analysis` with its cursor; and what does not (which sessions were seen, what stable did of late, which runs
 * failed) is read again from the beginning to that cursor. So an operator that is killed anywhere loses and doubles nothing.
 */
import type { AnalysisStatus } from '#crds/rollout-progress.ts';
import type { ExposureUnit } from '#crds/rollout-release.ts';
import type { ReadRollout, RolloutOutcomes } from '#adapters/ledger-reader/rollout-outcomes.ts';
import type { AgentHistory } from '#domain/judging/agent-history.ts';
import { CanaryJudge, type JudgeVerdict } from '#domain/judging/canary-judge.ts';
import { judgingPast } from '#domain/judging/judging-past.ts';
import type { JudgingRules } from '#domain/judging/metric-rules.ts';
import type { JudgedOutcome } from '#domain/judging/run-outcome.ts';

/** The clocks of operator and ledger differ. What is read too early of an earlier try of the same version is not weighed. */
const CLOCK_DIFFERENCE_MILLISECONDS = 5_000;
/** Of one turn: others wait meanwhile. */
const PAGES_PER_TURN = 20;
const NAMED_RUNS_MAXIMUM = 5;

export interface FollowedCandidate {
  readonly rollout: ReadRollout;
  readonly unit: ExposureUnit;
  readonly rules: JudgingRules;
  readonly stableDigest: string;
  readonly candidateDigest: string;
  /** When it became the candidate. */
  readonly since: string;
  /** What stands in the status; undefined while nothing was counted. */
  readonly saved: AnalysisStatus | undefined;
}

export class CandidateFollower {
  readonly #candidate: FollowedCandidate;
  readonly #source: RolloutOutcomes;
  readonly #onOutcome: (outcome: JudgedOutcome) => void;
  readonly #judge: CanaryJudge;
  readonly #startPosition: number;
  /** What stable does as well is no reason to hold up the candidate. */
  readonly #safetyEventsOfStable: Set<string>;
  readonly #failedRuns: string[] = [];
  #counted = 0;

  private constructor(
    candidate: FollowedCandidate,
    source: RolloutOutcomes,
    startPosition: number,
    histories: readonly AgentHistory[],
    onOutcome: (outcome: JudgedOutcome) => void,
  ) {
    this.#candidate = candidate;
    this.#source = source;
    this.#onOutcome = onOutcome;
    this.#startPosition = startPosition;
    this.#safetyEventsOfStable = new Set(histories.flatMap(({ safetyEvents }) => safetyEvents));
    this.#judge = new CanaryJudge(
      { ...candidate, past: judgingPast(histories) },
      candidate.saved,
      startPosition,
    );
  }

  static async begin(
    candidate: FollowedCandidate,
    source: RolloutOutcomes,
    onOutcome: (outcome: JudgedOutcome) => void,
  ): Promise<CandidateFollower> {
    const { rollout, rules, stableDigest, saved, since } = candidate;
    const earliest = new Date(Date.parse(since) - CLOCK_DIFFERENCE_MILLISECONDS);
    const startPosition = saved?.startPosition ?? (await source.positionBefore(rollout, earliest));
    const bounded = (metric: string) => rules.metrics.find((rule) => rule.metric === metric);
    const { costNanoUsd } = bounded('WithinCost') ?? {};
    const { durationMicroseconds } = bounded('WithinLatency') ?? {};
    const histories = await source.histories(rollout, stableDigest, startPosition, {
      feedbackMetric: bounded('Feedback')?.feedbackMetric ?? 'helpful',
      ...(costNanoUsd !== undefined && { costNanoUsd }),
      ...(durationMicroseconds !== undefined && { durationMicroseconds }),
    });
    const follower = new CandidateFollower(candidate, source, startPosition, histories, onOutcome);
    await follower.#remember();
    return follower;
  }

  /** How many outcomes were counted since it began. */
  get counted(): number {
    return this.#counted;
  }

  /** Counts what came since. `isEnd`: that was all. */
  async turn(): Promise<{ readonly skipped: number; readonly isEnd: boolean }> {
    let skipped = 0;
    for (let pages = 0; pages < PAGES_PER_TURN; pages += 1) {
      const page = await this.#source.outcomesAfter(this.#candidate.rollout, this.#judge.cursor);
      for (const outcome of page.outcomes) {
        if (this.#isWeighed(outcome)) {
          this.#judge.count(outcome);
          this.#onOutcome(outcome);
          this.#counted += 1;
        }
      }
      skipped += page.skipped;
      this.#judge.advanceTo(page.position);
      if (page.isEnd) return { skipped, isEnd: true };
    }
    return { skipped, isEnd: false };
  }

  analysis(minSamples: number, now: Date): AnalysisStatus {
    const { since } = this.#candidate;
    const elapsedSeconds = Math.max(0, (now.getTime() - Date.parse(since)) / 1000);
    return this.#judge.status({ startPosition: this.#startPosition, since }, minSamples, elapsedSeconds);
  }

  /** Whoever is to be convinced finds the runs: `capataz trace RUN`. */
  verdict(minSamples: number): JudgeVerdict {
    const verdict = this.#judge.verdict(minSamples);
    if (verdict.kind !== 'Worse' || this.#failedRuns.length === 0) return verdict;
    const runs = this.#failedRuns.join(', ');
    return {
      ...verdict,
      message: `${verdict.message} Runs of the candidate that failed (capataz trace RUN): ${runs}.`,
    };
  }

  async #remember(): Promise<void> {
    let position = this.#startPosition;
    while (position < this.#judge.cursor) {
      const page = await this.#source.outcomesAfter(this.#candidate.rollout, position);
      for (const outcome of page.outcomes) {
        if (outcome.position > this.#judge.cursor) return;
        if (this.#isWeighed(outcome)) this.#judge.remember(outcome);
      }
      if (page.isEnd) return;
      position = page.position;
    }
  }

  /**
   * In the order of the ledger, each once. A version that is tried again (a retry, a resume after a drift) may have runs
   * on their way since the try before: whoever tries again asks what it does from now on.
   */
  #isWeighed(outcome: JudgedOutcome): boolean {
    const { stableDigest, candidateDigest, since } = this.#candidate;
    const isCandidate = outcome.arm === 'candidate' && outcome.digest === candidateDigest;
    if (isCandidate && beganAtMicroseconds(outcome) < Date.parse(since) * 1000) return false;
    if (isCandidate && isFailure(outcome) && !this.#failedRuns.includes(outcome.runId)) {
      this.#failedRuns.push(outcome.runId);
      if (this.#failedRuns.length > NAMED_RUNS_MAXIMUM) this.#failedRuns.shift();
    }
    if (outcome.kind !== 'safety') return true;
    if (outcome.arm === 'stable' && outcome.digest === stableDigest) {
      this.#safetyEventsOfStable.add(outcome.event);
    }
    return !this.#safetyEventsOfStable.has(outcome.event);
  }
}

/**
 * Of its run: feedback may come days later. An older ledger does not say it, and where the beginning of a run was lost, any
 * ledger says when it first heard of it; what the outcome itself says goes before that.
 */
function beganAtMicroseconds(outcome: JudgedOutcome): number {
  const { runBeganAtMicroseconds = Infinity, atMicroseconds } = outcome;
  const latest = atMicroseconds - (outcome.kind === 'run' ? outcome.durationMicroseconds : 0);
  return Math.min(runBeganAtMicroseconds, latest);
}

function isFailure(outcome: JudgedOutcome): boolean {
  if (outcome.kind === 'run') return !outcome.hasSucceeded || outcome.isSchemaValid === false;
  return outcome.kind === 'safety' || !outcome.isGood;
}
