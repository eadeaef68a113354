/** Rights as the chart gives them: a missing one fails the tests of whoever needs it. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { SYSTEM_NAMESPACE, type World } from './operator-world.ts';

const TEMPLATES = join(import.meta.dirname, '../../../helm/capataz/templates');
const GROUP = 'rbac.authorization.k8s.io';
const RBAC = `/apis/${GROUP}/v1`;

/** Of templates that the chart defines, one after the other: `capataz.NAME`. */
export async function chartRules(...names: readonly string[]): Promise<readonly unknown[]> {
  const files = (await readdir(TEMPLATES, { recursive: true })).filter((file) => /\.(yaml|tpl)$/.test(file));
  const chart = (await Promise.all(files.map((file) => readFile(join(TEMPLATES, file), 'utf8')))).join('\n');
  const textOf = (name: string): string => {
    const text = new RegExp(`define "capataz\\.${name}" -}}\n(.*?){{- end }}`, 's').exec(chart)?.[1];
    if (text === undefined) throw new Error(`The chart defines no capataz.${name}.`);
    return text.replaceAll(/{{ include "capataz\.(\w+)" \. }}\n/g, (_, included: string) => textOf(included));
  };
  return names.flatMap((name) => parse(textOf(name)) as unknown[]);
}

/** To a ServiceAccount of the platform, which is made where it is missing; `suffix` tells several of one apart. */
export async function grant(
  world: World,
  account: string,
  rules: readonly unknown[],
  { suffix = '', isInSystem = false }: { readonly suffix?: string; readonly isInSystem?: boolean } = {},
): Promise<void> {
  const kind = isInSystem ? 'Role' : 'ClusterRole';
  const base = isInSystem ? `${RBAC}/namespaces/${SYSTEM_NAMESPACE}` : RBAC;
  const metadata = { name: `${account}${suffix}` };
  const post = (path: string, body: object) => world.kube.request({ method: 'POST', path, body });
  await post(`${base}/${kind.toLowerCase()}s`, { metadata, rules });
  await post(`${base}/${kind.toLowerCase()}bindings`, {
    metadata,
    subjects: [{ kind: 'ServiceAccount', name: account, namespace: SYSTEM_NAMESPACE }],
    roleRef: { apiGroup: GROUP, kind, name: metadata.name },
  });
}
