/** A view of objects that a test holds, read and indexed as the informers do it. */
import { type KubeObject, objectKey } from '#adapters/kubernetes/kube-object.ts';
import { type IndexFunctions, ObjectIndexes } from '#adapters/kubernetes/object-indexes.ts';
import { createLogger } from '#telemetry/logger.ts';
import type { ClusterView, ObjectsInView } from '#adapters/kubernetes/cluster-view.ts';
import type { AnyWatchedResource, WatchedResource } from '#adapters/kubernetes/watched-resource.ts';

interface Collection {
  readonly objects: Map<string, KubeObject>;
  readonly indexes: ObjectIndexes<KubeObject, string>;
}

export interface InMemoryView extends ClusterView {
  /** Puts an object there, or takes it away by its key. Answers with the change, as an informer tells it. */
  readonly put: (resource: AnyWatchedResource, object: object) => Change;
  readonly remove: (resource: AnyWatchedResource, key: string) => Change;
}

interface Change {
  readonly key: string;
  readonly current: KubeObject | undefined;
  readonly previous: KubeObject | undefined;
}

export function createInMemoryView(resources: Iterable<AnyWatchedResource>): InMemoryView {
  const logger = createLogger('test', 'silent');
  const collections = new Map<AnyWatchedResource, Collection>();
  for (const resource of resources) {
    const indexes = new ObjectIndexes<KubeObject, string>(resource.indexes as IndexFunctions<KubeObject>);
    collections.set(resource, { objects: new Map(), indexes });
  }
  const collectionOf = (resource: AnyWatchedResource): Collection => {
    const collection = collections.get(resource);
    if (collection === undefined) throw new Error(`No kind declares that it watches ${resource.plural}.`);
    return collection;
  };
  const change = (resource: AnyWatchedResource, key: string, current: KubeObject | undefined): Change => {
    const { objects, indexes } = collectionOf(resource);
    const previous = objects.get(key);
    if (current === undefined) objects.delete(key);
    else objects.set(key, current);
    indexes.update(key, previous, current);
    return { key, current, previous };
  };
  return {
    of: <T extends KubeObject, Index extends string>(resource: WatchedResource<T, Index>) => {
      const { objects, indexes } = collectionOf(resource);
      return {
        get: (key: string) => objects.get(key),
        list: () => [...objects.values()],
        by: (index: string, value: string) =>
          [...indexes.keys(index, value)].flatMap((key) => objects.get(key) ?? []),
      } as unknown as ObjectsInView<T, Index>;
    },
    put: (resource, object) => {
      const raw = { kind: resource.kind, ...object } as KubeObject;
      return change(resource, objectKey(raw.metadata), resource.read(raw, logger) as KubeObject);
    },
    remove: (resource, key) => change(resource, key, undefined),
  };
}
