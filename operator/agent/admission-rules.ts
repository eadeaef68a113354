/**
 * To what the API server holds the operator when it writes the children of agents. Who may create Deployments anywhere
 * may run any pod: with another ServiceAccount, or with a Secret mounted. RBAC cannot say "only pods of agents"; this
 * can.
 */
import { OPERATOR_AUDIENCE, ROUTER_AUDIENCE } from '#domain/agent/agent-names.ts';
import { ROLLOUT_CHILD_PREFIX } from '#domain/rollout/rollout-document.ts';
import { LEDGER_AUDIENCE } from '#domain/ledger/record-batch.ts';
import type { AdmissionRule } from '../runtime/kind-module.ts';

/** To what every pod is held that the operator makes, whatever it is for. */
export const POD_ADMISSION_RULES: readonly AdmissionRule[] = [
  {
    expression: `variables.pods.all(pod, !has(pod.initContainers) && !(has(pod.hostNetwork) && pod.hostNetwork)
      && !(has(pod.hostPID) && pod.hostPID) && !(has(pod.hostIPC) && pod.hostIPC)
      && !(has(pod.shareProcessNamespace) && pod.shareProcessNamespace))`,
    message:
      "the operator of Capataz runs pods only with the containers of the agent, and outside of the node's namespaces",
  },
  {
    expression: `variables.pods.all(pod, !has(pod.nodeName))
      && variables.containers.all(containers, containers.all(container,
      !has(container.ports) || container.ports.all(port, !has(port.hostPort))))`,
    message: 'the operator of Capataz chooses neither the node of a pod nor a port of it',
  },
  {
    expression: `variables.containers.all(containers, containers.all(container, !has(container.envFrom)
      && (!has(container.env) || container.env.all(variable, !has(variable.valueFrom) || has(variable.valueFrom.fieldRef)))))`,
    message: 'the operator of Capataz gives agents no variable from a Secret or a ConfigMap',
  },
  {
    expression: `variables.pods.all(pod, has(pod.securityContext)
      && has(pod.securityContext.runAsNonRoot) && pod.securityContext.runAsNonRoot
      && !(has(pod.securityContext.runAsUser) && pod.securityContext.runAsUser == 0)
      && has(pod.securityContext.seccompProfile) && pod.securityContext.seccompProfile.type == 'RuntimeDefault')`,
    message:
      'the operator of Capataz runs no pod as root, and none without the seccomp profile of the runtime',
  },
  {
    expression: `variables.containers.all(containers, containers.all(container, has(container.securityContext)
      && has(container.securityContext.allowPrivilegeEscalation) && !container.securityContext.allowPrivilegeEscalation
      && !(has(container.securityContext.privileged) && container.securityContext.privileged)
      && !(has(container.securityContext.runAsNonRoot) && !container.securityContext.runAsNonRoot)
      && !(has(container.securityContext.runAsUser) && container.securityContext.runAsUser == 0)
      && !(has(container.securityContext.procMount) && container.securityContext.procMount != 'Default')
      && !has(container.securityContext.seccompProfile)
      && has(container.securityContext.capabilities) && !has(container.securityContext.capabilities.add)
      && has(container.securityContext.capabilities.drop) && 'ALL' in container.securityContext.capabilities.drop))`,
    message: 'the operator of Capataz runs no container that has or may gain privileges',
  },
];

export const AGENT_ADMISSION_RULES: readonly AdmissionRule[] = [
  {
    // Somebody's ServiceAccount may be called agent-<name> too, and have rights: its token is not to be had.
    expression: `variables.pods.all(pod, has(pod.serviceAccountName) && pod.serviceAccountName == variables.name
      && has(pod.automountServiceAccountToken) && !pod.automountServiceAccountToken)`,
    message:
      'the operator of Capataz runs pods only under the ServiceAccount of their own agent, and without its token',
  },
  {
    expression: `variables.volumes.all(volumes, volumes.all(volume, has(volume.emptyDir)
      || (has(volume.configMap) && (volume.configMap.name == variables.name
      || volume.configMap.name.startsWith('${ROLLOUT_CHILD_PREFIX}') || request.resource.resource == 'cronjobs'))
      || (has(volume.projected) && volume.projected.sources.all(source, has(source.serviceAccountToken)
      && has(source.serviceAccountToken.audience)
      && source.serviceAccountToken.audience in ['${ROUTER_AUDIENCE}', '${OPERATOR_AUDIENCE}', '${LEDGER_AUDIENCE}']))))`,
    message:
      "the operator of Capataz mounts only the agent's own configuration, the document of a rollout, for a probe a golden set, and its tokens for router, operator and ledger",
  },
  ...POD_ADMISSION_RULES,
];
