/**
 * A view of the cluster: one informer for each collection that a process looks at. Every replica keeps
 * them warm, leader or not: the next leader starts with a full view, and each replica serves configurations from it.
 */
import type { KubeClient } from './kube-client.ts';
import type { KubeObject } from './kube-object.ts';
import {
  type ObjectChange,
  type ResilientInformer,
  collectionPath,
  createResilientInformer,
} from './resilient-informer.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { AnyWatchedResource, WatchedResource } from './watched-resource.ts';

/** What may be asked of the copy of one collection. */
export type ObjectsInView<T extends KubeObject, Index extends string = never> = Pick<
  ResilientInformer<T, Index>,
  'get' | 'list' | 'by'
>;

export interface ClusterView {
  /** Throws when no kind of this operator declares that it watches the resource. */
  readonly of: <T extends KubeObject, Index extends string>(
    resource: WatchedResource<T, Index>,
  ) => ObjectsInView<T, Index>;
}

export interface RunningClusterView extends ClusterView {
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly isSynced: () => boolean;
  readonly secondsSinceLastContact: () => number;
  /** For each resource, for metrics. */
  readonly staleness: () => readonly { readonly resource: string; readonly seconds: number }[];
}

/** Tells that an object of this resource changed. Called after the view has changed. */
export type OnClusterChange = (
  resource: AnyWatchedResource,
  key: string,
  change: ObjectChange<KubeObject>,
) => void;

export interface ClusterViewOptions {
  readonly resources: Iterable<AnyWatchedResource>;
  readonly kubeClient: KubeClient;
  /** All namespaces when not given. */
  readonly namespace: string | undefined;
  readonly onChange: OnClusterChange;
  readonly logger: Logger;
  readonly random: () => number;
}

export function createClusterView(options: ClusterViewOptions): RunningClusterView {
  const { kubeClient, namespace, onChange, logger, random } = options;
  const informers = new Map<AnyWatchedResource, ResilientInformer<KubeObject, string>>();
  for (const resource of options.resources) {
    const { groupVersion, plural, labelSelector, indexes } = resource;
    informers.set(
      resource,
      createResilientInformer<KubeObject, string>({
        kubeClient,
        path: collectionPath(groupVersion, plural, namespace),
        onChange: (key, change) => onChange(resource, key, change),
        transform: (object) => resource.read(object, logger),
        indexes,
        logger,
        random,
        ...(labelSelector === undefined ? {} : { labelSelector }),
      }),
    );
  }
  return {
    of: <T extends KubeObject, Index extends string>(resource: WatchedResource<T, Index>) => {
      const informer = informers.get(resource);
      if (informer === undefined) throw new Error(`No kind declares that it watches ${resource.plural}.`);
      return informer as unknown as ObjectsInView<T, Index>;
    },
    run: async (signal) => {
      await Promise.all([...informers.values()].map((informer) => informer.start(signal)));
    },
    isSynced: () => [...informers.values()].every((informer) => informer.synced()),
    secondsSinceLastContact: () =>
      Math.max(...[...informers.values()].map((informer) => informer.secondsSinceLastContact())),
    staleness: () =>
      [...informers].map(([{ plural }, informer]) => ({
        resource: plural,
        seconds: informer.secondsSinceLastContact(),
      })),
  };
}
