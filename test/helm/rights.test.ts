import { ROLLOUT_VERBS } from '#domain/rollout/rollout-command.ts';
import { describe, expect, it } from 'vitest';
import { KINDS } from '#crds/kinds.ts';
import { KIND_MODULES } from '#operator/kinds.ts';
import { operatorRules } from '#tools/manifests/operator-rights.ts';
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

/** What the kinds declare; what they may declare at all is held in tools/manifests/operator-rights.test.ts. */
function operatorRights(place: string): readonly string[] {
  return operatorRules(KIND_MODULES).flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.map((resource) => `${place} ${group}/${resource} ${verbs.join()}`),
    ),
  );
}

const ALWAYS = [
  'ClusterRole/capataz-console-reviews authentication.k8s.io/tokenreviews create',
  'ClusterRole/capataz-console-reviews authorization.k8s.io/subjectaccessreviews create',
  'ClusterRole/capataz-ledger-reviews authentication.k8s.io/tokenreviews create',
  'ClusterRole/capataz-ledger-reviews authorization.k8s.io/subjectaccessreviews create',
  'ClusterRole/capataz-observer-tokenreviews authentication.k8s.io/tokenreviews create',
  'ClusterRole/capataz-operator-tokenreviews authentication.k8s.io/tokenreviews create',
  'ClusterRole/capataz-router-tokenreviews authentication.k8s.io/tokenreviews create',
  'Role/capataz-observer-leader-election@capataz-system coordination.k8s.io/leases create',
  'Role/capataz-observer-leader-election@capataz-system coordination.k8s.io/leases=capataz-observer get,update',
  'Role/capataz-operator-leader-election@capataz-system coordination.k8s.io/leases create',
  'Role/capataz-operator-leader-election@capataz-system coordination.k8s.io/leases=capataz-operator get,update',
  'Role/capataz-prompt-repository-leader-election@capataz-system coordination.k8s.io/leases create',
  'Role/capataz-prompt-repository-leader-election@capataz-system coordination.k8s.io/leases=capataz-prompt-repository get,update',
];

/** Of people and of whom they read as. */
const READING = [
  'ClusterRole/capataz-ledger-reader capataz.dev/agents/runs get',
  'ClusterRole/capataz-ledger-reader capataz.dev/agents/costs get',
  'ClusterRole/capataz-ledger-reader capataz.dev/agents/audit get',
  'ClusterRole/capataz-ledger-auditor capataz.dev/agents/texts get',
  'ClusterRole/capataz-ledger-auditor capataz.dev/agents/securityevents get',
  'ClusterRole/capataz-ledger-auditor capataz.dev/agents/texts delete',
  'ClusterRole/capataz-ledger-feedback capataz.dev/agents/feedback create',
];

const SEEN_IN_THE_CONSOLE = ['agents', 'canaryrollouts', 'models', 'agents/costs', 'agents/runs'];

/** Of people in the console: who looks, who decides, who audits. */
const CONSOLE_ROLES = [
  ...['viewer', 'operator', 'auditor'].flatMap((role) =>
    SEEN_IN_THE_CONSOLE.map((what) => `ClusterRole/capataz-console-${role} capataz.dev/${what} get`),
  ),
  ...['securityevents', 'audit', 'texts'].map(
    (what) => `ClusterRole/capataz-console-auditor capataz.dev/agents/${what} get`,
  ),
  ...ROLLOUT_VERBS.map(
    (verb) => `ClusterRole/capataz-console-operator capataz.dev/canaryrollouts/${verb} update`,
  ),
  'ClusterRole/capataz-console-operator capataz.dev/agents/silence update',
];

function consoleRights(place: string): readonly string[] {
  return [
    ...['agents', 'models', 'canaryrollouts'].map((kind) => `${place} capataz.dev/${kind} get,list,watch`),
    `${place} capataz.dev/canaryrollouts patch`,
  ];
}

/** Of people, by the cluster's roles view, edit and admin: all kinds, and no status. */
const PEOPLE = [
  ...CONSOLE_ROLES,
  ...KINDS.map(({ plural }) => `ClusterRole/capataz-viewer capataz.dev/${plural} get,list,watch`),
  ...[...KINDS.map(({ plural }) => plural), 'agents/scale'].map(
    (resource) =>
      `ClusterRole/capataz-editor capataz.dev/${resource} create,update,patch,delete,deletecollection`,
  ),
];

/** By which candidates are judged. */
function outcomeRights(place: string): readonly string[] {
  return [`${place} capataz.dev/agents/runs get`, `${place} capataz.dev/agents/securityevents get`];
}

function observerRights(place: string): readonly string[] {
  return [
    ...['agents', 'models', 'canaryrollouts'].map((kind) => `${place} capataz.dev/${kind} list,watch`),
    `${place} capataz.dev/agents/status patch`,
    ...['runs', 'securityevents'].map((what) => `${place} capataz.dev/agents/${what} get`),
  ];
}

function ledgerRights(place: string): readonly string[] {
  return [`${place} capataz.dev/agents get`];
}

function routerRights(place: string): readonly string[] {
  return [`${place} capataz.dev/agents get,list,watch`, `${place} capataz.dev/models get,list,watch`];
}

function promptRepositoryRights(place: string): readonly string[] {
  return [
    `${place} capataz.dev/promptrepositories list,watch`,
    `${place} capataz.dev/promptrepositories/status patch,update`,
    `${place} capataz.dev/canaryrollouts list,watch`,
    `${place} capataz.dev/agents list,watch`,
    `${place} capataz.dev/promptversions list,watch,create,patch,delete`,
    `${place} /configmaps get,list,watch,create,patch,delete`,
    `${place} events.k8s.io/events create`,
  ];
}

function isOfPeople(role: string): boolean {
  return (
    /^capataz-(?:console-)?(?:viewer|editor|operator|auditor)$/.test(role) && role !== 'capataz-operator'
  );
}

describe('the rights that the chart gives', { timeout: HELM_BUILD_TIMEOUT_MS }, () => {
  it('are exactly these when all namespaces are looked after', async () => {
    expect(rightsOf(await renderChart())).toEqual(
      [
        ...ALWAYS,
        ...operatorRights('ClusterRole/capataz-operator'),
        ...READING,
        ...PEOPLE,
        ...outcomeRights('ClusterRole/capataz-operator-outcomes'),
        ...observerRights('ClusterRole/capataz-observer'),
        ...consoleRights('ClusterRole/capataz-console'),
        ...ledgerRights('ClusterRole/capataz-ledger'),
        ...routerRights('ClusterRole/capataz-router'),
        'ClusterRole/capataz-router /secrets get,list,watch',
        ...promptRepositoryRights('ClusterRole/capataz-prompt-repository'),
        'ClusterRole/capataz-prompt-repository /secrets get',
      ].sort(),
    );
  });

  it('stay in one namespace when only that is looked after, but for the review of tokens', async () => {
    expect(rightsOf(await renderChart({ watchNamespace: 'mail' }))).toEqual(
      [
        ...ALWAYS,
        ...operatorRights('Role/capataz-operator@mail'),
        ...READING,
        ...PEOPLE,
        ...outcomeRights('Role/capataz-operator-outcomes@mail'),
        ...observerRights('Role/capataz-observer@mail'),
        ...consoleRights('Role/capataz-console@mail'),
        ...ledgerRights('Role/capataz-ledger@mail'),
        ...routerRights('Role/capataz-router@mail'),
        'Role/capataz-router@mail /secrets get,list,watch',
        ...promptRepositoryRights('Role/capataz-prompt-repository@mail'),
        'Role/capataz-prompt-repository@mail /secrets get',
      ].sort(),
    );
  });

  it('let router and prompt-repository read Secrets of the named namespaces only, when some are named', async () => {
    const rights = rightsOf(
      await renderChart({
        'router.secretNamespaces': ['mail', 'sales'],
        'promptRepositories.secretNamespaces': ['mail'],
      }),
    );
    expect(rights.filter((right) => right.includes('/secrets'))).toEqual([
      'Role/capataz-prompt-repository-secrets@mail /secrets get',
      'Role/capataz-router-secrets@mail /secrets get,list,watch',
      'Role/capataz-router-secrets@sales /secrets get,list,watch',
    ]);
  });

  it('never let the operator read a Secret, nor anybody write one, and hold no wildcard or way to more rights', async () => {
    const rights = rightsOf(await renderChart());
    expect(rights.filter((right) => right.includes('secrets'))).toEqual([
      'ClusterRole/capataz-prompt-repository /secrets get',
      'ClusterRole/capataz-router /secrets get,list,watch',
    ]);
    expect(rights.filter((right) => /\*|escalate|bind\b|impersonate|rbac|exec|webhook/.test(right))).toEqual(
      [],
    );
  });

  it('are bound to the ServiceAccount of the part that they are named after, and to nobody else', async () => {
    const objects = await renderChart({ watchNamespace: 'mail', 'router.secretNamespaces': ['mail'] });
    const bindings = ofKind(objects, ...BINDINGS);
    const ofReader = ({ metadata }: KubernetesObject): boolean => metadata.name.startsWith('capataz-reader-');
    for (const { metadata, roleRef, subjects, kind } of bindings.filter((binding) => !ofReader(binding))) {
      const [part] =
        /^capataz-(operator|observer|console|router|ledger|prompt-repository)/.exec(metadata.name) ?? [];
      expect(subjects).toEqual([{ kind: 'ServiceAccount', name: part, namespace: 'capataz-system' }]);
      expect(roleRef.name).toBe(metadata.name);
      expect(`${String(roleRef.kind)}Binding`).toBe(kind);
    }
    for (const { metadata, subjects, roleRef } of bindings.filter(ofReader)) {
      expect(metadata.namespace).toBe('mail');
      expect(roleRef.name).toBe(metadata.name.replace('-reader-', '-'));
      expect(subjects).toEqual([
        { kind: 'ServiceAccount', name: 'capataz-reader', namespace: 'capataz-system' },
      ]);
    }
    expect(bindings.map(({ roleRef }) => roleRef.name as string).sort()).toEqual(
      ofKind(objects, ...ROLES)
        .map(({ metadata }) => metadata.name)
        .filter((name) => !isOfPeople(name))
        .sort(),
    );
  });

  it('become part of view, edit and admin where they are of people, and are bound to nobody by the chart', async () => {
    const aggregated = ofKind(await renderChart(), 'ClusterRole')
      .filter(({ metadata: { name } }) => isOfPeople(name))
      .map(({ metadata: { name, labels } }) => [
        name,
        Object.keys(labels ?? {}).flatMap((label) => /aggregate-to-(\w+)/.exec(label)?.[1] ?? []),
      ]);
    expect(Object.fromEntries(aggregated)).toEqual({
      'capataz-console-auditor': [],
      'capataz-console-operator': ['edit', 'admin'],
      'capataz-console-viewer': [],
      'capataz-editor': ['edit', 'admin'],
      'capataz-viewer': ['view', 'edit', 'admin'],
    });
  });
});
