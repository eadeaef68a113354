/** All that others look at of a Model, as one word: two Models of the same word are the same to them. */
import type { ModelSpec, ModelStatus } from '#crds/model.ts';
import type { ReadObject } from '#adapters/kubernetes/read-kind.ts';

export function readinessOfModel(read: ReadObject<ModelSpec, ModelStatus> | undefined): string {
  if (read === undefined) return 'absent';
  const { content } = read;
  if (!content.ok) return 'unreadable';
  const ready = content.object.status?.conditions?.find(({ type }) => type === 'Ready');
  return `${ready?.status ?? 'Unknown'} of ${ready?.observedGeneration ?? 0} at ${content.object.metadata.generation}`;
}
