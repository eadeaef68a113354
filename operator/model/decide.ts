import { mergeConditions } from '#crds/conditions.ts';
import type { Model, ModelStatus } from '#crds/model.ts';
import { claimsOfProbe, claimsWithoutProbe } from './conditions.ts';
import type { ProbeAnswer } from './observe.ts';

const MESSAGE_MAXIMUM_LENGTH = 4096;

export function decideModel(model: Model, answer: ProbeAnswer, now: Date): ModelStatus {
  const claims =
    answer.kind === 'probed'
      ? claimsOfProbe(model, answer.probe)
      : claimsWithoutProbe(model, answer.message, now);
  const bounded = claims.map(({ type, status, reason, message }) => ({
    type,
    status,
    reason,
    message: message.slice(0, MESSAGE_MAXIMUM_LENGTH),
  }));
  const conditions = mergeConditions(model.status?.conditions ?? [], bounded, model.metadata.generation, now);
  return { conditions: [...conditions] };
}

export function isReady(status: ModelStatus): boolean {
  return status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
