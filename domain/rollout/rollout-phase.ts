/** How a rollout stands, in a word for machines and in a sentence for people. */
import type { RolloutPhase } from '#crds/rollout-progress.ts';
import { isRejected } from './rejected-versions.ts';
import type { WindowState } from './release-windows.ts';
import type { RolloutObservation } from './rollout-observation.ts';
import { growsExposure, nextStep, planOf, stepAt } from './rollout-plan.ts';
import { presentState } from './step-state.ts';
import { wantedName } from './wanted-version.ts';

export function phaseOf(observation: RolloutObservation, window: WindowState): RolloutPhase {
  const { candidate, paused } = observation.before;
  if (candidate === undefined) return phaseWithoutCandidate(observation);
  if (paused !== undefined) return 'Paused';
  return waitsForWindow(observation, window) ? 'OutsideWindow' : phaseOfStep(observation);
}

/** Reasons for which what was stable before is stable again. */
const BACK_TO_STABLE: ReadonlySet<string> = new Set(['Reverted', 'RollbackRequested']);

/** In a word: that of the last decision, where it is this one that brought the rollout there. */
export function reasonOf(
  { before: { paused, rejected, decision }, wanted }: RolloutObservation,
  phase: RolloutPhase,
): string | undefined {
  if (paused !== undefined) return paused.reason;
  if (phase === 'RolledBack') return rejected?.find(({ digest }) => digest === wanted?.digest)?.reason;
  if (phase === 'Refused' || decision === undefined || decision.kind === 'CommandRefused') return undefined;
  // What was wanted was given up, and what is stable is wanted again: nothing had to be decided for that.
  const isOver = phase === 'Idle' && decision.kind === 'RolledBack' && !BACK_TO_STABLE.has(decision.reason);
  return isOver ? undefined : decision.reason;
}

function phaseWithoutCandidate({ before, wanted }: RolloutObservation): RolloutPhase {
  if (wanted === undefined) return 'Refused';
  if (wanted.digest === before.stable?.digest) return 'Idle';
  return isRejected(before.rejected, wanted.digest) ? 'RolledBack' : 'Progressing';
}

function waitsForWindow({ before, spec }: RolloutObservation, { isOpen }: WindowState): boolean {
  const { step } = before;
  const isPassed = step === undefined || step.passedAt !== undefined;
  return isPassed && !isOpen && growsExposure(before, nextStep(planOf(spec), before));
}

function phaseOfStep({ before: { step }, spec }: RolloutObservation): RolloutPhase {
  const planned = step && stepAt(planOf(spec), step.index);
  if (planned?.step.approve !== undefined) return 'AwaitingApproval';
  const isEndless = planned?.step.pause !== undefined && planned.step.pause.seconds === undefined;
  return isEndless ? 'Paused' : 'Progressing';
}

/** What it does or waits for now. Times are absolute: the sentence changes only when something does. */
export function activityOf(observation: RolloutObservation, window: WindowState): string {
  const { before, spec } = observation;
  const { candidate, step, paused } = before;
  const phase = phaseOf(observation, window);
  if (candidate === undefined) return activityWithoutCandidate(observation, phase);
  const place =
    step === undefined
      ? `${candidate.name} is about to begin.`
      : `${candidate.name} is at step ${step.index + 1} of ${planOf(spec).length} (${step.kind}), ${before.exposure?.percent ?? '0'} % exposed.`;
  if (paused !== undefined) {
    return `${place} It is paused since ${paused.at} (${paused.reason}): ${paused.message}`;
  }
  if (phase === 'OutsideWindow') return `${place} ${windowSentence(window)}`;
  return `${place} ${presentState(observation)?.message ?? ''}`.trim();
}

function windowSentence({ opensAt, problem }: WindowState): string {
  const when = opensAt === undefined ? 'never' : `at ${opensAt.toISOString()}`;
  return `More is exposed in the next window, which opens ${when}. ${problem ?? ''}`.trim();
}

function activityWithoutCandidate({ before, wanted, spec }: RolloutObservation, phase: RolloutPhase): string {
  if (phase === 'Idle')
    return `PromptVersion ${before.stable?.name ?? ''} is stable; there is nothing to release.`;
  if (phase === 'Refused') return 'The wanted version cannot be served.';
  if (phase !== 'RolledBack') return `PromptVersion ${wantedName(spec)} is about to be released.`;
  const rejected = before.rejected?.find(({ digest }) => digest === wanted?.digest);
  const { kind, at, message } = before.decision ?? {};
  const isOfIt = kind === 'RolledBack' && at === rejected?.at;
  const told = isOfIt
    ? message
    : `PromptVersion ${wantedName(spec)} was given up (${rejected?.reason ?? ''} at ${rejected?.at ?? ''}).`;
  return `${told} Only capataz retry tries it again.`;
}
