import { describe, expect, it } from 'vitest';
import { HELM_BUILD_TIMEOUT_MS, type KubernetesObject, ofKind, renderChart } from './chart.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const ROLES = ['ClusterRole', 'Role'];
const BINDINGS = ['ClusterRoleBinding', 'RoleBinding'];

/** One line for each right: `kind/name[@namespace] group/resource[=name] verbs`. */
function rightsOf(objects: readonly KubernetesObject[]): readonly string[] {
  return ofKind(objects, ...ROLES)
    .flatMap(({ kind, metadata, rules }) => {
      const place = `${kind}/${metadata.name}${metadata.namespace === undefined ? '' : `@${metadata.namespace}`}`;
      return (rules as readonly Rule[]).flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
        apiGroups.flatMap((group) =>
          resources.map(
            (resource) =>
              `${place} ${group}/${resource}${resourceNames ? `=${resourceNames.join()}` : ''} ${verbs.join()}`,
          ),
        ),
      );
    })
    .sort();
}

const WRITE_CHILDREN = 'get,list,watch,create,patch,update';

function operatorRights(place: string): readonly string[] {
  return [
    `${place} /configmaps ${WRITE_CHILDREN},delete`,
    `${place} /pods list,watch`,
    `${place} /serviceaccounts ${WRITE_CHILDREN}`,
    `${place} /services ${WRITE_CHILDREN}`,
    `${place} apps/deployments ${WRITE_CHILDREN}`,
    `${place} autoscaling/horizontalpodautoscalers ${WRITE_CHILDREN},delete`,
    `${place} capataz.dev/agents list,watch`,
    `${place} capataz.dev/agents/finalizers update`,
    `${place} capataz.dev/agents/status patch,update`,
    `${place} capataz.dev/canaryrollouts list,watch`,
    `${place} capataz.dev/canaryrollouts/status patch,update`,
    `${place} capataz.dev/models list,watch`,
    `${place} capataz.dev/models/status patch,update`,
    `${place} capataz.dev/promptversions list,watch`,
    `${place} capataz.dev/promptversions/status patch,update`,
    `${place} events.k8s.io/events create`,
    `${place} policy/poddisruptionbudgets ${WRITE_CHILDREN}`,
  ];
}

const ALWAYS = [
  'ClusterRole/capataz-operator-tokenreviews authentication.k8s.io/tokenreviews create',
  'ClusterRole/capataz-router-tokenreviews authentication.k8s.io/tokenreviews create',
  'Role/capataz-operator-leader-election@capataz-system coordination.k8s.io/leases create',
  'Role/capataz-operator-leader-election@capataz-system coordination.k8s.io/leases=capataz-operator get,update',
];

function routerRights(place: string): readonly string[] {
  return [`${place} capataz.dev/agents get,list,watch`, `${place} capataz.dev/models get,list,watch`];
}

describe('the rights that the chart gives', { timeout: HELM_BUILD_TIMEOUT_MS }, () => {
  it('are exactly these when all namespaces are looked after', async () => {
    expect(rightsOf(await renderChart())).toEqual(
      [
        ...ALWAYS,
        ...operatorRights('ClusterRole/capataz-operator'),
        ...routerRights('ClusterRole/capataz-router'),
        'ClusterRole/capataz-router /secrets get,list,watch',
      ].sort(),
    );
  });

  it('stay in one namespace when only that is looked after, but for the review of tokens', async () => {
    expect(rightsOf(await renderChart({ watchNamespace: 'mail' }))).toEqual(
      [
        ...ALWAYS,
        ...operatorRights('Role/capataz-operator@mail'),
        ...routerRights('Role/capataz-router@mail'),
        'Role/capataz-router@mail /secrets get,list,watch',
      ].sort(),
    );
  });

  it('let the router read Secrets of the named namespaces only, when some are named', async () => {
    const rights = rightsOf(await renderChart({ 'router.secretNamespaces': ['mail', 'sales'] }));
    expect(rights.filter((right) => right.includes('/secrets'))).toEqual([
      'Role/capataz-router-secrets@mail /secrets get,list,watch',
      'Role/capataz-router-secrets@sales /secrets get,list,watch',
    ]);
  });

  it('never let the operator read a Secret, nor anybody write one, and hold no wildcard or way to more rights', async () => {
    const rights = rightsOf(await renderChart());
    expect(rights.filter((right) => right.includes('secrets'))).toEqual([
      'ClusterRole/capataz-router /secrets get,list,watch',
    ]);
    expect(rights.filter((right) => /\*|escalate|bind\b|impersonate|rbac|exec|webhook/.test(right))).toEqual(
      [],
    );
  });

  it('are bound to the ServiceAccount of the part that they are named after, and to nobody else', async () => {
    const objects = await renderChart({ watchNamespace: 'mail', 'router.secretNamespaces': ['mail'] });
    const bindings = ofKind(objects, ...BINDINGS);
    for (const { metadata, roleRef, subjects, kind } of bindings) {
      const part = metadata.name.startsWith('capataz-operator') ? 'capataz-operator' : 'capataz-router';
      expect(subjects).toEqual([{ kind: 'ServiceAccount', name: part, namespace: 'capataz-system' }]);
      expect(roleRef.name).toBe(metadata.name);
      expect(`${String(roleRef.kind)}Binding`).toBe(kind);
    }
    expect(bindings.map(({ metadata }) => metadata.name).sort()).toEqual(
      ofKind(objects, ...ROLES)
        .map(({ metadata }) => metadata.name)
        .sort(),
    );
  });
});
