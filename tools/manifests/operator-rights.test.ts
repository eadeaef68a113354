import { describe, expect, it } from 'vitest';
import { KIND_MODULES } from '#operator/kinds.ts';
import type { KindModule } from '#operator/runtime/kind-module.ts';
import { watchedObjects } from '#operator/runtime/watched-resource.ts';
import { admissionPolicyTemplate } from './admission-policy.ts';
import { operatorRules } from './operator-rights.ts';

const AGENT_KIND = KIND_MODULES.find(({ children }) => children !== undefined);
const STATEFUL_SETS = watchedObjects(
  { groupVersion: 'apps/v1', kind: 'StatefulSet', plural: 'statefulsets' },
  'capataz.dev/knowledge-base',
);

/** A kind that a stranger adds: it owns a StatefulSet called knowledge-<name>. */
function aStrangersKind(namePrefix: string): KindModule {
  if (AGENT_KIND?.children === undefined) throw new Error('no kind has children');
  return {
    ...AGENT_KIND,
    objects: { ...AGENT_KIND.objects, kind: 'KnowledgeBase', plural: 'knowledgebases' },
    watches: [],
    children: {
      ...AGENT_KIND.children,
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

  it('never hold a right on Secrets, whatever kinds there are', () => {
    const resources = operatorRules(KIND_MODULES).flatMap((rule) => rule.resources);
    expect(resources.filter((resource) => resource.includes('secret'))).toEqual([]);
  });
});

describe('the admission policy of the operator', () => {
  const policyOf = (...kinds: readonly KindModule[]): string => admissionPolicyTemplate(kinds, 'generated');

  it('holds the children of each kind to their own names, resources and rules', () => {
    const policy = policyOf(...KIND_MODULES, aStrangersKind('knowledge-'));
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
      expect(() => policyOf(...KIND_MODULES, aStrangersKind(prefix))).toThrow(
        'could be those of another kind',
      );
    },
  );
});
