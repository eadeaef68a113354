/**
 * What `decide` of a kind answers with: the whole status and the children that are wanted. It is pure, and everything
 * goes into it, also what became of the children of the last pass: when a write was refused, that is one more thing
 * that was observed.
 */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { DesiredObject } from '#adapters/kubernetes/object-writer.ts';
import type { ResourceKind } from '#adapters/kubernetes/resource-kind.ts';
import type { RecordDraft } from '#domain/ledger/ledger-record.ts';
import type { DesiredChild } from './child-applier.ts';
import type { ObjectEvent } from './event-recorder.ts';

export interface Decision<Status> {
  readonly status: Status;
  /** In the order in which they are to be made. It must not depend on `problems` of children. */
  readonly children?: readonly DesiredChild[];
  /** Kinds of children that must not be there. What is neither wanted nor unwanted stays as it is. */
  readonly unwanted?: readonly ResourceKind[];
  /** Told when the status that comes with them was written. Whether the object is ready is told by itself. */
  readonly events?: readonly ObjectEvent[];
  /** Told to the ledger before the status that comes with them is written. */
  readonly records?: readonly RecordDraft[];
  /** When the object is to be looked at again though nothing changes. */
  readonly recheckSeconds?: number;
}

/** The children of one object, by their kind (`Deployment`). */
export interface ObservedChildren {
  /** Those that are the object's own, as they are in the cluster. */
  readonly live: ReadonlyMap<string, KubeObject>;
  /** What this process wanted of them last; somebody may have edited the live ones since. */
  readonly wanted: ReadonlyMap<string, DesiredObject>;
  /** Why children are not as they are wanted. */
  readonly problems: readonly ChildProblem[];
}

export const NO_CHILDREN: ObservedChildren = { live: new Map(), wanted: new Map(), problems: [] };

export type ChildProblem =
  /** The name is held by an object of somebody else; `isPassing` when that one is on its way out. */
  | { readonly kind: 'taken'; readonly object: string; readonly by: string; readonly isPassing: boolean }
  /** The API server does not take the child; `isFinal` when no waiting can help (it is invalid). */
  | { readonly kind: 'refused'; readonly object: string; readonly message: string; readonly isFinal: boolean }
  | { readonly kind: 'contested'; readonly object: string };

export function describeChildProblem(problem: ChildProblem): string {
  switch (problem.kind) {
    case 'taken':
      return `${problem.object} belongs to ${problem.by}.`;
    case 'refused':
      return `The API server does not take ${problem.object}: ${problem.message}.`;
    case 'contested':
      return `${problem.object} is changed again and again by somebody else; it is repaired a few times a minute only.`;
  }
  return problem satisfies never;
}
