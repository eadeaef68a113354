/**
 * To what the API server holds the operator when it writes the children of agents. Who may create Deployments anywhere
 * may run any pod: with another ServiceAccount, or with a Secret mounted. RBAC cannot say "only pods of agents"; this
 * can.
 */
import { OPERATOR_AUDIENCE, ROUTER_AUDIENCE } from '#domain/agent/agent-names.ts';
import type { AdmissionRule } from '../runtime/kind-module.ts';

export const AGENT_ADMISSION_RULES: readonly AdmissionRule[] = [
  {
    expression:
      'variables.pods.all(pod, has(pod.serviceAccountName) && pod.serviceAccountName == variables.name)',
    message: 'the operator of Capataz runs pods only under the ServiceAccount of their own agent',
  },
  {
    expression: `variables.pods.all(pod, !has(pod.initContainers) && !(has(pod.hostNetwork) && pod.hostNetwork)
      && !(has(pod.hostPID) && pod.hostPID) && !(has(pod.hostIPC) && pod.hostIPC))`,
    message:
      "the operator of Capataz runs pods only with the containers of the agent, and outside of the node's namespaces",
  },
  {
    expression: `variables.volumes.all(volumes, volumes.all(volume, has(volume.emptyDir)
      || (has(volume.configMap) && volume.configMap.name == variables.name)
      || (has(volume.projected) && volume.projected.sources.all(source, has(source.serviceAccountToken)
      && has(source.serviceAccountToken.audience)
      && source.serviceAccountToken.audience in ['${ROUTER_AUDIENCE}', '${OPERATOR_AUDIENCE}']))))`,
    message:
      "the operator of Capataz mounts only the agent's own configuration and its tokens for router and operator",
  },
  {
    expression: `variables.containers.all(containers, containers.all(container, !has(container.envFrom)
      && (!has(container.env) || container.env.all(variable, !has(variable.valueFrom) || has(variable.valueFrom.fieldRef)))))`,
    message: 'the operator of Capataz gives agents no variable from a Secret or a ConfigMap',
  },
  {
    expression: `variables.containers.all(containers, containers.all(container, has(container.securityContext)
      && has(container.securityContext.allowPrivilegeEscalation) && !container.securityContext.allowPrivilegeEscalation
      && !(has(container.securityContext.privileged) && container.securityContext.privileged)))`,
    message: 'the operator of Capataz runs no container that may gain privileges',
  },
];
