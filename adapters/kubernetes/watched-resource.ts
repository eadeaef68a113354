/**
 * A collection that the operator keeps a copy of: where it is, which objects of it, what is kept of each, and by what
 * they are found. One value of this is one watch, whoever looks at it.
 */
import { type KubeObject, objectKey } from './kube-object.ts';
import type { IndexFunctions } from './object-indexes.ts';
import type { ResourceKind } from './resource-kind.ts';
import type { KindDefinition, KindObject } from '#crds/kind-definition.ts';
import { API_GROUP_VERSION } from '#crds/object-meta.ts';
import type { Logger } from '#telemetry/logger.ts';
import { type ReadObject, readKindObject, readableObject } from './read-kind.ts';

export interface WatchedResource<
  T extends KubeObject = KubeObject,
  Index extends string = never,
> extends ResourceKind {
  readonly labelSelector?: string;
  /** Cuts an object down to what is needed of it. */
  readonly read: (object: KubeObject, logger: Logger) => T;
  readonly indexes: IndexFunctions<T, Index>;
}

// oxlint-disable-next-line typescript/no-explicit-any -- a list of them holds many types, and each reader knows its own.
export type AnyWatchedResource = WatchedResource<any, any>;

/** Objects that are kept as they are. */
export function watchedObjects(resource: ResourceKind, labelSelector: string): WatchedResource {
  return { ...resource, labelSelector, read: (object) => object, indexes: {} };
}

/** Names of objects in the same namespace that an object refers to; absent ones may stand in the list. */
type References<Spec, Status> = (object: KindObject<Spec, Status>) => readonly (string | undefined)[];

/**
 * The objects of one of our own kinds. `refersTo` are its indexes: an object is found by the key (`namespace/name`) of
 * each object that it refers to.
 */
export function watchedKind<Spec, Status, Index extends string = never>(
  definition: KindDefinition & {
    readonly spec: { readonly _output: Spec };
    readonly status: { readonly _output: Status };
  },
  refersTo?: Readonly<Record<Index, References<Spec, Status>>>,
): WatchedResource<ReadObject<Spec, Status>, Index> {
  const indexes = Object.entries<References<Spec, Status>>(refersTo ?? {}).map(([index, referencesOf]) => [
    index,
    (read: ReadObject<Spec, Status>) => {
      const object = readableObject(read);
      if (object === undefined) return [];
      const names = referencesOf(object).filter((name) => name !== undefined);
      return [...new Set(names)].map((name) => objectKey({ namespace: object.metadata.namespace, name }));
    },
  ]);
  return {
    groupVersion: API_GROUP_VERSION,
    kind: definition.kind,
    plural: definition.plural,
    read: (object, logger) => readKindObject<Spec, Status>(definition, object, logger),
    indexes: Object.fromEntries(indexes) as IndexFunctions<ReadObject<Spec, Status>, Index>,
  };
}
