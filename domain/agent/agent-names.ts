/** How an Agent, its children and its identity are named. The router and the operator must agree on it. */
const CHILD_PREFIX = 'agent-';

/** Audiences of the projected ServiceAccount tokens that a pod of an agent carries. */
export const ROUTER_AUDIENCE = 'capataz-router';
export const OPERATOR_AUDIENCE = 'capataz-operator';

/** Every child (Deployment, Service, ServiceAccount, ConfigMap, ...) of an Agent carries this name. */
export function agentChildName(agentName: string): string {
  return `${CHILD_PREFIX}${agentName}`;
}

/** The Agent that a ServiceAccount belongs to by its name, or undefined when it is not an agent's. */
export function agentNameOfServiceAccount(serviceAccountName: string): string | undefined {
  return serviceAccountName.startsWith(CHILD_PREFIX) && serviceAccountName.length > CHILD_PREFIX.length
    ? serviceAccountName.slice(CHILD_PREFIX.length)
    : undefined;
}
