/** A CanaryRollout as the API server has it. */
import { z } from 'zod';
import type { KubeObject, KubeObjectMeta } from '#adapters/kubernetes/kube-object.ts';
import type { CanaryRolloutSpec, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import { STEP_KINDS } from '#crds/rollout-release.ts';
import { ROLLOUT_COMMAND_ANNOTATION } from '#domain/rollout/rollout-command.ts';
import type { RolloutRow } from '../api/answers.ts';
import { conditionOf } from './conditions.ts';

export interface RolloutObject extends KubeObject {
  readonly metadata: KubeObjectMeta & { readonly namespace: string };
  readonly spec: CanaryRolloutSpec;
  readonly status: CanaryRolloutStatus;
  /** The annotation, as it stands. */
  readonly command: string | undefined;
}

/** Of what is not looked at here the API server's schema is proof enough. */
const RolloutParts = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
  }),
  spec: z.looseObject({ prompt: z.string() }),
  status: z.looseObject({}).optional(),
});

/** Throws on what is no CanaryRollout. */
export function rolloutObjectOf(object: KubeObject): RolloutObject {
  const { metadata, spec, status } = RolloutParts.parse(object);
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    metadata: { name, namespace, uid, resourceVersion },
    spec,
    status: status ?? {},
    command: object.metadata.annotations?.[ROLLOUT_COMMAND_ANNOTATION],
  };
}

export function rolloutRow({ metadata, spec, status }: RolloutObject): RolloutRow {
  const { step, candidate, stable, exposure } = status;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    phase: status.phase ?? 'Progressing',
    sentence: sentenceOf(status),
    stable: stable?.name ?? null,
    candidate: candidate?.name ?? null,
    exposurePercent: candidate === undefined || exposure === undefined ? null : exposure.basisPoints / 100,
    step:
      step === undefined
        ? null
        : { index: step.index, count: spec.steps?.length ?? 0, kind: kindOf(step.kind) },
    sinceMicroseconds: microsecondsOf(sinceOf(status)),
  };
}

function sentenceOf({ conditions = [] }: CanaryRolloutStatus): string {
  const condition = conditionOf(conditions, 'Progressing') ?? conditionOf(conditions, 'Ready');
  return condition?.message ?? 'The operator has not looked at it yet.';
}

function sinceOf({ paused, step, candidateSince, decision }: CanaryRolloutStatus): string | undefined {
  return paused?.at ?? step?.startedAt ?? candidateSince ?? decision?.at;
}

function kindOf(kind: string): string {
  return STEP_KINDS.find((known) => known === kind) ?? 'unknown';
}

export function microsecondsOf(time: string | undefined): number | null {
  const milliseconds = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(milliseconds) ? null : milliseconds * 1_000;
}
