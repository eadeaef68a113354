/** Keeps the children of an object as they were decided: finds, makes, repairs and removes them, and tells of it. */
import { type KubeObject, objectKey } from '#adapters/kubernetes/kube-object.ts';
import type { ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import type { ResourceKind } from '#adapters/kubernetes/resource-kind.ts';
import type { KindObject } from '#crds/kind-definition.ts';
import type { ChildApplier, ChildResult, DesiredChild } from './child-applier.ts';
import { childOwnership } from './child-owner.ts';
import type { ClusterView } from '#adapters/kubernetes/cluster-view.ts';
import {
  type ChildProblem,
  type Decision,
  NO_CHILDREN,
  type ObservedChildren,
  describeChildProblem,
} from './decision.ts';
import type { ObjectEvent } from './event-recorder.ts';
import type { OwnedChildren } from './kind-module.ts';

type Owner = KindObject<unknown, unknown>;

export interface ChildKeeper {
  /** The children as they are now, with what is remembered of the last pass. */
  readonly observe: (owner: Owner, before: ObservedChildren) => ObservedChildren;
  /** Writes what differs from what was decided. The answer is the children as they are then. */
  readonly keep: (
    owner: Owner,
    decision: Decision<unknown>,
    before: ObservedChildren,
  ) => Promise<ObservedChildren>;
}

interface Found {
  readonly free: { readonly child: DesiredChild; readonly live: KubeObject | undefined }[];
  readonly problems: ChildProblem[];
}

/** For a kind that owns nothing. */
export const NO_CHILD_KEEPER: ChildKeeper = {
  observe: () => NO_CHILDREN,
  keep: () => Promise.resolve(NO_CHILDREN),
};

export function createChildKeeper(options: {
  readonly children: OwnedChildren;
  readonly view: ClusterView;
  readonly applier: ChildApplier;
  readonly writer: ObjectWriter;
  readonly tell: (owner: Owner, event: ObjectEvent) => void;
}): ChildKeeper {
  const { children, view, applier, writer, tell } = options;

  /** Of the local copy, whoever owns it. */
  function cached(resource: ResourceKind, owner: Owner): KubeObject | undefined {
    const owned = children.resources.find((one) => one.resource.kind === resource.kind);
    const { namespace, name } = owner.metadata;
    return owned && view.of(owned.resource).get(objectKey({ namespace, name: children.namePrefix + name }));
  }

  const ownershipOf = (live: KubeObject, { kind, metadata: { uid, name } }: Owner) =>
    childOwnership(live, { uid, name, kind });

  /** What stands at the names of the wanted children, and whose it is. */
  async function look(owner: Owner, desired: readonly DesiredChild[]): Promise<Found> {
    const free: Found['free'] = [];
    const problems: ChildProblem[] = [];
    for (const child of desired) {
      const live = await applier.find(child, cached(child.resource, owner));
      const ownership = live === undefined ? undefined : ownershipOf(live, owner);
      if (ownership?.kind === 'taken') {
        const { by, isPassing } = ownership;
        problems.push({ kind: 'taken', object: describe(child.resource, child.object), by, isPassing });
      } else {
        free.push({ child, live });
      }
    }
    return { free, problems };
  }

  async function keep(
    owner: Owner,
    decision: Decision<unknown>,
    before: ObservedChildren,
  ): Promise<ObservedChildren> {
    const desired = decision.children ?? [];
    const { free, problems } = await look(owner, desired);
    const isTaken = problems.length > 0;
    const live = new Map(before.live);
    for (const one of free) {
      // Nothing new is made beside a name that is taken: a pod must never run under a ServiceAccount of others.
      if (one.live === undefined && isTaken) continue;
      const result = await applier.bring(one.child, one.live);
      const after = result.kind === 'refused' ? one.live : result.live;
      if (after !== undefined) live.set(one.child.resource.kind, after);
      const problem = problemOf(one.child, result);
      if (problem !== undefined) problems.push(problem);
      const event = eventOf(one.child, result, problem);
      if (event !== undefined) tell(owner, event);
    }
    for (const resource of decision.unwanted ?? []) {
      await remove(owner, resource);
      live.delete(resource.kind);
    }
    const wanted = new Map(before.wanted);
    for (const { resource, object } of desired) wanted.set(resource.kind, object);
    return { live, wanted, problems };
  }

  async function remove(owner: Owner, resource: ResourceKind): Promise<void> {
    const live = cached(resource, owner);
    if (live === undefined || live.metadata.deletionTimestamp !== undefined) return;
    if (ownershipOf(live, owner).kind !== 'ours') return;
    const target = { namespace: owner.metadata.namespace, name: live.metadata.name };
    await writer.remove(resource, target, live.metadata);
    tell(owner, { type: 'Normal', reason: 'Removed', note: `Removed ${resource.kind} ${target.name}.` });
  }

  return {
    keep,
    observe: (owner, before) => {
      const live = children.resources.flatMap(({ resource }) => {
        const object = cached(resource, owner);
        const isOurs = object !== undefined && ownershipOf(object, owner).kind === 'ours';
        return isOurs ? [[resource.kind, object] as const] : [];
      });
      return { ...before, live: new Map(live) };
    },
  };
}

/** Whether two observations say the same: then nothing was written, and nothing new was refused. */
export function areSameChildren(one: ObservedChildren, other: ObservedChildren): boolean {
  return (
    one.live.size === other.live.size &&
    [...one.live].every(([kind, live]) => other.live.get(kind) === live) &&
    JSON.stringify(one.problems) === JSON.stringify(other.problems)
  );
}

function problemOf(child: DesiredChild, result: ChildResult): ChildProblem | undefined {
  const object = describe(child.resource, child.object);
  if (result.kind === 'refused') {
    return { kind: 'refused', object, message: result.message, isFinal: result.isInvalid };
  }
  return result.kind === 'contested' ? { kind: 'contested', object } : undefined;
}

function eventOf(
  child: DesiredChild,
  result: ChildResult,
  problem: ChildProblem | undefined,
): ObjectEvent | undefined {
  const object = describe(child.resource, child.object);
  const note = problem === undefined ? '' : describeChildProblem(problem);
  switch (result.kind) {
    case 'unchanged':
      return undefined;
    case 'created':
      return { type: 'Normal', reason: 'Created', note: `Created ${object}.` };
    case 'updated':
      return { type: 'Normal', reason: 'Updated', note: `Updated ${object}.` };
    case 'repaired': {
      const repaired = `${object} was deleted or changed by somebody else, and is as it should be again.`;
      return { type: 'Warning', reason: 'Repaired', note: repaired };
    }
    case 'refused':
      return { type: 'Warning', reason: 'ChildRefused', note };
    case 'contested':
      return { type: 'Warning', reason: 'RepairContested', note };
  }
  return undefined;
}

function describe({ kind }: ResourceKind, { metadata }: DesiredChild['object']): string {
  return `${kind} ${metadata.name}`;
}
