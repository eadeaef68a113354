/** What was read of outcomes, and of the gate, goes into the status; what is about another candidate does not. */
import type { AnalysisStatus } from '#crds/rollout-progress.ts';
import { NO_OUTCOMES, type RolloutObservation, type RolloutProgress } from './rollout-observation.ts';

/** The observation with the status as the outcomes make it. */
export function takeOutcomes(observation: RolloutObservation): RolloutObservation {
  const { before } = observation;
  const isOfCandidate =
    before.candidate !== undefined &&
    before.exposure !== undefined &&
    before.exposure.basisPoints > 0 &&
    observation.outcomes.salt === before.exposure.salt &&
    !isOlder(observation.outcomes.analysis, before.candidateSince);
  const outcomes = isOfCandidate
    ? observation.outcomes
    : { ...NO_OUTCOMES, problem: observation.outcomes.problem };
  return {
    ...observation,
    outcomes,
    before: withGate(withOutcomes({ ...observation, outcomes }), observation),
  };
}

/** Of the time before the candidate was resumed in a changed environment. */
function isOlder(analysis: AnalysisStatus | undefined, since: string | undefined): boolean {
  return analysis !== undefined && since !== undefined && Date.parse(analysis.since) < Date.parse(since);
}

/** Its Job is cleaned up some day, and what it found stays. */
function withGate(before: RolloutProgress, { gate }: RolloutObservation): RolloutProgress {
  const isOfCandidate = before.step?.kind === 'gate' && gate?.digest === before.candidate?.digest;
  return isOfCandidate && gate !== undefined ? { ...before, gate } : before;
}

/** One that only says why nothing could be read has no metrics yet, and has not begun. */
export function hasBegun(analysis: AnalysisStatus | undefined): analysis is AnalysisStatus {
  return analysis !== undefined && analysis.metrics.length > 0;
}

function withOutcomes({ before, outcomes, now }: RolloutObservation): RolloutProgress {
  if (before.candidate === undefined) return before;
  const isJudgedStep = before.step?.kind === 'analyse' || before.step?.kind === 'bake';
  const analysis = newer(before.analysis, outcomes.analysis);
  if (outcomes.problem !== undefined) {
    // A step that cannot be passed without outcomes says so, also before the first one.
    const known = analysis ?? (isJudgedStep ? notBegun(now) : undefined);
    return known === undefined ? before : { ...before, analysis: { ...known, problem: outcomes.problem } };
  }
  if (analysis === undefined) return before;
  const { problem: _, ...counted } = analysis;
  const wasUnread = before.analysis?.problem !== undefined;
  return {
    ...before,
    analysis: counted,
    // The time in which nothing could be read does not count.
    ...(wasUnread &&
      isJudgedStep &&
      before.step !== undefined && { step: { ...before.step, countsFrom: now.toISOString() } }),
  };
}

function notBegun(now: Date): AnalysisStatus {
  return {
    startPosition: 0,
    cursor: 0,
    since: now.toISOString(),
    metrics: [],
    consecutiveSchemaFailures: 0,
    safetyEvents: 0,
    cost: { stableRuns: 0, stableNanoUsd: 0, candidateRuns: 0, candidateNanoUsd: 0, expectedNanoUsd: 0 },
  };
}

/** Outcomes are counted in order: what has a smaller cursor was read from an older status. */
function newer(
  before: AnalysisStatus | undefined,
  read: AnalysisStatus | undefined,
): AnalysisStatus | undefined {
  if (before === undefined || read === undefined) return read ?? before;
  return read.cursor < before.cursor ? before : read;
}
