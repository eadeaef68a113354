/** Which run of which gate a CanaryRollout is at: what it tests, as whom, on which cases, and how it is recognised. */
import { hash } from 'node:crypto';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import type { RolloutStep } from '#crds/rollout-release.ts';
import { goldenSetConfigMapName } from '#domain/prompt-repository/golden-set-object.ts';
import { planOf, stepAt } from '#domain/rollout/rollout-plan.ts';

export interface GateRun {
  readonly gate: NonNullable<RolloutStep['gate']>;
  /** From 0. */
  readonly stepIndex: number;
  readonly candidate: NonNullable<NonNullable<CanaryRollout['status']>['candidate']>;
  /** `step.countsFrom`: a gate that is resumed or retried is another run. */
  readonly startedAt: string;
  /** Stands on the Job. */
  readonly id: string;
}

const ID_LENGTH = 16;

/** Undefined unless the status, as it is stored, is at a gate. */
export function gateRunOf({ spec, status }: CanaryRollout): GateRun | undefined {
  const { candidate, step } = status ?? {};
  if (candidate === undefined || step?.kind !== 'gate') return undefined;
  const gate = stepAt(planOf(spec), step.index)?.step.gate;
  if (gate === undefined) return undefined;
  const startedAt = step.countsFrom;
  const id = hash('sha256', JSON.stringify([candidate.digest, startedAt, step.index])).slice(0, ID_LENGTH);
  return { gate, stepIndex: step.index, candidate, startedAt, id };
}

/** The ConfigMap with the cases: what the step names, or else what the PromptVersion was made with. */
export function goldenSetOf({ gate }: GateRun, candidate: PromptVersion | undefined): string | undefined {
  if (gate.goldenSetRef !== undefined) return gate.goldenSetRef.name;
  const set = candidate?.spec.goldenSet;
  return set && goldenSetConfigMapName(set.name, set.digest);
}
