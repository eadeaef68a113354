/** Outcomes as the ledger would tell them, by a seed. */
import type { ExposureUnit, RolloutAnalysis } from '#crds/rollout-release.ts';
import { CanaryJudge, type JudgingPlan } from '../canary-judge.ts';
import { historyOf } from '../agent-history.ts';
import { type JudgingPast, judgingPast } from '../judging-past.ts';
import { judgingRules } from '../metric-rules.ts';
import type { FeedbackOutcome, JudgedOutcome, RunOutcome, SafetyOutcome } from '../run-outcome.ts';

export const STABLE_DIGEST = 'a'.repeat(64);
export const CANDIDATE_DIGEST = 'b'.repeat(64);
export const NO_PAST: JudgingPast = judgingPast([]);
const BEGIN_MICROSECONDS = 1_767_614_400_000_000;

/** Mulberry32: whole numbers alone, so that it is the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Makes outcomes with positions that grow. */
export class OutcomeWriter {
  #position: number;

  constructor(position = 1000) {
    this.#position = position;
  }

  run(arm: RunOutcome['arm'], hasSucceeded: boolean, rest: Partial<RunOutcome> = {}): RunOutcome {
    return {
      kind: 'run',
      hasSucceeded,
      durationMicroseconds: 1_000_000,
      ...this.#of(arm),
      ...rest,
    };
  }

  feedback(arm: RunOutcome['arm'], isGood: boolean, rest: Partial<FeedbackOutcome> = {}): FeedbackOutcome {
    return { kind: 'feedback', metric: 'helpful', isGood, ...this.#of(arm), ...rest };
  }

  safety(arm: RunOutcome['arm']): SafetyOutcome {
    return { kind: 'safety', event: 'prompt_injection', ...this.#of(arm) };
  }

  #of(
    arm: RunOutcome['arm'],
  ): Pick<RunOutcome, 'position' | 'atMicroseconds' | 'runId' | 'agentUid' | 'arm' | 'digest'> {
    this.#position += 1;
    return {
      position: this.#position,
      atMicroseconds: BEGIN_MICROSECONDS + this.#position * 1_000_000,
      runId: `run-${this.#position}`,
      agentUid: 'agent-0',
      arm,
      digest: arm === 'candidate' ? CANDIDATE_DIGEST : STABLE_DIGEST,
    };
  }
}

export function planOf(
  unit: ExposureUnit = 'Session',
  analysis: RolloutAnalysis = { metrics: [{ metric: 'RunSucceeded' }] },
  past: JudgingPast = NO_PAST,
): JudgingPlan {
  return {
    unit,
    rules: judgingRules(analysis),
    stableDigest: STABLE_DIGEST,
    candidateDigest: CANDIDATE_DIGEST,
    past,
  };
}

export function judgeOf(plan: JudgingPlan): CanaryJudge {
  return new CanaryJudge(plan, undefined, 1000);
}

/** So many outcomes of each agent on stable, before position 1000. */
export function pastOf(
  agents: readonly { readonly uid: string; readonly good: number; readonly bad: number }[],
): JudgingPast {
  const writer = new OutcomeWriter(0);
  return judgingPast(
    agents.map(({ uid, good, bad }) =>
      historyOf(
        uid,
        Array.from({ length: good + bad }, (_, index) =>
          writer.run('stable', index < good, { agentUid: uid, isSchemaValid: index < good }),
        ),
        { feedbackMetric: 'helpful' },
      ),
    ),
  );
}

export function countAll(judge: CanaryJudge, outcomes: Iterable<JudgedOutcome>): CanaryJudge {
  for (const outcome of outcomes) judge.count(outcome);
  return judge;
}
