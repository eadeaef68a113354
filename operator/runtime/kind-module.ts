/**
 * A kind as a module: its definition, what it watches and what that wakes, the children it owns with the rights it
 * needs on them, and how an object of it is observed and decided on. Everything else (informers, queues, writes,
 * events, metrics, the chart's rights and admission policy) follows from this one value.
 */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { ObjectChange } from '#adapters/kubernetes/resilient-informer.ts';
import type { KindDefinition, KindObject, KindStatus } from '#crds/kind-definition.ts';
import type { OperatorConfig } from '../config.ts';
import type { ChildTolerance } from './child-applier.ts';
import type { ClusterView } from '#adapters/kubernetes/cluster-view.ts';
import type { Decision, ObservedChildren } from './decision.ts';
import type { ReadObject } from '#adapters/kubernetes/read-kind.ts';
import { type Reconciler, type ReconcilerContext, createReconciler } from './reconcile-kind.ts';
import type { AnyWatchedResource, WatchedResource } from '#adapters/kubernetes/watched-resource.ts';

export interface Kind<Spec, Status extends KindStatus, Observed, Config = OperatorConfig> {
  readonly definition: KindDefinition;
  /** The objects themselves: a change of one wakes its own key. */
  readonly objects: WatchedResource<ReadObject<Spec, Status>>;
  /** What else it looks at. */
  readonly watches: readonly Watch[];
  readonly children?: OwnedChildren;
  /** How many objects are worked on at a time. */
  readonly workers: number;
  /** Longer than a minute for a kind that waits for others than the API server. */
  readonly passTimeoutSeconds?: number;
  readonly connect: (context: KindContext<Config>) => KindObserver<Spec, Status, Observed>;
  /** Pure. */
  readonly decide: (observed: Observed, now: Date, children: ObservedChildren) => Decision<Status>;
}

/** `Config` are the settings of the process that runs the kind. */
export interface KindContext<Config = OperatorConfig> {
  readonly view: ClusterView;
  readonly config: Config;
  readonly random: () => number;
}

export interface KindObserver<Spec, Status, Observed> {
  /** Gathers all that decides about one object. */
  readonly observe: (
    object: KindObject<Spec, Status>,
    children: ObservedChildren,
    signal: AbortSignal,
  ) => Observed | Promise<Observed>;
  /** The object with this key is gone. */
  readonly forget?: (key: string) => void;
}

/** Which keys of the kind are to be looked at again when an object of another resource changed. */
export interface Watch {
  readonly resource: AnyWatchedResource;
  readonly wakes: (key: string, change: ObjectChange<KubeObject>, view: ClusterView) => Iterable<string>;
  /**
   * Whether there is time: the keys are looked at one after another, in a few minutes, however many they are. For what
   * only a status tells.
   */
  readonly isLazy: boolean;
}

export function watching<T extends KubeObject, Index extends string>(
  resource: WatchedResource<T, Index>,
  wakes: (key: string, change: ObjectChange<T>, view: ClusterView) => Iterable<string>,
): Watch {
  return {
    resource,
    wakes: (key, change, view) => wakes(key, change as ObjectChange<T>, view),
    isLazy: false,
  };
}

export function watchingLazily<T extends KubeObject, Index extends string>(
  resource: WatchedResource<T, Index>,
  wakes: (key: string, change: ObjectChange<T>, view: ClusterView) => Iterable<string>,
): Watch {
  return { ...watching(resource, wakes), isLazy: true };
}

export interface OwnedChildren {
  /** A child is called by this and the name of its owner; its change wakes the owner by its name. */
  readonly namePrefix: string;
  readonly resources: readonly OwnedResource[];
  readonly tolerance: ChildTolerance;
  /** To what the API server holds the operator when it writes these children, beside their names. */
  readonly admissionRules: readonly AdmissionRule[];
}

export interface OwnedResource {
  readonly resource: WatchedResource;
  /** Why it may have to be deleted, when it may. Most children go with their owner only. */
  readonly deletedBecause?: string;
}

/**
 * A CEL expression that must hold, with the variables `name` (of the child), `pods` (a list of the pod spec in it, if
 * it has one), `containers` and `volumes` (for each such pod), and the sentence that a refusal says.
 */
export interface AdmissionRule {
  readonly expression: string;
  readonly message: string;
}

/** A kind without its types, so that kinds stand in one list. */
export interface KindModule<Config = OperatorConfig> {
  readonly definition: KindDefinition;
  readonly objects: AnyWatchedResource;
  readonly watches: readonly Watch[];
  readonly children?: OwnedChildren;
  readonly workers: number;
  readonly passTimeoutSeconds?: number;
  readonly createReconciler: (context: KindContext<Config> & ReconcilerContext) => Reconciler;
}

export function kindModule<Spec, Status extends KindStatus, Observed, Config = OperatorConfig>(
  kind: Kind<Spec, Status, Observed, Config>,
): KindModule<Config> {
  const { definition, objects, watches, children, workers, passTimeoutSeconds } = kind;
  return {
    definition,
    objects,
    watches,
    workers,
    ...(children === undefined ? {} : { children }),
    ...(passTimeoutSeconds === undefined ? {} : { passTimeoutSeconds }),
    createReconciler: (context) => createReconciler(kind, context),
  };
}

/** Every collection that these kinds look at, each once. */
export function resourcesOf(
  modules: readonly Pick<KindModule, 'objects' | 'watches' | 'children'>[],
): ReadonlySet<AnyWatchedResource> {
  return new Set(
    modules.flatMap(({ objects, watches, children }) => [
      objects,
      ...watches.map(({ resource }) => resource),
      ...(children?.resources ?? []).map(({ resource }) => resource),
    ]),
  );
}
