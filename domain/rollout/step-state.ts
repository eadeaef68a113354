/** Whether the present step is done, and what it waits for. */
import type { RolloutStep } from '#crds/rollout-release.ts';
import { hasOutcomes } from './describe-analysis.ts';
import type { RolloutObservation, RolloutProgress } from './rollout-observation.ts';
import { DEFAULT_ANALYSE_SECONDS, type PlannedStep, planOf, stepAt } from './rollout-plan.ts';

export type StepState =
  | { readonly kind: 'done'; readonly reason: string; readonly message: string }
  | { readonly kind: 'waiting'; readonly message: string; readonly until?: Date }
  /** A person has to decide. */
  | { readonly kind: 'inconclusive'; readonly reason: string; readonly message: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string };

function stepState({ step }: PlannedStep, observation: RolloutObservation): StepState {
  const { before } = observation;
  if (before.step?.passedAt !== undefined) {
    return { kind: 'done', reason: 'Passed', message: `It passed at ${before.step.passedAt}.` };
  }
  if (step.setExposure !== undefined) {
    return { kind: 'done', reason: 'Exposed', message: exposedMessage(observation) };
  }
  if (step.gate !== undefined) return gateState(observation);
  if (step.analyse !== undefined) return analyseState(step.analyse, observation);
  if (step.bake !== undefined) return bakeState(step.bake.seconds, observation);
  if (step.approve !== undefined) return { kind: 'waiting', message: 'It waits for capataz approve.' };
  return pauseState(step.pause?.seconds, observation);
}

/** Undefined when `spec.steps` has another step in that place now. Before the first step there is nothing to wait for. */
export function presentState(observation: RolloutObservation): StepState | undefined {
  const { before, spec } = observation;
  if (before.step === undefined) return { kind: 'done', reason: 'Began', message: '' };
  const planned = stepAt(planOf(spec), before.step.index);
  return planned?.kind === before.step.kind ? stepState(planned, observation) : undefined;
}

function exposedMessage({ before: { exposure } }: RolloutObservation): string {
  if (exposure === undefined) return 'Nobody takes the candidate.';
  const agents = exposure.agents === 1 ? '1 agent' : `${exposure.agents} agents`;
  return exposure.unit === 'Agent'
    ? `The candidate is taken by ${exposure.exposedAgents} of ${agents}.`
    : `The candidate is taken by ${exposure.percent} % of the sessions of ${agents}.`;
}

function gateState({ before, gate }: RolloutObservation): StepState {
  if (gate === undefined || gate.digest !== before.candidate?.digest) {
    return { kind: 'waiting', message: 'The gate is about to be run.' };
  }
  const why = gate.message ?? '';
  switch (gate.verdict) {
    case 'Running':
      return {
        kind: 'waiting',
        message:
          gate.job === undefined
            ? `The gate cannot begin yet. ${why}`.trim()
            : `The gate is running as Job ${gate.job}. ${why}`.trim(),
      };
    case 'Passed':
      return { kind: 'done', reason: 'GatePassed', message: `The gate was passed. ${why}`.trim() };
    case 'Failed':
      return { kind: 'failed', reason: 'GateFailed', message: `The gate was not passed. ${why}`.trim() };
    case 'Inconclusive':
      return {
        kind: 'inconclusive',
        reason: 'GateInconclusive',
        message: `The gate says neither yes nor no. ${why}`.trim(),
      };
    case 'Error':
      return {
        kind: 'inconclusive',
        reason: 'GateError',
        message: `The gate could not be run. ${why}`.trim(),
      };
  }
  return gate.verdict satisfies never;
}

function analyseState(
  step: NonNullable<RolloutStep['analyse']>,
  { before, outcomes, now }: RolloutObservation,
): StepState {
  // What was not read says nothing, and its time does not count either.
  if (outcomes.problem !== undefined) return unread(outcomes.problem);
  if (outcomes.verdict.kind === 'NotWorse') {
    return {
      kind: 'done',
      reason: 'NotWorse',
      message: 'The outcomes prove that the candidate is not worse by more than the margin.',
    };
  }
  const end = endOf(before, step.maximumSeconds ?? DEFAULT_ANALYSE_SECONDS);
  if (now < end) return { kind: 'waiting', message: missingMessage(before), until: end };
  const message = `The outcomes prove neither that the candidate is worse nor that it is not, after ${step.maximumSeconds ?? DEFAULT_ANALYSE_SECONDS} s. ${missingMessage(before)}`;
  const hasAny = hasOutcomes(before.analysis);
  // No data is never a pass, whatever is asked to be done when there is not enough.
  if (step.onInconclusive === 'Promote' && hasAny) return { kind: 'done', reason: 'Inconclusive', message };
  if (step.onInconclusive === 'Rollback') return { kind: 'failed', reason: 'Inconclusive', message };
  return { kind: 'inconclusive', reason: hasAny ? 'Inconclusive' : 'NoOutcomes', message };
}

function bakeState(seconds: number, { before, outcomes, now }: RolloutObservation): StepState {
  if (outcomes.problem !== undefined) return unread(outcomes.problem);
  const end = endOf(before, seconds);
  if (now < end) return { kind: 'waiting', message: `It bakes until ${end.toISOString()}.`, until: end };
  if (!hasOutcomes(before.analysis)) {
    return { kind: 'waiting', message: 'There was no outcome of the candidate yet: it waits for the first.' };
  }
  return { kind: 'done', reason: 'Baked', message: `Nothing was found to be worse in ${seconds} s.` };
}

function pauseState(seconds: number | undefined, { before, now }: RolloutObservation): StepState {
  if (seconds === undefined) {
    return { kind: 'waiting', message: 'It waits for capataz promote, or a resume.' };
  }
  const end = endOf(before, seconds);
  return now < end
    ? { kind: 'waiting', message: `It waits until ${end.toISOString()}.`, until: end }
    : { kind: 'done', reason: 'Waited', message: `${seconds} s are over.` };
}

function unread(problem: string): StepState {
  return {
    kind: 'waiting',
    message: `${problem} Without outcomes nothing is passed.`,
  };
}

function missingMessage({ analysis, exposure }: RolloutProgress): string {
  if (exposure?.agents === 0) return 'No agent follows this rollout, so that there are no outcomes.';
  const { missingSamples, missingSeconds } = analysis ?? {};
  if (missingSamples === undefined) return 'No outcome was counted yet.';
  const time =
    missingSeconds === undefined ? '' : `, about ${describeSeconds(missingSeconds)} at the present rate`;
  return `About ${missingSamples} outcomes of the candidate are missing${time}.`;
}

function describeSeconds(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

function endOf({ step }: RolloutProgress, seconds: number): Date {
  return new Date(Date.parse(step?.countsFrom ?? '') + seconds * 1000);
}
