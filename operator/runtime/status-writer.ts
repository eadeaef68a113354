/** Brings the status of an object to what was observed; writes only when something differs. */
import { isDeepStrictEqual } from 'node:util';
import type { ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import type { Condition } from '#crds/conditions.ts';
import type { KindObject } from '#crds/kind-definition.ts';
import { isObservedCondition } from '#crds/observed-conditions.ts';
import type { ResourceKind } from '#adapters/kubernetes/resource-kind.ts';

export async function writeStatus<Status>(
  writer: ObjectWriter,
  resource: ResourceKind,
  object: KindObject<unknown, Status>,
  status: Status,
): Promise<boolean> {
  const { namespace, name } = object.metadata;
  const desired = ofTheOperator(status);
  if (isDeepStrictEqual(desired, ofTheOperator(object.status))) return false;
  const applied = await writer.applyStatus(resource, { namespace, name }, desired, object.metadata);
  const { status: live } = applied as { readonly status?: unknown };
  // Somebody else wrote into our status: server-side apply leaves their fields, and every pass would differ again.
  if (!isDeepStrictEqual(desired, ofTheOperator(live))) {
    const whole = { ...desired, conditions: [...(desired.conditions ?? []), ...observedConditions(live)] };
    await writer.replaceStatus(resource, { namespace, name }, whole, applied.metadata);
  }
  return true;
}

interface PlainStatus {
  readonly conditions?: readonly Condition[];
}

/** As JSON, without what the observer says in the same list. */
function ofTheOperator(status: unknown): PlainStatus {
  const plain = JSON.parse(JSON.stringify(status ?? {})) as PlainStatus;
  const { conditions, ...rest } = plain;
  if (conditions === undefined) return plain;
  const own = conditions.filter((condition) => !isObservedCondition(condition));
  // An observer may have been here before the operator: the list is then there, and nothing of ours in it.
  return own.length === 0 && own.length < conditions.length ? rest : { ...rest, conditions: own };
}

function observedConditions(status: unknown): readonly Condition[] {
  return (status as PlainStatus | undefined)?.conditions?.filter(isObservedCondition) ?? [];
}
