/** Local copies of the objects that the console shows. */
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import {
  type ResilientInformer,
  collectionPath,
  createResilientInformer,
} from '#adapters/kubernetes/resilient-informer.ts';
import { AGENT } from '#crds/agent.ts';
import { CANARY_ROLLOUT } from '#crds/canary-rollout.ts';
import { MODEL } from '#crds/model.ts';
import { API_GROUP_VERSION } from '#crds/object-meta.ts';
import type { Readiness } from '#process/health-server.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { ChangeLog } from '../stream/change-log.ts';
import { type AgentObject, agentObjectOf } from './agent-objects.ts';
import { type ModelObject, modelObjectOf } from './model-objects.ts';
import { type RolloutObject, rolloutObjectOf } from './rollout-objects.ts';

export interface ConsoleObjects {
  readonly agents: ResilientInformer<AgentObject>;
  readonly rollouts: ResilientInformer<RolloutObject>;
  readonly models: ResilientInformer<ModelObject>;
  /** All that have an Agent, a CanaryRollout or a Model. */
  readonly namespaces: () => ReadonlySet<string>;
  /** Until the signal aborts; never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Not ready before all were listed, nor when the API server has said nothing for so long. */
  readonly readiness: (mostSeconds: number) => Readiness;
}

export function openObjects({
  kubeClient,
  watchNamespace,
  logger,
  changes,
  onRollout,
}: {
  readonly kubeClient: KubeClient;
  readonly watchNamespace: string | undefined;
  readonly logger: Logger;
  readonly changes: ChangeLog;
  /** Told of each state of a rollout. */
  readonly onRollout: (key: string, rollout: RolloutObject | undefined) => void;
}): ConsoleObjects {
  const open = <T extends KubeObject>(
    plural: string,
    transform: (object: KubeObject) => T,
    topicsOf: (key: string) => readonly string[],
    onObject: (key: string, object: T | undefined) => void = () => undefined,
  ): ResilientInformer<T> =>
    createResilientInformer<T>({
      kubeClient,
      path: collectionPath(API_GROUP_VERSION, plural, watchNamespace),
      transform,
      onChange: (key, { current, previous }) => {
        const namespace = (current ?? previous)?.metadata.namespace;
        onObject(key, current);
        for (const topic of topicsOf(key)) changes.add({ topic, namespace });
      },
      logger,
      random: Math.random,
    });
  const agents = open(AGENT.plural, agentObjectOf, (key) => [`agent/${key}`, 'now']);
  const rollouts = open(CANARY_ROLLOUT.plural, rolloutObjectOf, () => ['rollouts', 'now'], onRollout);
  const models = open(MODEL.plural, modelObjectOf, () => ['models']);
  const all = [agents, rollouts, models];

  let known: { readonly version: number; readonly namespaces: ReadonlySet<string> } | undefined;
  return {
    agents,
    rollouts,
    models,
    namespaces: () => {
      const { version } = changes;
      if (known?.version !== version) {
        const namespaces = all.flatMap((informer) =>
          informer.list().map(({ metadata }) => metadata.namespace ?? ''),
        );
        known = { version, namespaces: new Set(namespaces) };
      }
      return known.namespaces;
    },
    run: async (signal) => {
      await Promise.all(all.map((informer) => informer.start(signal)));
    },
    readiness: (mostSeconds) => {
      if (!all.every((informer) => informer.synced())) {
        return { ready: false, reason: 'the API server has not yet told what there is' };
      }
      const silent = Math.max(...all.map((informer) => informer.secondsSinceLastContact()));
      return silent <= mostSeconds
        ? { ready: true }
        : { ready: false, reason: `the API server has said nothing for ${Math.round(silent)} s` };
    },
  };
}
