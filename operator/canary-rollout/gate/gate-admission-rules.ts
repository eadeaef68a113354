/** To what the API server holds the operator when it writes the Job of a gate. */
import { ROUTER_AUDIENCE, agentChildName } from '#domain/agent/agent-names.ts';
import { POD_ADMISSION_RULES } from '#operator/agent/admission-rules.ts';
import type { AdmissionRule } from '#operator/runtime/kind-module.ts';

export const GATE_ADMISSION_RULES: readonly AdmissionRule[] = [
  {
    // Whatever else may be called so: the token that has rights in the API server is not to be had.
    expression: `variables.pods.all(pod, has(pod.serviceAccountName) && pod.serviceAccountName.startsWith('${agentChildName('')}')
      && has(pod.automountServiceAccountToken) && !pod.automountServiceAccountToken)`,
    message:
      'the operator of Capataz runs a gate only under the ServiceAccount of an agent, and without its token',
  },
  {
    expression: `variables.volumes.all(volumes, volumes.all(volume, has(volume.emptyDir) || has(volume.configMap)
      || (has(volume.projected) && volume.projected.sources.all(source, has(source.serviceAccountToken)
      && has(source.serviceAccountToken.audience)
      && source.serviceAccountToken.audience == '${ROUTER_AUDIENCE}'))))`,
    message: 'the operator of Capataz mounts into a gate only ConfigMaps and its token for the router',
  },
  ...POD_ADMISSION_RULES,
];
