/** Every kind that the operator reads or writes, and where it lives in the API. */
import type { ResourceKind } from '#adapters/kubernetes/resource-kind.ts';
import { AGENT } from '#crds/agent.ts';
import { CANARY_ROLLOUT } from '#crds/canary-rollout.ts';
import type { KindDefinition } from '#crds/kind-definition.ts';
import { MODEL } from '#crds/model.ts';
import { API_GROUP_VERSION } from '#crds/object-meta.ts';
import { PROMPT_VERSION } from '#crds/prompt-version.ts';

export const FIELD_MANAGER = 'capataz-operator';

const ownKind = ({ kind, plural }: KindDefinition): ResourceKind => ({
  groupVersion: API_GROUP_VERSION,
  kind,
  plural,
});

export const AGENTS = ownKind(AGENT);
export const PROMPT_VERSIONS = ownKind(PROMPT_VERSION);
export const CANARY_ROLLOUTS = ownKind(CANARY_ROLLOUT);
export const MODELS = ownKind(MODEL);

export const SERVICE_ACCOUNTS = {
  groupVersion: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
} as const;
export const CONFIG_MAPS = { groupVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' } as const;
export const SERVICES = { groupVersion: 'v1', kind: 'Service', plural: 'services' } as const;
export const DEPLOYMENTS = { groupVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments' } as const;
export const POD_DISRUPTION_BUDGETS = {
  groupVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
} as const;
export const HORIZONTAL_POD_AUTOSCALERS = {
  groupVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
} as const;
export const PODS = { groupVersion: 'v1', kind: 'Pod', plural: 'pods' } as const;

/** In the order in which they are made: what a pod needs comes before the pods. */
export const CHILD_RESOURCES = [
  SERVICE_ACCOUNTS,
  CONFIG_MAPS,
  SERVICES,
  POD_DISRUPTION_BUDGETS,
  DEPLOYMENTS,
  HORIZONTAL_POD_AUTOSCALERS,
] as const;
export type ChildKind = (typeof CHILD_RESOURCES)[number]['kind'];
