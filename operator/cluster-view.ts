/**
 * The operator's view of the cluster: one informer for each kind it reads. Every replica keeps them warm, leader or
 * not: the next leader starts with a full view, and each replica serves configurations from it.
 */
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import {
  type ObjectChange,
  type ResilientInformer,
  collectionPath,
  createResilientInformer,
} from '#adapters/kubernetes/resilient-informer.ts';
import type { ResourceKind } from '#adapters/kubernetes/resource-kind.ts';
import { AgentSpec, AgentStatus } from '#crds/agent.ts';
import { CanaryRolloutSpec, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import { ModelSpec, ModelStatus } from '#crds/model.ts';
import { PromptVersionSpec, PromptVersionStatus } from '#crds/prompt-version.ts';
import type { Logger } from '#telemetry/logger.ts';
import { AGENT_LABEL, MANAGED_BY, MANAGED_BY_LABEL } from './agent/children.ts';
import { type PodSummary, summarisePod } from './agent/pod-summary.ts';
import {
  AGENTS,
  CANARY_ROLLOUTS,
  CHILD_RESOURCES,
  type ChildKind,
  MODELS,
  PODS,
  PROMPT_VERSIONS,
} from './resources.ts';
import { type ReadObject, createKindReader } from './runtime/read-kind.ts';

/** A replica that has not heard of the API server for so long says that it is not ready. */
export const STALE_AFTER_SECONDS = 60;

type Own<Spec, Status> = ResilientInformer<ReadObject<Spec, Status>>;

export interface ClusterView {
  readonly agents: Own<AgentSpec, AgentStatus>;
  readonly promptVersions: Own<PromptVersionSpec, PromptVersionStatus>;
  readonly canaryRollouts: Own<CanaryRolloutSpec, CanaryRolloutStatus>;
  readonly models: Own<ModelSpec, ModelStatus>;
  readonly children: Readonly<Record<ChildKind, ResilientInformer<KubeObject>>>;
  readonly pods: ResilientInformer<PodSummary>;
  /** By plural, for metrics. */
  readonly informers: ReadonlyMap<string, ResilientInformer<KubeObject>>;
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly isSynced: () => boolean;
  readonly secondsSinceLastContact: () => number;
}

/** Tells that an object of this kind changed. Called after the view has changed. */
export type OnClusterChange = (resource: ResourceKind, key: string, change: ObjectChange<KubeObject>) => void;

export interface ClusterViewOptions {
  readonly kubeClient: KubeClient;
  /** All namespaces when not given. */
  readonly namespace: string | undefined;
  readonly onChange: OnClusterChange;
  readonly logger: Logger;
  readonly random: () => number;
  readonly relistSeconds?: number;
}

export function createClusterView(options: ClusterViewOptions): ClusterView {
  const { kubeClient, namespace, onChange, logger, random } = options;
  const informers = new Map<string, ResilientInformer<KubeObject>>();

  function watch<T extends KubeObject>(
    resource: ResourceKind,
    transform: (object: KubeObject) => T,
    labelSelector?: string,
  ): ResilientInformer<T> {
    const informer = createResilientInformer<T>({
      kubeClient,
      path: collectionPath(resource.groupVersion, resource.plural, namespace),
      onChange: (key, change) => onChange(resource, key, change),
      transform,
      logger,
      random,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(options.relistSeconds === undefined ? {} : { relistSeconds: options.relistSeconds }),
    });
    informers.set(resource.plural, informer);
    return informer;
  }

  const selector = `${MANAGED_BY_LABEL}=${MANAGED_BY},${AGENT_LABEL}`;
  const children = Object.fromEntries(
    CHILD_RESOURCES.map((resource) => [resource.kind, watch(resource, (object) => object, selector)]),
  ) as Record<ChildKind, ResilientInformer<KubeObject>>;

  return {
    agents: watch(AGENTS, createKindReader(AgentSpec, AgentStatus, logger)),
    promptVersions: watch(PROMPT_VERSIONS, createKindReader(PromptVersionSpec, PromptVersionStatus, logger)),
    canaryRollouts: watch(CANARY_ROLLOUTS, createKindReader(CanaryRolloutSpec, CanaryRolloutStatus, logger)),
    models: watch(MODELS, createKindReader(ModelSpec, ModelStatus, logger)),
    children,
    pods: watch(PODS, summarisePod, selector),
    informers,
    run: async (signal) => {
      await Promise.all([...informers.values()].map((informer) => informer.start(signal)));
    },
    isSynced: () => [...informers.values()].every((informer) => informer.synced()),
    secondsSinceLastContact: () =>
      Math.max(...[...informers.values()].map((informer) => informer.secondsSinceLastContact())),
  };
}
