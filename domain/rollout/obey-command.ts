/**
 * What a person asks for, once for each id. What cannot be done is refused in a sentence and never tried again: a
 * command is not a wish that stays.
 */
import { MAXIMUM_COMMAND_IDS } from '#crds/canary-rollout.ts';
import { judgedAnew } from '../judging/judged-anew.ts';
import { judgingRules } from '../judging/metric-rules.ts';
import { isRejected } from './rejected-versions.ts';
import { windowState } from './release-windows.ts';
import type { RolloutCommand, RolloutVerb } from './rollout-command.ts';
import type {
  RolloutDecision,
  RolloutObservation,
  RolloutProgress,
  Transition,
} from './rollout-observation.ts';
import { growsExposure, nextStep, planOf, stepAt } from './rollout-plan.ts';
import { hasBegun } from './take-outcomes.ts';
import { advance, begin, pause, promote, rollBack, rollBackTo, withoutPause } from './transitions.ts';

/** Undefined when there is nothing new to obey. */
export function obeyCommand(observation: RolloutObservation): Transition | undefined {
  const { before, command } = observation;
  if (command === undefined) return undefined;
  if (!command.ok) {
    return before.lastCommandProblem === command.problem
      ? undefined
      : refused(before, `The annotation was not understood. ${command.problem}`, command.problem);
  }
  const { id, digest, verb } = command.command;
  if (id === before.lastCommandId || before.commandIds?.includes(id)) return undefined;
  const known = { lastCommandId: id, commandIds: withCommandId(before, id) };
  const problem = verb === 'rollback' ? undefined : misdirected(verb, digest, observation);
  const answer = problem ?? HANDLERS[verb](observation, command.command);
  const { lastCommandProblem: _, ...rest } = before;
  if (typeof answer === 'string') {
    return refused({ ...rest, ...known }, `capataz ${verb} was not obeyed. ${answer}`, answer);
  }
  const { lastCommandProblem: _problem, ...progress } = answer.progress;
  return { ...answer, progress: { ...progress, ...known } };
}

/** An annotation that is written again, by a tool or out of a backup, is no new command; the oldest are forgotten first. */
function withCommandId({ lastCommandId, commandIds }: RolloutProgress, id: string): string[] {
  const before = commandIds ?? (lastCommandId === undefined ? [] : [lastCommandId]);
  return [...before, id].slice(-MAXIMUM_COMMAND_IDS);
}

/** A command that names a digest is about that version and no other: what is released may have changed meanwhile. */
function misdirected(
  verb: RolloutVerb,
  digest: string | undefined,
  { before, wanted }: RolloutObservation,
): string | undefined {
  const meant = verb === 'retry' ? wanted : before.candidate;
  return digest === undefined || digest === meant?.digest
    ? undefined
    : `It is about the version with digest ${digest.slice(0, 12)}, but ${meant === undefined ? 'no version is being released' : `${meant.name} is the one in question`}.`;
}

/** A sentence: it is refused. */
type Handler = (observation: RolloutObservation, command: RolloutCommand) => Transition | string;

const NOTHING_RELEASED = 'Nothing is being released.';

const HANDLERS: Readonly<Record<RolloutVerb, Handler>> = {
  promote: (observation, command) => {
    const { before, spec, now } = observation;
    if (before.candidate === undefined) {
      return `${NOTHING_RELEASED} A version that was given up needs capataz retry first.`;
    }
    const progress = withoutPause(before);
    const next = command.isFull === true ? undefined : nextStep(planOf(spec), progress);
    const { isOpen, opensAt } = windowState(spec.windows, now);
    if (!isOpen && growsExposure(progress, next)) {
      const when =
        opensAt === undefined ? 'none ever opens' : `the next one opens at ${opensAt.toISOString()}`;
      return `More may be exposed in a window of spec.windows only, and ${when}. Edit spec.windows when it cannot wait.`;
    }
    const why = asked(command);
    return command.isFull === true
      ? promote(observation, progress, 'PromoteRequested', why)
      : advance(observation, progress, 'PromoteRequested', why);
  },
  approve: (observation, command) => {
    const { before, spec } = observation;
    if (before.candidate === undefined) return NOTHING_RELEASED;
    if (before.paused !== undefined) return 'It is paused: resume it first.';
    const planned = before.step && stepAt(planOf(spec), before.step.index);
    if (before.step === undefined || planned?.step.approve === undefined) {
      return `Nothing waits for approval now: it is at ${before.step?.kind ?? 'its beginning'}.`;
    }
    return passStep(observation, command, 'Approved');
  },
  abort: (observation, command) => {
    const { before, wanted } = observation;
    if (before.candidate !== undefined) return rollBack(observation, 'Aborted', asked(command));
    // Whoever aborts what was just given up has what they wanted.
    const isGone = wanted !== undefined && isRejected(before.rejected, wanted.digest);
    return isGone ? { progress: before } : NOTHING_RELEASED;
  },
  rollback: (observation, command) => {
    const { before, rollbackTarget } = observation;
    if (command.digest === undefined && before.candidate !== undefined) {
      return rollBack(observation, 'RollbackRequested', asked(command));
    }
    if (rollbackTarget === undefined) return noTarget(before, command);
    if (rollbackTarget.digest === before.candidate?.digest) {
      return `PromptVersion ${rollbackTarget.name} is the one that is being released: promote it.`;
    }
    if (rollbackTarget.digest === before.stable?.digest) {
      return before.candidate === undefined
        ? { progress: before }
        : rollBack(observation, 'RollbackRequested', asked(command));
    }
    return rollBackTo(observation, rollbackTarget, asked(command));
  },
  retry: (observation, command) => {
    const { before, wanted } = observation;
    if (command.reason === undefined || command.reason.trim() === '') {
      return 'Say why it is to be tried again (capataz retry --reason).';
    }
    if (wanted === undefined) return 'The wanted version cannot be served: see the condition ResolvedRefs.';
    if (wanted.digest === before.stable?.digest) return `PromptVersion ${wanted.name} is stable already.`;
    return begin(observation, wanted, 'RetryRequested', asked(command));
  },
  pause: (observation, command) => {
    const { before } = observation;
    if (before.candidate === undefined) return NOTHING_RELEASED;
    if (before.paused !== undefined) return { progress: before };
    return pause(observation, 'PauseRequested', asked(command));
  },
  resume: (observation, command) => {
    const { before, spec } = observation;
    if (before.candidate === undefined) return NOTHING_RELEASED;
    const planned = before.step && stepAt(planOf(spec), before.step.index);
    const isPauseStep = planned?.step.pause !== undefined && before.step?.kind === 'pause';
    // A step that waits for this word is over, also when somebody held it there meanwhile.
    const isEndless = isPauseStep && planned.step.pause?.seconds === undefined;
    const isPaused = before.paused !== undefined && !(isEndless && before.paused.reason === 'PauseRequested');
    if (isPaused) return resume(observation, asked(command));
    if (!isPauseStep) return 'It is not paused.';
    return passStep(observation, command, 'ResumeRequested');
  },
};

/** What waited for a person goes on: to the next step, where that exposes more in the next window. */
function passStep(
  observation: RolloutObservation,
  command: RolloutCommand,
  reason: 'Approved' | 'ResumeRequested',
): Transition {
  const { spec, now } = observation;
  const before = withoutPause(observation.before);
  const next = nextStep(planOf(spec), before);
  if (before.step === undefined || windowState(spec.windows, now).isOpen || !growsExposure(before, next)) {
    return advance(observation, before, reason, asked(command));
  }
  const step = { ...before.step, passedAt: before.step.passedAt ?? now.toISOString() };
  const kind = reason === 'Approved' ? 'Approved' : 'Resumed';
  const message = `${asked(command)} It takes effect in the next window of spec.windows.`;
  return { progress: { ...before, step }, decision: { kind, reason, message, ...toCandidate(before) } };
}

/** The step gets its whole time again. */
function resume({ before, spec, now }: RolloutObservation, why: string): Transition {
  const at = now.toISOString();
  const { paused, step, ...rest } = askedAnew(before, spec, at);
  const place =
    step === undefined ? '' : ` with step ${step.index + 1} of ${planOf(spec).length} (${step.kind})`;
  const message = `${why} It goes on${place}; it was paused for ${paused?.reason ?? 'a person'}.`;
  return {
    progress: {
      ...rest,
      ...(step !== undefined && { step: { ...step, countsFrom: at } }),
      progressSince: at,
    },
    decision: { kind: 'Resumed', reason: 'ResumeRequested', message, ...toCandidate(before) },
  };
}

/** What was measured in another environment, or said neither yes nor no, says nothing any more. */
function askedAnew(before: RolloutProgress, spec: RolloutObservation['spec'], at: string): RolloutProgress {
  const reason = before.paused?.reason;
  if (reason === 'EnvironmentDrift') {
    const { analysis, step, ...rest } = before;
    // Whoever reads outcomes begins anew where candidateSince changes, and so do the counts.
    const samples = step?.samplesBefore === undefined ? {} : { samplesBefore: 0 };
    return {
      ...rest,
      candidateSince: at,
      ...(hasBegun(analysis) && { analysis: judgedAnew(analysis, judgingRules(spec.analysis), at) }),
      ...(step !== undefined && { step: { ...step, ...samples } }),
    };
  }
  if (reason !== 'GateInconclusive' && reason !== 'GateError') return before;
  const { gate: _, ...rest } = before;
  return rest;
}

function toCandidate({ stable, candidate }: RolloutProgress): Pick<RolloutDecision, 'from' | 'to'> {
  return { ...(stable !== undefined && { from: stable }), ...(candidate !== undefined && { to: candidate }) };
}

function noTarget({ previousStable }: RolloutProgress, { digest }: RolloutCommand): string {
  if (digest !== undefined) {
    return `No accepted PromptVersion of this prompt in this namespace has the digest ${digest.slice(0, 12)}.`;
  }
  return previousStable === undefined
    ? 'No earlier stable version is known: name one by its digest.'
    : `PromptVersion ${previousStable.name}, which was stable before, is not there any more or not accepted: create it again, or name another by its digest.`;
}

function asked({ verb, by, reason }: RolloutCommand): string {
  return `${by ?? 'Somebody'} asked for ${verb}${reason === undefined ? '' : `: ${reason}`}.`.replace(
    /([.!?])\.$/,
    '$1',
  );
}

function refused(progress: RolloutProgress, message: string, problem: string): Transition {
  return {
    progress: { ...progress, lastCommandProblem: problem.slice(0, 2048) },
    decision: { kind: 'CommandRefused', reason: 'CommandRefused', message },
  };
}
