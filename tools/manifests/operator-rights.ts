/** What the operator may do in a cluster, as its kinds declare it: rules of RBAC. */
import { API_GROUP } from '#crds/object-meta.ts';
import type { KindModule } from '#operator/runtime/kind-module.ts';

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const READ = ['list', 'watch'];
const WRITE_STATUS = ['patch', 'update'];
const OWN = ['get', 'list', 'watch', 'create', 'patch', 'update'];

/** On the objects of the namespaces it looks after; that it reviews tokens and holds a Lease is said elsewhere. */
export function operatorRules(modules: readonly KindModule[]): readonly PolicyRule[] {
  const verbs = new Map<string, Set<string>>();
  const grant = (group: string, resource: string, granted: readonly string[]): void => {
    const place = `${group}/${resource}`;
    verbs.set(place, new Set([...(verbs.get(place) ?? []), ...granted]));
  };
  for (const { objects, watches, children } of modules) {
    grant(API_GROUP, objects.plural, READ);
    grant(API_GROUP, `${objects.plural}/status`, WRITE_STATUS);
    for (const { resource } of watches) grant(apiGroup(resource.groupVersion), resource.plural, READ);
    if (children === undefined) continue;
    // An owner reference that holds up deletion needs it, where that is checked (OwnerReferencesPermissionEnforcement).
    grant(API_GROUP, `${objects.plural}/finalizers`, ['update']);
    for (const { resource, deletedBecause } of children.resources) {
      const remove = deletedBecause === undefined ? [] : ['delete'];
      grant(apiGroup(resource.groupVersion), resource.plural, [...OWN, ...remove]);
    }
  }
  grant('events.k8s.io', 'events', ['create']);
  return grouped(verbs);
}

/** Resources of one group with the same verbs stand in one rule. */
function grouped(verbs: ReadonlyMap<string, ReadonlySet<string>>): readonly PolicyRule[] {
  const rules = new Map<string, { apiGroups: string[]; resources: string[]; verbs: string[] }>();
  for (const [place, granted] of verbs) {
    const slash = place.indexOf('/');
    const [group, resource] = [place.slice(0, slash), place.slice(slash + 1)];
    const key = `${group} ${[...granted].join()}`;
    const rule = rules.get(key) ?? { apiGroups: [group], resources: [], verbs: [...granted] };
    rule.resources.push(resource);
    rules.set(key, rule);
  }
  return [...rules.values()];
}

/** Empty for the core group. */
export function apiGroup(groupVersion: string): string {
  return groupVersion.includes('/') ? groupVersion.slice(0, groupVersion.indexOf('/')) : '';
}

/** The text of helm/capataz/templates/operator/_kind-rules.tpl. */
export function operatorRulesTemplate(modules: readonly KindModule[], notice: string): string {
  const flow = (words: readonly string[]): string =>
    `[${words.map((word) => (word === '' ? '""' : word)).join(', ')}]`;
  const rules = operatorRules(modules).map(
    (rule) =>
      `- apiGroups: ${flow(rule.apiGroups)}\n  resources: ${flow(rule.resources)}\n  verbs: ${flow(rule.verbs)}`,
  );
  return `{{- /* ${notice} */}}
{{- /* Nothing on Secrets, roles or the inside of pods: whoever takes over the operator must not get further. */}}
{{- define "capataz.operatorRules" -}}
${rules.join('\n')}
{{- end }}
`;
}
