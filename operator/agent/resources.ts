/** What the Agent controller watches: Agents, their children and pods, and by what they are found. */
import { objectKey } from '#adapters/kubernetes/kube-object.ts';
import { AGENT } from '#crds/agent.ts';
import { type WatchedResource, watchedKind, watchedObjects } from '#adapters/kubernetes/watched-resource.ts';
import { type PodSummary, summarisePod } from './pod-summary.ts';

export const AGENT_LABEL = 'capataz.dev/agent';
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MANAGED_BY = 'capataz';

const OF_AGENTS = `${MANAGED_BY_LABEL}=${MANAGED_BY},${AGENT_LABEL}`;

export const AGENTS = watchedKind(AGENT, {
  canaryRollout: ({ spec }) => [spec.promptRef.name],
  /** What it is pinned to, and what it serves without a rollout: followers are found by that. */
  promptVersion: ({ spec, status }) => [
    spec.promptRef.version,
    status?.rollout === undefined ? status?.prompt?.version : undefined,
  ],
  model: ({ spec }) => spec.modelPolicy.allow.map(({ name }) => name),
});

export const SERVICE_ACCOUNTS = watchedObjects(
  { groupVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts' },
  OF_AGENTS,
);
export const CONFIG_MAPS = watchedObjects(
  { groupVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' },
  OF_AGENTS,
);
export const SERVICES = watchedObjects(
  { groupVersion: 'v1', kind: 'Service', plural: 'services' },
  OF_AGENTS,
);
export const POD_DISRUPTION_BUDGETS = watchedObjects(
  { groupVersion: 'policy/v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets' },
  OF_AGENTS,
);
export const DEPLOYMENTS = watchedObjects(
  { groupVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments' },
  OF_AGENTS,
);
export const HORIZONTAL_POD_AUTOSCALERS = watchedObjects(
  { groupVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', plural: 'horizontalpodautoscalers' },
  OF_AGENTS,
);

export const CRON_JOBS = watchedObjects(
  { groupVersion: 'batch/v1', kind: 'CronJob', plural: 'cronjobs' },
  OF_AGENTS,
);

export const PODS: WatchedResource<PodSummary, 'agent'> = {
  groupVersion: 'v1',
  kind: 'Pod',
  plural: 'pods',
  labelSelector: OF_AGENTS,
  read: summarisePod,
  indexes: { agent: (pod) => agentOfPod(pod) ?? [] },
};

/** The key of the Agent that a pod belongs to. */
export function agentOfPod({ metadata: { namespace, labels } }: PodSummary): readonly [string] | undefined {
  const name = labels?.[AGENT_LABEL];
  if (name === undefined || namespace === undefined) return undefined;
  return [objectKey({ namespace, name })];
}
