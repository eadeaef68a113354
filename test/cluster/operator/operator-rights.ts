/** Exactly the rights that the chart gives the operator: a missing one fails these tests. */
import { KIND_MODULES } from '#operator/kinds.ts';
import { operatorRules } from '#tools/manifests/operator-rights.ts';

const GROUP = 'rbac.authorization.k8s.io';
const RBAC = `/apis/${GROUP}/v1`;
const NAMESPACE = 'capataz-system';
const NAME = 'capataz-operator';

const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }];
const roleRef = (kind: string): object => ({ apiGroup: GROUP, kind, name: NAME });

export const OPERATOR_RIGHTS: readonly { readonly path: string; readonly body: object }[] = [
  { path: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, body: { metadata: { name: NAME } } },
  {
    path: `${RBAC}/clusterroles`,
    body: {
      metadata: { name: NAME },
      rules: [...operatorRules(KIND_MODULES), rule('authentication.k8s.io', ['tokenreviews'], ['create'])],
    },
  },
  {
    path: `${RBAC}/clusterrolebindings`,
    body: { metadata: { name: NAME }, subjects, roleRef: roleRef('ClusterRole') },
  },
  {
    path: `${RBAC}/namespaces/${NAMESPACE}/roles`,
    body: {
      metadata: { name: NAME },
      rules: [
        rule('coordination.k8s.io', ['leases'], ['create']),
        { ...rule('coordination.k8s.io', ['leases'], ['get', 'update']), resourceNames: [NAME] },
      ],
    },
  },
  {
    path: `${RBAC}/namespaces/${NAMESPACE}/rolebindings`,
    body: { metadata: { name: NAME }, subjects, roleRef: roleRef('Role') },
  },
];

function rule(apiGroup: string, resources: readonly string[], verbs: readonly string[]): object {
  return { apiGroups: [apiGroup], resources, verbs };
}
