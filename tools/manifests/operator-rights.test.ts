import { describe, expect, it } from 'vitest';
import { KIND_MODULES } from '#operator/kinds.ts';
import type { KindModule } from '#operator/runtime/kind-module.ts';
import { watchedObjects } from '#adapters/kubernetes/watched-resource.ts';
import { admissionPolicyTemplate } from './admission-policy.ts';
import { operatorRules } from './operator-rights.ts';

function theAgentKind(): KindModule {
  const found = KIND_MODULES.find(({ definition }) => definition.kind === 'Agent');
  if (found === undefined) throw new Error('the operator runs no Agents');
  return found;
}

/** One line for each right: `group/resource verbs`. */
function linesOf(modules: readonly KindModule[]): readonly string[] {
  return operatorRules(modules)
    .flatMap(({ apiGroups, resources, verbs }) =>
      resources.map((resource) => `${apiGroups.join()}/${resource} ${verbs.join()}`),
    )
    .toSorted();
}

const STATEFUL_SETS = watchedObjects(
  { groupVersion: 'apps/v1', kind: 'StatefulSet', plural: 'statefulsets' },
  'capataz.dev/knowledge-base',
);

/** A kind that a stranger adds: it owns a StatefulSet called knowledge-<name>. */
function aStrangersKind(namePrefix: string): KindModule {
  const agentKind = theAgentKind();
  return {
    ...agentKind,
    objects: { ...agentKind.objects, kind: 'KnowledgeBase', plural: 'knowledgebases' },
    watches: [],
    children: {
      tolerance: { isTolerated: () => false, withTolerated: ({ object }) => object },
      namePrefix,
      resources: [{ resource: STATEFUL_SETS }],
      admissionRules: [
        { expression: 'variables.pods.all(pod, !pod.hostNetwork)', message: 'no host network' },
      ],
    },
  };
}

describe('the rights of the operator', () => {
  it('follow from what a kind declares: read what it watches, write its status, keep its children', () => {
    expect(operatorRules([aStrangersKind('knowledge-')])).toEqual([
      { apiGroups: ['capataz.dev'], resources: ['knowledgebases'], verbs: ['list', 'watch'] },
      { apiGroups: ['capataz.dev'], resources: ['knowledgebases/status'], verbs: ['patch', 'update'] },
      { apiGroups: ['capataz.dev'], resources: ['knowledgebases/finalizers'], verbs: ['update'] },
      {
        apiGroups: ['apps'],
        resources: ['statefulsets'],
        verbs: ['get', 'list', 'watch', 'create', 'patch', 'update'],
      },
      { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
    ]);
  });

  it('are these for an Agent', () => {
    const children = ['get', 'list', 'watch', 'create', 'patch', 'update'];
    expect(linesOf([theAgentKind()])).toEqual([
      '/configmaps get,list,watch,create,patch,update,delete',
      '/pods list,watch',
      `/serviceaccounts ${children.join()}`,
      `/services ${children.join()}`,
      `apps/deployments ${children.join()}`,
      'autoscaling/horizontalpodautoscalers get,list,watch,create,patch,update,delete',
      'batch/cronjobs get,list,watch,create,patch,update,delete',
      'capataz.dev/agents list,watch',
      'capataz.dev/agents/finalizers update',
      'capataz.dev/agents/status patch,update',
      'capataz.dev/canaryrollouts list,watch',
      'capataz.dev/models list,watch',
      'capataz.dev/promptversions list,watch',
      'events.k8s.io/events create',
      `policy/poddisruptionbudgets ${children.join()}`,
    ]);
  });

  it('never hold a right on Secrets, roles or the inside of pods, whatever kinds there are', () => {
    const forbidden = /secret|role|pods\/|token|webhook|admission|customresourcedefinition|namespaces|nodes/;
    expect(linesOf(KIND_MODULES).filter((line) => forbidden.test(line) || line.includes('*'))).toEqual([]);
  });

  it('let it write nothing but statuses, the children of its kinds, and events', () => {
    const children = KIND_MODULES.flatMap((kind) => kind.children?.resources ?? []);
    const owned = new Set(children.map(({ resource }) => resource.plural));
    const written = operatorRules(KIND_MODULES)
      .filter(({ verbs }) => verbs.some((verb) => verb !== 'list' && verb !== 'watch'))
      .flatMap(({ resources }) => resources);
    const others = written.filter((one) => !owned.has(one) && !/\/(status|finalizers)$/.test(one));
    expect(others).toEqual(['events']);
  });
});

describe('the admission policy of the operator', () => {
  const policyOf = (...kinds: readonly KindModule[]): string => admissionPolicyTemplate(kinds, 'generated');

  it('holds the children of each kind to their own names, resources and rules', () => {
    const policy = policyOf(theAgentKind(), aStrangersKind('knowledge-'));
    expect(policy).toContain(
      "(variables.name.startsWith('knowledge-') && request.resource.resource in ['statefulsets'])",
    );
    expect(policy).toContain(
      "!variables.name.startsWith('knowledge-') || (variables.pods.all(pod, !pod.hostNetwork))",
    );
    expect(policy).toContain("request.resource.resource in ['deployments', 'statefulsets']");
    expect(policy).toContain('called agent-<name> or knowledge-<name>');
  });

  it.each(['agent-', 'agent-x-', ''])(
    'refuses the name prefix "%s", which another kind could share',
    (prefix) => {
      expect(() => policyOf(theAgentKind(), aStrangersKind(prefix))).toThrow(
        'could be those of another kind',
      );
    },
  );
});
