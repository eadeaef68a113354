/** Brings the status of an object to what was observed; writes only when something differs. */
import { isDeepStrictEqual } from 'node:util';
import type { ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import type { KindObject } from '#crds/kind-definition.ts';
import type { ResourceKind } from '#adapters/kubernetes/resource-kind.ts';

export async function writeStatus<Status>(
  writer: ObjectWriter,
  resource: ResourceKind,
  object: KindObject<unknown, Status>,
  status: Status,
): Promise<boolean> {
  const { namespace, name } = object.metadata;
  const desired = withoutUndefined(status);
  if (isDeepStrictEqual(desired, withoutUndefined(object.status ?? {}))) return false;
  const applied = await writer.applyStatus(resource, { namespace, name }, desired, object.metadata);
  // Somebody else wrote into our status: server-side apply leaves their fields, and every pass would differ again.
  if (!isDeepStrictEqual(desired, withoutUndefined((applied as { status?: unknown }).status ?? {}))) {
    await writer.replaceStatus(resource, { namespace, name }, desired, applied.metadata);
  }
  return true;
}

function withoutUndefined(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
