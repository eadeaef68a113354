/**
 * Brings one child to what is desired, with as few writes as that takes:
 *
 *   absent                          -> create (fails when the name was taken meanwhile)
 *   as desired, nothing added       -> no write
 *   a field differs                 -> server-side apply
 *   others set fields               -> replace, then server-side apply
 *   made immutable                  -> delete, and create in the next pass
 *
 * Server-side apply restores what we set but keeps what others added (a sidecar, a label); `managedFields` shows
 * those additions and the replace removes them. An object that the owner does not control is never touched.
 *
 * Two ways to write for ever are closed: a value that the server normalises ("1000m" to "1") is remembered as
 * settled, and a child that somebody else changes back each time is repaired a few times a minute only.
 */
import { hash } from 'node:crypto';
import { findDifferences } from '#adapters/kubernetes/field-difference.ts';
import { entriesToKeep, foreignFields, hasResidue } from '#adapters/kubernetes/field-ownership.ts';
import { KubeApiError, isNotFound } from '#adapters/kubernetes/kube-api-error.ts';
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import { type KubeObject, objectKey, parseKubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { DesiredObject, ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import { type ResourceKind, objectPath } from '#adapters/kubernetes/resource-kind.ts';

const REPAIR_WINDOW_MILLISECONDS = 60_000;
const MAXIMUM_REPAIRS_IN_WINDOW = 5;
const MAXIMUM_REMEMBERED = 50_000;

export interface DesiredChild {
  readonly resource: ResourceKind;
  readonly object: DesiredObject;
}

/** What a kind of child leaves to others. */
export interface ChildTolerance {
  readonly isTolerated: (resource: ResourceKind, fieldPath: string) => boolean;
  /** The desired object with the tolerated fields of the live one, for a replace. */
  readonly withTolerated: (child: DesiredChild, live: KubeObject) => DesiredObject;
}

export type ChildResult =
  | { readonly kind: 'unchanged' | 'created' | 'updated' | 'repaired'; readonly live: KubeObject }
  /** The API server does not let the object be so: it is invalid, or (which may pass) over quota or denied by a policy. */
  | { readonly kind: 'refused'; readonly message: string; readonly isInvalid: boolean }
  | { readonly kind: 'contested'; readonly live: KubeObject };

export interface ChildApplier {
  /** The live object: the given one of the local copy, or else what the API server has. */
  readonly find: (child: DesiredChild, cached: KubeObject | undefined) => Promise<KubeObject | undefined>;
  /** Throws a conflict when the live object is not the present one any more. */
  readonly bring: (child: DesiredChild, live: KubeObject | undefined) => Promise<ChildResult>;
}

export function createChildApplier(options: {
  readonly kubeClient: Pick<KubeClient, 'request'>;
  readonly writer: ObjectWriter;
  readonly fieldManager: string;
  readonly tolerance: ChildTolerance;
  readonly nowMilliseconds?: () => number;
}): ChildApplier {
  const { kubeClient, writer, fieldManager, tolerance } = options;
  const nowMilliseconds = options.nowMilliseconds ?? (() => performance.now());
  /** By uid: differences that were there right after a write. */
  const settled = new Map<string, string>();
  /** By uid and fields: when these were repaired lately. */
  const repairs = new Map<string, readonly number[]>();
  /** By kind and key: digest of what was desired last, to tell a change of mind from a repair. */
  const lastDesired = new Map<string, string>();

  async function find(child: DesiredChild, cached: KubeObject | undefined): Promise<KubeObject | undefined> {
    if (cached !== undefined) return cached;
    const { namespace, name } = child.object.metadata;
    try {
      const path = objectPath(child.resource, namespace, name);
      return parseKubeObject(await kubeClient.request({ method: 'GET', path }));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async function bring(child: DesiredChild, live: KubeObject | undefined): Promise<ChildResult> {
    const { resource, object } = child;
    const place = `${resource.kind} ${objectKey(object.metadata)}`;
    const desiredDigest = hash('sha256', JSON.stringify(object));
    const isSameWish = lastDesired.get(place) === desiredDigest;
    try {
      if (live === undefined) {
        const created = await writer.create(resource, object);
        remember(lastDesired, place, desiredDigest);
        settle(object, created);
        return { kind: isSameWish ? 'repaired' : 'created', live: created };
      }
      // On its way out: it comes back once it is gone.
      if (live.metadata.deletionTimestamp !== undefined) return { kind: 'unchanged', live };
      if (isAsDesired(child, live)) {
        remember(lastDesired, place, desiredDigest);
        return { kind: 'unchanged', live };
      }
      if (isSameWish && !mayRepair(child, live)) return { kind: 'contested', live };
      if (isFrozen(live)) {
        await writer.remove(resource, object.metadata, live.metadata);
        // Gone now; made anew by the pass that its deletion wakes.
        return { kind: 'unchanged', live };
      }
      const written = await write(child, live);
      remember(lastDesired, place, desiredDigest);
      return { kind: isSameWish ? 'repaired' : 'updated', live: written };
    } catch (error) {
      if (error instanceof KubeApiError && [400, 403, 422].includes(error.status)) {
        return { kind: 'refused', message: error.message, isInvalid: error.status !== 403 };
      }
      throw error;
    }
  }

  function isAsDesired(child: DesiredChild, live: KubeObject): boolean {
    if (additionsTo(child, live).length > 0) return false;
    const differences = describeDifferences(child.object, live);
    return differences === '' || settled.get(live.metadata.uid) === differences;
  }

  function additionsTo({ resource }: DesiredChild, live: KubeObject): readonly string[] {
    return foreignFields(live.metadata.managedFields, fieldManager, (path) =>
      tolerance.isTolerated(resource, path),
    );
  }

  async function write(child: DesiredChild, live: KubeObject): Promise<KubeObject> {
    const { resource, object } = child;
    const isTolerated = (path: string): boolean => tolerance.isTolerated(resource, path);
    let written = live;
    if (hasResidue(live.metadata.managedFields, fieldManager, isTolerated)) {
      // First of all: an admission policy may forbid us to write an object with what others added still in it.
      const whole = tolerance.withTolerated(child, live);
      const kept = entriesToKeep(live.metadata.managedFields, fieldManager);
      written = await writer.replace(resource, whole, live.metadata, kept);
    }
    written = await writer.apply(resource, object, written.metadata);
    if (hasResidue(written.metadata.managedFields, fieldManager, isTolerated)) {
      const kept = entriesToKeep(written.metadata.managedFields, fieldManager);
      written = await writer.own(resource, written, kept);
    }
    settle(object, written);
    return written;
  }

  /** What differs right after a write is the server's own way of writing it, and nobody's edit. */
  function settle(desired: DesiredObject, written: KubeObject): void {
    const differences = describeDifferences(desired, written);
    if (differences === '') settled.delete(written.metadata.uid);
    else remember(settled, written.metadata.uid, differences);
  }

  /** Different edits are many hands; the same fields again and again are another controller. */
  function mayRepair(child: DesiredChild, live: KubeObject): boolean {
    const fields = [...findDifferences(child.object, live), ...additionsTo(child, live)];
    const contest = JSON.stringify([live.metadata.uid, ...fields]);
    const now = nowMilliseconds();
    const recent = (repairs.get(contest) ?? []).filter((at) => now - at < REPAIR_WINDOW_MILLISECONDS);
    if (recent.length >= MAXIMUM_REPAIRS_IN_WINDOW) return false;
    remember(repairs, contest, [...recent, now]);
    return true;
  }

  return { find, bring };
}

/** A ConfigMap that was made immutable refuses every repair, for ever. */
function isFrozen(live: KubeObject): boolean {
  return (live as { readonly immutable?: unknown }).immutable === true;
}

/** With the values on both sides, so that a settled difference is recognised only while nothing moves. A digest, because a child may be large. */
function describeDifferences(desired: DesiredObject, live: KubeObject): string {
  const paths = findDifferences(desired, live);
  if (paths.length === 0) return '';
  return hash('sha256', JSON.stringify([paths, desired, paths.map((path) => valueAt(live, path))]));
}

function valueAt(object: unknown, path: string): unknown {
  let value: unknown = object;
  for (const step of path.split(/[.[\]]+/).filter((one) => one !== '')) {
    value = (value as Readonly<Record<string, unknown>> | undefined)?.[step];
  }
  return value;
}

/** Forgets the oldest entry when there are too many. */
function remember<Value>(memory: Map<string, Value>, key: string, value: Value): void {
  memory.delete(key);
  memory.set(key, value);
  if (memory.size <= MAXIMUM_REMEMBERED) return;
  const oldest = memory.keys().next();
  if (oldest.done !== true) memory.delete(oldest.value);
}
