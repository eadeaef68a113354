/** What the operator writes of a rollout: one that is stable, and one that is being released. */
import type { CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import type { AnalysisStatus, MetricStatus, VersionStatus } from '#crds/rollout-progress.ts';
import { NO_EVIDENCE } from '#domain/judging/e-process.ts';

type StepKind = 'analyse' | 'approve';
export type ReleaseMoment = 'analyse' | 'approve' | 'paused';

const GENERATION = 1;

export function stableStatus(stable: VersionStatus, at: string): CanaryRolloutStatus {
  return {
    observedGeneration: GENERATION,
    conditions: [condition('Ready', 'True', 'Stable', 'The wanted version is the stable one.', at)],
    stable,
    phase: 'Idle',
    reason: 'Idle',
    decision: { number: 1, kind: 'Released', reason: 'NoSteps', message: 'It was the first version.', at },
  };
}

export function releaseStatus(release: {
  readonly stable: VersionStatus;
  readonly candidate: VersionStatus;
  readonly moment: ReleaseMoment;
  readonly at: string;
}): CanaryRolloutStatus {
  const { stable, candidate, moment, at } = release;
  const kind: StepKind = moment === 'approve' ? 'approve' : 'analyse';
  const message = MESSAGES[moment];
  return {
    observedGeneration: GENERATION,
    conditions: [
      condition('Ready', 'False', 'Releasing', 'The wanted version is on its way.', at),
      condition('Progressing', moment === 'analyse' ? 'True' : 'False', REASONS[moment], message, at),
    ],
    stable,
    candidate,
    phase: PHASES[moment],
    reason: REASONS[moment],
    candidateSince: at,
    progressSince: at,
    step: { index: kind === 'analyse' ? 1 : 2, kind, startedAt: at, countsFrom: at },
    ...(moment === 'paused' && { paused: { reason: 'Inconclusive', message, at } }),
    exposure: {
      unit: 'Agent',
      percent: '5',
      basisPoints: 500,
      salt: candidate.digest.slice(0, 16),
      cutoff: '0c'.repeat(32),
      agents: 40,
      exposedAgents: 2,
    },
    analysis: analysis(at),
    decision: {
      number: 2,
      kind: 'Advanced',
      reason: 'Exposed',
      message: '2 of 40 agents take the candidate.',
      at,
    },
  };
}

const PHASES = { analyse: 'Progressing', approve: 'AwaitingApproval', paused: 'Paused' } as const;
const REASONS = { analyse: 'Releasing', approve: 'AwaitingApproval', paused: 'Paused' } as const;
const MESSAGES = {
  analyse: 'Step 2 of 5: 137 more outcomes are wanted.',
  approve: 'Step 3 of 5: it waits for somebody to approve.',
  paused: 'Step 2 of 5: after a day it is not certain that the candidate is not worse.',
} as const;

function analysis(at: string): AnalysisStatus {
  return {
    startPosition: 1,
    cursor: 2,
    since: at,
    lastOutcomeAt: at,
    metrics: [metric('RunSucceeded', 111, 2), metric('SchemaValid', 107, 6)],
    consecutiveSchemaFailures: 0,
    safetyEvents: 0,
    cost: {
      stableRuns: 2_140,
      stableNanoUsd: 9_630_000_000,
      candidateRuns: 113,
      candidateNanoUsd: 491_000_000,
      expectedNanoUsd: 508_000_000,
    },
    missingSamples: 137,
    missingSeconds: 5_400,
  };
}

function metric(name: MetricStatus['metric'], good: number, bad: number): MetricStatus {
  const none = { good: 0, bad: 0 };
  return {
    metric: name,
    stable: { good: 2_101, bad: 39 },
    candidate: { good, bad },
    stableBasisPoints: 9_818,
    candidateBasisPoints: Math.round((10_000 * good) / (good + bad)),
    candidateLowBasisPoints: 8_900,
    candidateHighBasisPoints: 9_910,
    worseMicroNats: 310_000,
    notWorseMicroNats: 1_900_000,
    before: { good: 5_000, bad: 90 },
    recent: { good: 900_000, bad: 16_000 },
    recentExpected: 899_000,
    block: {
      candidate: none,
      stable: none,
      lowMillionths: 0,
      highMillionths: 0,
      expectedMillionths: 0,
    },
    candidatesSinceStable: 0,
    driftMicroNats: 0,
    worse: [...NO_EVIDENCE],
    notWorse: [...NO_EVIDENCE],
    verdict: 'Undecided',
  };
}

function condition(type: string, status: 'True' | 'False', reason: string, message: string, at: string) {
  return { type, status, reason, message, observedGeneration: GENERATION, lastTransitionTime: at };
}
