/** The moves of a rollout. Each one is whole: stable, candidate and exposure change together, in one status. */
import type { StepStatus } from '#crds/rollout-progress.ts';
import { describeAnalysis, fewestSamples } from './describe-analysis.ts';
import { withRejected, withoutRejected } from './rejected-versions.ts';
import type { RolloutObservation, RolloutProgress, Transition, Version } from './rollout-observation.ts';
import { type PlannedStep, basisPointsOf, nextStep, percentOf, planOf } from './rollout-plan.ts';
import { wantedBy } from './wanted-version.ts';

/** What there is only while a candidate is released. */
type CandidateField = 'candidate' | 'candidateSince' | 'progressSince' | 'step' | 'paused' | 'exposure';

export function withoutCandidate({
  candidate: _candidate,
  candidateSince: _candidateSince,
  progressSince: _progressSince,
  step: _step,
  paused: _paused,
  exposure: _exposure,
  ...rest
}: RolloutProgress): Omit<RolloutProgress, CandidateField> {
  return rest;
}

export function withoutPause(progress: RolloutProgress): RolloutProgress {
  const { paused: _, ...rest } = progress;
  return rest;
}

/** What was found about the candidate before is not about this one. */
export function begin(
  { spec, before, freshSalt, now }: RolloutObservation,
  version: Version,
  reason: string,
  why: string,
): Transition {
  const { gate: _gate, analysis: _analysis, ...rest } = withoutCandidate(before);
  const at = now.toISOString();
  const steps = planOf(spec).length;
  return {
    progress: {
      ...rest,
      rejected: withoutRejected(before.rejected, version.digest),
      candidate: version,
      candidateSince: at,
      progressSince: at,
      exposure: {
        unit: spec.exposure?.unit ?? 'Agent',
        basisPoints: 0,
        percent: '0',
        salt: freshSalt,
        agents: 0,
        exposedAgents: 0,
      },
    },
    decision: {
      kind: 'Began',
      reason,
      message: `${why} PromptVersion ${version.name} goes through ${steps} ${steps === 1 ? 'step' : 'steps'}.`,
      ...fromTo(before.stable, version),
    },
  };
}

/** Without steps, or where nothing is stable. */
export function release({ before }: RolloutObservation, version: Version): Transition {
  const { stable } = before;
  return {
    progress: { ...stableIs(before, version), rejected: withoutRejected(before.rejected, version.digest) },
    decision: {
      kind: 'Released',
      reason: 'VersionAccepted',
      message: `PromptVersion ${version.name} is stable${stable === undefined ? '' : ` instead of ${stable.name}`}.`,
      ...fromTo(stable, version),
    },
  };
}

/** What was stable before is wanted again. What is stable now is not rejected, but comes back through all steps only. */
export function goBack({ before, spec }: RolloutObservation, version: Version): Transition {
  const { stable } = before;
  return {
    progress: stableAgain(before, version),
    decision: {
      kind: 'RolledBack',
      reason: 'Reverted',
      message: `${wantedBy(spec)} names ${version.name} again, which was stable before: it is stable instead of ${stable?.name ?? 'nothing'}.`,
      ...fromTo(stable, version),
    },
  };
}

/** To the next step, or to the end. */
export function advance(
  observation: RolloutObservation,
  progress: RolloutProgress,
  reason: string,
  why: string,
): Transition {
  const next = nextStep(planOf(observation.spec), progress);
  return next === undefined
    ? promote(observation, progress, reason, why)
    : enterStep(observation, progress, next, { reason, why });
}

export function promote(
  { before }: RolloutObservation,
  progress: RolloutProgress,
  reason: string,
  why: string,
): Transition {
  const { candidate, stable } = progress;
  if (candidate === undefined) return { progress };
  return {
    progress: stableIs(progress, candidate),
    decision: {
      kind: 'Promoted',
      reason,
      message: joined(
        why,
        `PromptVersion ${candidate.name} is stable${stable === undefined ? '' : ` instead of ${stable.name}`}.`,
        describeAnalysis(before.analysis),
      ),
      ...fromTo(stable, candidate),
    },
  };
}

function enterStep(
  { spec, before, now }: RolloutObservation,
  progress: RolloutProgress,
  { index, kind, step }: PlannedStep,
  { reason, why }: { readonly reason: string; readonly why: string },
): Transition {
  const at = now.toISOString();
  const entered: StepStatus = {
    index,
    kind,
    startedAt: at,
    countsFrom: at,
    ...(kind === 'analyse' && { samplesBefore: fewestSamples(progress.analysis, spec.analysis) }),
  };
  const { gate, exposure, ...rest } = withoutPause(progress);
  const exposedBefore = exposure?.basisPoints ?? 0;
  // Whoever took the candidate keeps it, whatever an edited spec says.
  const basisPoints =
    step.setExposure === undefined
      ? exposedBefore
      : Math.max(exposedBefore, basisPointsOf(step.setExposure.percent));
  const exposes = kind === 'setExposure' ? `, ${percentOf(basisPoints)} %` : '';
  return {
    progress: {
      ...rest,
      // A gate is asked anew.
      ...(gate !== undefined && kind !== 'gate' && { gate }),
      ...(exposure !== undefined && {
        exposure: { ...exposure, basisPoints, percent: percentOf(basisPoints) },
      }),
      step: entered,
      progressSince: at,
    },
    decision: {
      kind: 'Advanced',
      reason,
      message: joined(
        why,
        `Step ${index + 1} of ${planOf(spec).length} (${kind}${exposes}) began.`,
        describeAnalysis(before.analysis),
      ),
      ...fromTo(progress.stable, progress.candidate),
    },
  };
}

/** Gives the candidate up: one write, and every agent serves stable. */
export function rollBack({ before, now }: RolloutObservation, reason: string, why: string): Transition {
  const { candidate, stable, exposure } = before;
  if (candidate === undefined) return { progress: before };
  const share = exposure === undefined ? '0' : exposure.percent;
  return {
    progress: {
      ...withoutCandidate(before),
      rejected: withRejected(before.rejected, {
        digest: candidate.digest,
        reason,
        at: now.toISOString(),
      }),
    },
    decision: {
      kind: 'RolledBack',
      reason,
      message: joined(
        why,
        `PromptVersion ${candidate.name} was given up at ${share} % and its digest rejected; ${stable === undefined ? 'nothing is served' : `${stable.name} serves`}.`,
        describeAnalysis(before.analysis),
      ),
      ...fromTo(candidate, stable),
    },
  };
}

/** Makes an earlier version stable again; what is stable now is rejected, and a candidate with it. */
export function rollBackTo({ before, now }: RolloutObservation, target: Version, why: string): Transition {
  const { stable, candidate } = before;
  const given = [candidate, stable].filter((version) => version !== undefined);
  let { rejected } = before;
  for (const { digest } of given) {
    rejected = withRejected(rejected, { digest, reason: 'RollbackRequested', at: now.toISOString() });
  }
  return {
    progress: { ...stableAgain(before, target), rejected: withoutRejected(rejected, target.digest) },
    decision: {
      kind: 'RolledBack',
      reason: 'RollbackRequested',
      message: joined(
        why,
        `PromptVersion ${target.name} is stable again instead of ${stable?.name ?? 'nothing'}, whose digest is rejected.`,
      ),
      ...fromTo(stable, target),
    },
  };
}

/** The candidate ends without a verdict. */
export function withdraw({ before }: RolloutObservation, reason: string, why: string): Transition {
  return {
    progress: withoutCandidate(before),
    decision: { kind: 'Withdrawn', reason, message: why, ...fromTo(before.candidate, before.stable) },
  };
}

export function pause({ before, now }: RolloutObservation, reason: string, why: string): Transition {
  const at = now.toISOString();
  return {
    progress: { ...before, paused: { reason, message: why.slice(0, 2048), at }, progressSince: at },
    decision: {
      kind: 'Paused',
      reason,
      message: joined(why, describeAnalysis(before.analysis)),
      ...fromTo(before.stable, before.candidate),
    },
  };
}

function stableIs(progress: RolloutProgress, version: Version): RolloutProgress {
  const { stable } = progress;
  return {
    ...withoutCandidate(progress),
    stable: version,
    ...(stable !== undefined && stable.digest !== version.digest && { previousStable: stable }),
  };
}

/** Gone back to: what it replaces is nothing to go back to. */
function stableAgain(progress: RolloutProgress, version: Version): RolloutProgress {
  const { previousStable: _, ...rest } = withoutCandidate(progress);
  return { ...rest, stable: version };
}

function fromTo(from: Version | undefined, to: Version | undefined): { from?: Version; to?: Version } {
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

function joined(...sentences: readonly string[]): string {
  return sentences.filter((sentence) => sentence !== '').join(' ');
}
