/** A rollout as its tests see it: what was observed is set, and passes are made as the operator makes them. */
import type { CanaryRolloutSpec } from '#crds/canary-rollout.ts';
import type { AnalysisStatus, GateStatus, MetricStatus } from '#crds/rollout-progress.ts';
import type { RolloutStep } from '#crds/rollout-release.ts';
import type { JudgeVerdict } from '#domain/judging/canary-judge.ts';
import { type Advance, advanceRollout } from '../advance-rollout.ts';
import type { RolloutCommand } from '../rollout-command.ts';
import {
  NO_OUTCOMES,
  type RolloutDecision,
  type RolloutObservation,
  type RolloutProgress,
  type Version,
} from '../rollout-observation.ts';

export const MONDAY_NOON = new Date('2026-01-05T12:00:00Z');
/** Of a document that changes then for the first time: the milliseconds since 1970. */
export const FIRST_REVISION = MONDAY_NOON.getTime();
const LONGEST_RUN = 40;

/** v0, v1 and so on, each with a digest of its own. */
export function version(number: number): Version {
  return { name: `v${number}`, digest: number.toString(16).padStart(64, '0') };
}

export function uids(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `agent-${index}`);
}

export const CANARY_STEPS: readonly RolloutStep[] = [
  { setExposure: { percent: '1' } },
  { analyse: { minSamples: 250, maximumSeconds: 3600 } },
  { setExposure: { percent: '100' } },
  { bake: { seconds: 600 } },
];

export class RolloutScene {
  spec: CanaryRolloutSpec;
  progress: RolloutProgress = {};
  wanted: Version | undefined;
  agentUids: readonly string[] = uids(300);
  verdict: JudgeVerdict = { kind: 'Undecided' };
  analysis: AnalysisStatus | undefined;
  /** Whose outcomes these are; those of the present candidate when undefined. */
  salt: string | undefined;
  problem: string | undefined;
  environmentDrift: string | undefined;
  gate: GateStatus | undefined;
  command: RolloutObservation['command'];
  rollbackTarget: Version | undefined;
  storedRevision = 0;
  now = MONDAY_NOON;
  readonly decisions: RolloutDecision[] = [];
  #salts = 0;
  #commands = 0;

  constructor(steps: readonly RolloutStep[] = [], spec: Partial<CanaryRolloutSpec> = {}) {
    this.spec = { prompt: 'p', versionRef: { name: 'v0' }, steps: [...steps], ...spec };
  }

  /** With version 0 stable, and version 1 wanted. */
  static releasing(
    steps: readonly RolloutStep[] = CANARY_STEPS,
    spec: Partial<CanaryRolloutSpec> = {},
  ): RolloutScene {
    const scene = new RolloutScene(steps, spec);
    scene.progress = { stable: version(0), revision: FIRST_REVISION, phase: 'Idle' };
    scene.want(1);
    return scene;
  }

  want(number: number | undefined): this {
    this.wanted = number === undefined ? undefined : version(number);
    if (number !== undefined) this.spec = { ...this.spec, versionRef: { name: `v${number}` } };
    return this;
  }

  observe(): RolloutObservation {
    return {
      spec: this.spec,
      before: this.progress,
      wanted: this.wanted,
      agentUids: this.agentUids,
      outcomes: {
        ...NO_OUTCOMES,
        salt: this.salt ?? this.progress.exposure?.salt,
        analysis: this.analysis,
        verdict: this.verdict,
        problem: this.problem,
      },
      environmentDrift: this.environmentDrift,
      gate: this.gate,
      command: this.command,
      rollbackTarget: this.rollbackTarget,
      storedRevision: this.storedRevision,
      freshSalt: `salt-${this.#salts}`,
      now: this.now,
    };
  }

  /** One pass, and what it decides is written. */
  pass(): Advance {
    const advance = advanceRollout(this.observe());
    this.#salts += 1;
    this.progress = advance.progress;
    if (advance.decision !== undefined) this.decisions.push(advance.decision);
    return advance;
  }

  /** Passes until nothing is decided any more, as writes of the status wake the next one. */
  run(): Advance {
    for (let pass = 0; pass < LONGEST_RUN; pass += 1) {
      const advance = this.pass();
      if (advance.decision === undefined) return advance;
    }
    throw new Error(`It decides without end: ${this.kinds().slice(-6).join(', ')}`);
  }

  later(seconds: number): this {
    this.now = new Date(this.now.getTime() + seconds * 1000);
    return this;
  }

  ask(command: Omit<RolloutCommand, 'id'> & { readonly id?: string }): Advance {
    this.#commands += 1;
    this.command = { ok: true, command: { id: `c${this.#commands}`, ...command } };
    return this.pass();
  }

  /** So many good and bad outcomes of the candidate. */
  outcomes(good: number, bad: number, verdict: JudgeVerdict = { kind: 'Undecided' }): this {
    const since = this.progress.candidateSince ?? MONDAY_NOON.toISOString();
    this.analysis = { ...analysisOf(good, bad, (this.analysis?.cursor ?? 0) + good + bad), since };
    this.verdict = verdict;
    return this;
  }

  kinds(): readonly string[] {
    return this.decisions.map(({ kind }) => kind);
  }

  reasons(): readonly string[] {
    return this.decisions.map(({ kind, reason }) => `${kind} ${reason}`);
  }
}

export const WORSE: JudgeVerdict = {
  kind: 'Worse',
  reason: 'Worse',
  message: 'RunSucceeded: 12 of 20 of the candidate.',
};

export function analysisOf(good: number, bad: number, cursor: number): AnalysisStatus {
  const metric: MetricStatus = {
    metric: 'RunSucceeded',
    stable: { good: 960, bad: 40 },
    candidate: { good, bad },
    worseMicroNats: 0,
    notWorseMicroNats: 0,
    before: { good: 0, bad: 0 },
    recent: { good: 0, bad: 0 },
    driftMicroNats: 0,
    worse: [],
    notWorse: [],
    recentExpected: 0,
    block: {
      candidate: { good: 0, bad: 0 },
      stable: { good: 0, bad: 0 },
      lowMillionths: 0,
      highMillionths: 0,
      expectedMillionths: 0,
    },
    candidatesSinceStable: 0,
    verdict: 'Undecided',
  };
  return {
    startPosition: 1,
    cursor,
    since: MONDAY_NOON.toISOString(),
    metrics: [metric],
    consecutiveSchemaFailures: 0,
    safetyEvents: 0,
    cost: { stableRuns: 0, stableNanoUsd: 0, candidateRuns: 0, candidateNanoUsd: 0, expectedNanoUsd: 0 },
    missingSamples: Math.max(0, 250 - good - bad),
    missingSeconds: 7200,
  };
}

export function gateOf(
  verdict: GateStatus['verdict'],
  candidate: Version = version(1),
  message = '61 of 100 cases passed.',
): GateStatus {
  return { digest: candidate.digest, verdict, message, startedAt: MONDAY_NOON.toISOString() };
}
