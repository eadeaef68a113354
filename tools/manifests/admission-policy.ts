/** To what the API server holds the operator, as its kinds declare it: a ValidatingAdmissionPolicy of the chart. */
import { stringify } from 'yaml';
import type { KindModule, OwnedChildren } from '#operator/runtime/kind-module.ts';
import { apiGroup } from './operator-rights.ts';

/** Those that have a pod spec at `spec.template.spec`. */
const WITH_PODS = new Set(['deployments', 'statefulsets', 'daemonsets', 'replicasets', 'jobs']);
/** Those that have it a level deeper. */
const WITH_JOBS = 'cronjobs';

interface Validation {
  readonly expression: string;
  readonly message: string;
}

/** The text of helm/capataz/templates/operator/admission-policy.yaml. */
export function admissionPolicyTemplate(modules: readonly KindModule[], notice: string): string {
  const owned = modules.flatMap(({ children }) => children ?? []);
  const resources = owned.flatMap((children) => children.resources.map(({ resource }) => resource));
  const plurals = [...new Set(resources.map(({ plural }) => plural))];
  const spec = {
    failurePolicy: 'Fail',
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: [...new Set(resources.map(({ groupVersion }) => apiGroup(groupVersion)))],
          apiVersions: ['*'],
          operations: ['CREATE', 'UPDATE', 'DELETE'],
          resources: plurals,
        },
      ],
    },
    matchConditions: [
      {
        name: 'is-the-operator',
        expression: `request.userInfo.username == 'system:serviceaccount:{{ .Release.Namespace }}:{{ include "capataz.fullname" . }}-operator'`,
      },
    ],
    variables: variables(
      plurals.filter((plural) => WITH_PODS.has(plural)),
      plurals.includes(WITH_JOBS),
    ),
    validations: validations(owned),
  };
  const text = stringify({ spec }, { lineWidth: 0, aliasDuplicateObjects: false });
  return `{{- /* ${notice} */}}
{{- if .Values.admissionPolicy.enabled }}
{{- /* It runs inside of the API server, so it costs no availability, and fails closed. */}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
${METADATA}
${text}---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
${METADATA}
spec:
  policyName: {{ include "capataz.fullname" . }}-operator
  validationActions: [Deny]
{{- end }}
`;
}

const METADATA = `metadata:
  {{- include "capataz.metadata" (list $ "operator") | nindent 2 }}`;

function variables(withPods: readonly string[], hasCronJobs: boolean): readonly object[] {
  const list = withPods.map((plural) => `'${plural}'`).join(', ');
  const ofJobs = hasCronJobs
    ? `request.resource.resource == '${WITH_JOBS}' && object != null ? [object.spec.jobTemplate.spec.template.spec] : []`
    : '[]';
  return [
    { name: 'name', expression: 'object == null ? oldObject.metadata.name : object.metadata.name' },
    {
      name: 'pods',
      expression: `request.resource.resource in [${list}] && object != null ? [object.spec.template.spec] : ${ofJobs}`,
    },
    { name: 'containers', expression: 'variables.pods.map(pod, pod.containers)' },
    { name: 'volumes', expression: 'variables.pods.map(pod, has(pod.volumes) ? pod.volumes : [])' },
  ];
}

/** Throws when the children of two kinds could not be told apart by their names. */
function validations(owned: readonly OwnedChildren[]): readonly Validation[] {
  const prefixes = owned.map(({ namePrefix }) => namePrefix);
  const clash = prefixes.find((one, index) =>
    prefixes.some((other, place) => place !== index && one.startsWith(other)),
  );
  if (clash !== undefined || prefixes.includes('')) {
    throw new Error(`The children called "${clash ?? ''}..." could be those of another kind.`);
  }
  const isOf = (prefix: string): string => `variables.name.startsWith('${prefix}')`;
  const mayBe = owned.map(({ namePrefix, resources }) => {
    const plurals = resources.map(({ resource }) => `'${resource.plural}'`).join(', ');
    return owned.length === 1
      ? isOf(namePrefix)
      : `(${isOf(namePrefix)} && request.resource.resource in [${plurals}])`;
  });
  const names = prefixes.map((prefix) => `${prefix}<name>`).join(' or ');
  return [
    {
      expression: mayBe.join(' || '),
      message: `the operator of Capataz writes only objects that are called ${names}`,
    },
    ...owned.flatMap(({ namePrefix, admissionRules }) =>
      admissionRules.map(({ expression, message }) => ({
        expression:
          owned.length === 1 ? oneLine(expression) : `!${isOf(namePrefix)} || (${oneLine(expression)})`,
        message,
      })),
    ),
  ];
}

function oneLine(expression: string): string {
  return expression.replaceAll(/\s+/g, ' ');
}
