/** The steps of a release: which comes next, which need an open window, and how long one may take. */
import type { CanaryRolloutSpec } from '#crds/canary-rollout.ts';
import { STEP_KINDS, type RolloutStep, type StepKind } from '#crds/rollout-release.ts';
import { DEFAULT_GATE_SECONDS } from '../evaluation/gate-entry.ts';
import { WHOLE_BASIS_POINTS } from './cohort.ts';
import type { RolloutProgress } from './rollout-observation.ts';

export const DEFAULT_MINIMUM_SAMPLES = 250;
export const DEFAULT_ANALYSE_SECONDS = 86_400;
const DEFAULT_DEADLINE_SECONDS = 172_800;
const BASIS_POINTS_OF_PERCENT = 100;

export type Plan = readonly RolloutStep[];

export interface PlannedStep {
  readonly index: number;
  readonly kind: StepKind;
  readonly step: RolloutStep;
}

export function planOf({ steps = [] }: CanaryRolloutSpec): Plan {
  return steps;
}

export function stepAt(plan: Plan, index: number): PlannedStep | undefined {
  const step = plan[index];
  const kind = step && STEP_KINDS.find((one) => step[one] !== undefined);
  return step === undefined || kind === undefined ? undefined : { index, kind, step };
}

/**
 * Undefined after the last one. Where nothing is stable there is nobody to compare with and nobody to spare: the first
 * version of a prompt passes its gates alone.
 */
export function nextStep(plan: Plan, { step, stable }: RolloutProgress): PlannedStep | undefined {
  for (let index = (step?.index ?? -1) + 1; index < plan.length; index += 1) {
    const planned = stepAt(plan, index);
    if (planned !== undefined && (stable !== undefined || planned.kind === 'gate')) return planned;
  }
  return undefined;
}

/** Whether going to this step (undefined: to the end) exposes more than are exposed now. */
export function growsExposure(progress: RolloutProgress, next: PlannedStep | undefined): boolean {
  if (progress.stable === undefined) return false;
  const now = progress.exposure?.basisPoints ?? 0;
  if (next === undefined) return now < WHOLE_BASIS_POINTS;
  return next.step.setExposure !== undefined && basisPointsOf(next.step.setExposure.percent) > now;
}

/** Whole numbers all the way: `0.07` times 100 is not 7 in floating point. */
export function basisPointsOf(percent: string): number {
  return Math.round(Number(percent) * BASIS_POINTS_OF_PERCENT);
}

export function percentOf(basisPoints: number): string {
  return String(basisPoints / BASIS_POINTS_OF_PERCENT);
}

/** How long the step itself may take; what is longer is a standstill. */
export function plannedSeconds({ gate, analyse, pause, bake }: RolloutStep): number {
  if (gate !== undefined) return gate.timeoutSeconds ?? DEFAULT_GATE_SECONDS;
  if (analyse !== undefined) return analyse.maximumSeconds ?? DEFAULT_ANALYSE_SECONDS;
  return pause?.seconds ?? bake?.seconds ?? 0;
}

export function deadlineSeconds(spec: CanaryRolloutSpec): number {
  return spec.progressDeadlineSeconds ?? DEFAULT_DEADLINE_SECONDS;
}

/**
 * How many outcomes of the candidate the present step wants: those of an `analyse` step come on top of what was counted
 * before it, or the second one would pass by what the first has seen.
 */
export function samplesWanted(spec: CanaryRolloutSpec, { step }: RolloutProgress): number {
  const planned = step && stepAt(planOf(spec), step.index);
  return (step?.samplesBefore ?? 0) + (planned?.step.analyse?.minSamples ?? DEFAULT_MINIMUM_SAMPLES);
}
