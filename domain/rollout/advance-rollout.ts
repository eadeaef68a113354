/**
 * The state machine of a rollout: a pure function from what stands in its status and what was observed to what shall
 * stand there. At most one decision a pass, and each is one write of the status, so that an operator may die
 * between any two of them: the next one decides from the same status again, with the same answer.
 *
 * In this order: what is wanted changed; outcomes prove the candidate worse; a person asks; the next step.
 */
import type { DecisionStatus } from '#crds/rollout-progress.ts';
import { growCohort, keepCohort } from './cohort.ts';
import { obeyCommand } from './obey-command.ts';
import { describeFall } from './describe-analysis.ts';
import { isRejected } from './rejected-versions.ts';
import { type WindowState, windowState } from './release-windows.ts';
import type {
  RolloutDecision,
  RolloutObservation,
  RolloutProgress,
  Transition,
} from './rollout-observation.ts';
import { deadlineSeconds, growsExposure, nextStep, planOf, plannedSeconds, stepAt } from './rollout-plan.ts';
import { activityOf, phaseOf, reasonOf } from './rollout-phase.ts';
import { type StepState, presentState } from './step-state.ts';
import { takeOutcomes } from './take-outcomes.ts';
import {
  advance,
  begin,
  goBack,
  pause,
  release,
  rollBack,
  withdraw,
  withoutCandidate,
} from './transitions.ts';
import { wantedBy } from './wanted-version.ts';

const MESSAGE_MAXIMUM_LENGTH = 2048;

export interface Advance {
  readonly progress: RolloutProgress;
  readonly decision: RolloutDecision | undefined;
  /** What it does or waits for now, in a sentence. */
  readonly activity: string;
  /** What is wrong with the spec, in a sentence. */
  readonly problem: string | undefined;
  readonly recheckSeconds: number | undefined;
}

export function advanceRollout(observed: RolloutObservation): Advance {
  const observation = takeOutcomes({ ...observed, before: whole(observed.before) });
  const turn = transition(observation);
  const progress = settled(
    observed.before,
    turn?.progress ?? observation.before,
    observation,
    turn?.decision,
  );
  const after = { ...observation, before: progress };
  const window = windowState(observed.spec.windows, observed.now);
  const { reason: _, ...settledProgress } = progress;
  const phase = phaseOf(after, window);
  const reason = reasonOf(after, phase);
  return {
    progress: { ...settledProgress, phase, ...(reason !== undefined && { reason }) },
    decision: turn?.decision,
    activity: activityOf(after, window),
    problem: window.problem,
    recheckSeconds: turn?.decision === undefined ? recheckSecondsOf(after, window) : undefined,
  };
}

/** Somebody edited the status, or another version wrote it: half a candidate is none, and begins anew. */
function whole(before: RolloutProgress): RolloutProgress {
  return before.candidate === undefined || before.exposure === undefined ? withoutCandidate(before) : before;
}

function transition(observation: RolloutObservation): Transition | undefined {
  return (
    unwantedCandidate(observation) ??
    worseCandidate(observation) ??
    obeyCommand(observation) ??
    (observation.before.candidate === undefined ? nextCandidate(observation) : nextMove(observation))
  );
}

/** What is wanted belongs to git: a candidate that it does not name any more ends at once, window or not. */
function unwantedCandidate(observation: RolloutObservation): Transition | undefined {
  const { before, wanted, spec } = observation;
  const { candidate, stable } = before;
  if (candidate === undefined || wanted?.digest === candidate.digest) return undefined;
  if (wanted !== undefined && wanted.digest === stable?.digest) {
    const why = `${wantedBy(spec)} names ${wanted.name} again, which is stable: ${candidate.name} is withdrawn.`;
    return withdraw(observation, 'Reverted', why);
  }
  if (wanted === undefined || isRejected(before.rejected, wanted.digest)) {
    const isDeleted = spec.versionRef?.name === candidate.name;
    const why = isDeleted
      ? `PromptVersion ${candidate.name} is not there any more, or cannot be served: it is withdrawn.`
      : `${wantedBy(spec)} names ${spec.versionRef?.name ?? 'no version'} instead of ${candidate.name}, which is withdrawn.`;
    return withdraw(observation, isDeleted ? 'CandidateMissing' : 'NotWanted', why);
  }
  return begin(
    observation,
    wanted,
    'Replaced',
    `It replaces ${candidate.name}, which was not decided about.`,
  );
}

function worseCandidate(observation: RolloutObservation): Transition | undefined {
  const { before, outcomes } = observation;
  if (before.candidate === undefined || outcomes.verdict.kind !== 'Worse') return undefined;
  // What befell stable too is no fault of the candidate; what it did that is not safe is.
  const isItsOwn = outcomes.verdict.reason === 'SafetyEvents' || observation.environmentDrift === undefined;
  if (!isItsOwn) return undefined;
  return rollBack(observation, outcomes.verdict.reason, outcomes.verdict.message);
}

function nextCandidate(observation: RolloutObservation): Transition | undefined {
  const { before, wanted, spec, now } = observation;
  if (wanted === undefined || wanted.digest === before.stable?.digest) return undefined;
  if (isRejected(before.rejected, wanted.digest)) return undefined;
  // A revert that is pushed after the release: whoever goes back has no time for steps.
  if (wanted.digest === before.previousStable?.digest) return goBack(observation, wanted);
  const { stable } = before;
  const isAtOnce = nextStep(planOf(spec), before) === undefined;
  if (isAtOnce && (stable === undefined || windowState(spec.windows, now).isOpen)) {
    return release(observation, wanted);
  }
  const why = stable === undefined ? 'It is the first version.' : `It is wanted instead of ${stable.name}.`;
  return begin(observation, wanted, 'VersionAccepted', why);
}

function nextMove(observation: RolloutObservation): Transition | undefined {
  const { before, spec, now } = observation;
  const drift = before.paused === undefined ? driftOf(observation) : undefined;
  if (drift !== undefined) {
    const why = `${drift} Nothing more is exposed until it is resumed.`;
    return pause(observation, 'EnvironmentDrift', why);
  }
  const state = before.paused === undefined ? presentState(observation) : undefined;
  const next = nextStep(planOf(spec), before);
  if (state?.kind === 'done') {
    if (!growsExposure(before, next) || windowState(spec.windows, now).isOpen) {
      return advance(observation, before, state.reason, state.message);
    }
    // What it has passed it keeps, and waits.
    if (before.step === undefined || before.step.passedAt !== undefined) return undefined;
    return { progress: { ...before, step: { ...before.step, passedAt: now.toISOString() } } };
  }
  if (state?.kind === 'failed') return rollBack(observation, state.reason, state.message);
  return stepsChanged(observation) ?? overdue(observation) ?? undecided(observation, state);
}

/** What befell stable as well, in a sentence: by the observer, or by the outcomes of the rollout itself. */
function driftOf({ before, outcomes, environmentDrift }: RolloutObservation): string | undefined {
  if (environmentDrift !== undefined || outcomes.verdict.kind !== 'EnvironmentDrift') return environmentDrift;
  const { metric } = outcomes.verdict;
  return `${metric} of the stable version fell as well${describeFall(before.analysis, metric)}: it is not the candidate alone.`;
}

function undecided(observation: RolloutObservation, state: StepState | undefined): Transition | undefined {
  return state?.kind === 'inconclusive' ? pause(observation, state.reason, state.message) : undefined;
}

function stepsChanged(observation: RolloutObservation): Transition | undefined {
  const { before, spec } = observation;
  const { step, ...rest } = before;
  if (step === undefined || stepAt(planOf(spec), step.index)?.kind === step.kind) return undefined;
  return {
    progress: rest,
    decision: {
      kind: 'StepsChanged',
      reason: 'StepsChanged',
      message: `spec.steps has no ${step.kind} as step ${step.index + 1} any more: ${before.candidate?.name ?? 'the candidate'} goes through them again from the first one, and whoever is exposed stays it.`,
    },
  };
}

function overdue(observation: RolloutObservation): Transition | undefined {
  const { before, spec, now } = observation;
  const due = deadlineOf(observation);
  if (due === undefined || now < due || before.paused?.reason === 'ProgressDeadline') return undefined;
  const why = `It has stood still since ${before.progressSince ?? ''}, for more than ${deadlineSeconds(spec)} s beyond what its step may take (spec.progressDeadlineSeconds).`;
  return spec.onProgressDeadline === 'Pause'
    ? pause(observation, 'ProgressDeadline', why)
    : rollBack(observation, 'ProgressDeadline', why);
}

/** Undefined while it waits for a window: that ends by itself. */
function deadlineOf({ before, spec }: RolloutObservation): Date | undefined {
  const { candidate, step, paused, progressSince } = before;
  if (candidate === undefined || progressSince === undefined) return undefined;
  if (paused === undefined && (step === undefined || step.passedAt !== undefined)) return undefined;
  const planned = paused === undefined && step !== undefined ? stepAt(planOf(spec), step.index) : undefined;
  const seconds = deadlineSeconds(spec) + (planned === undefined ? 0 : plannedSeconds(planned.step));
  return new Date(Date.parse(progressSince) + seconds * 1000);
}

/** What follows from the rest: names, who is exposed, the revision, and what was decided. */
function settled(
  stored: RolloutProgress,
  turned: RolloutProgress,
  observation: RolloutObservation,
  decision: RolloutDecision | undefined,
): RolloutProgress {
  const { now, storedRevision } = observation;
  const progress = withExposure(withPresentNames(turned, observation), observation);
  const known = Math.max(stored.revision ?? 0, storedRevision);
  // A cluster that lost what it knew, or went back to a backup, must not be ignored by pods that hold what came later.
  const next = Math.max(known + 1, now.getTime());
  const isBehind = stored.revision === undefined || stored.revision < storedRevision;
  const hasChanged = isBehind || documentOf(progress) !== documentOf(stored);
  return {
    ...progress,
    ...(progress.stable !== undefined && { revision: hasChanged ? next : known }),
    ...(decision !== undefined && { decision: decisionStatus(decision, stored.decision?.number ?? 0, now) }),
  };
}

function decisionStatus({ kind, reason, message }: RolloutDecision, last: number, now: Date): DecisionStatus {
  return {
    number: last + 1,
    kind,
    reason,
    message: message.slice(0, MESSAGE_MAXIMUM_LENGTH),
    at: now.toISOString(),
  };
}

/** Versions are the same when their digests are; an object with another name may carry the same text. */
function withPresentNames(progress: RolloutProgress, { wanted }: RolloutObservation): RolloutProgress {
  if (wanted === undefined) return progress;
  return {
    ...progress,
    ...(progress.stable?.digest === wanted.digest && { stable: wanted }),
    ...(progress.candidate?.digest === wanted.digest && { candidate: wanted }),
  };
}

/** Counts who is exposed, and fills up the cohort where agents have left: never outside a window, never in a pause. */
function withExposure(
  progress: RolloutProgress,
  { agentUids, spec, now }: RolloutObservation,
): RolloutProgress {
  const { exposure } = progress;
  if (exposure === undefined) return progress;
  if (exposure.unit === 'Session') {
    const exposedAgents = exposure.basisPoints === 0 ? 0 : agentUids.length;
    return { ...progress, exposure: { ...exposure, agents: agentUids.length, exposedAgents } };
  }
  const mayGrow = progress.paused === undefined && windowState(spec.windows, now).isOpen;
  const { cutoff: cutoffBefore, ...rest } = exposure;
  const question = { ...exposure, agentUids, cutoff: cutoffBefore };
  const { cutoff, agents, exposedAgents } = mayGrow ? growCohort(question) : keepCohort(question);
  return {
    ...progress,
    exposure: { ...rest, ...(cutoff !== undefined && { cutoff }), agents, exposedAgents },
  };
}

/** What agents are told: when it changes, its revision grows. */
function documentOf({ stable, candidate, exposure }: RolloutProgress): string {
  if (stable === undefined) return '';
  if (candidate === undefined || exposure === undefined) return JSON.stringify([stable.name, stable.digest]);
  const { unit, basisPoints, salt, cutoff } = exposure;
  return JSON.stringify([
    stable.name,
    stable.digest,
    candidate.name,
    candidate.digest,
    unit,
    basisPoints,
    salt,
    cutoff,
  ]);
}

/** When time alone changes something. */
function recheckSecondsOf(observation: RolloutObservation, window: WindowState): number | undefined {
  const { before, now, outcomes } = observation;
  if (before.candidate === undefined) return undefined;
  const state = before.paused === undefined ? presentState(observation) : undefined;
  const times = [
    state?.kind === 'waiting' ? state.until : undefined,
    deadlineOf(observation),
    window.opensAt,
  ].filter((time) => time !== undefined);
  const seconds = times.map((time) => Math.max(1, Math.ceil((time.getTime() - now.getTime()) / 1000)));
  const all = outcomes.recheckSeconds === undefined ? seconds : [...seconds, outcomes.recheckSeconds];
  return all.length === 0 ? undefined : Math.min(...all);
}
