/** The process that follows repositories, with exactly the rights that the chart gives it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { PROMPT_REPOSITORY_MANAGER } from '#operator/prompt-repository/run-prompt-repositories.ts';
import { type OperatorProcess, SYSTEM_NAMESPACE, type World, launch } from './operator-world.ts';

const ROLES = join(import.meta.dirname, '../../../helm/capataz/templates/prompt-repository/roles.yaml');
const GROUP = 'rbac.authorization.k8s.io';
const RBAC = `/apis/${GROUP}/v1`;
const PROGRAM = {
  path: 'operator/prompt-repository/main.ts',
  startedMessage: 'following prompt repositories',
} as const;

/** Returns what starts it: a second one with the same directory finds what the first has fetched. */
export async function permitPromptRepositories(
  world: World,
  directory: string,
): Promise<(name: string) => OperatorProcess> {
  const name = PROMPT_REPOSITORY_MANAGER;
  const chart = await readFile(ROLES, 'utf8');
  const rulesOf = (template: string): unknown[] => {
    const text = new RegExp(`define "capataz\\.${template}" -}}\n(.*?){{- end }}`, 's').exec(chart)?.[1];
    return parse(text ?? '') as unknown[];
  };
  const subjects = [{ kind: 'ServiceAccount', name, namespace: SYSTEM_NAMESPACE }];
  const roleRef = (kind: string): object => ({ apiGroup: GROUP, kind, name });
  const post = (path: string, body: object) => world.kube.request({ method: 'POST', path, body });
  const metadata = { name };
  await post(`/api/v1/namespaces/${SYSTEM_NAMESPACE}/serviceaccounts`, { metadata });
  await post(`${RBAC}/clusterroles`, {
    metadata,
    rules: [...rulesOf('promptRepositoryRules'), ...rulesOf('promptRepositorySecretRules')],
  });
  await post(`${RBAC}/clusterrolebindings`, { metadata, subjects, roleRef: roleRef('ClusterRole') });
  const inSystem = `${RBAC}/namespaces/${SYSTEM_NAMESPACE}`;
  await post(`${inSystem}/roles`, { metadata, rules: rulesOf('promptRepositoryLeaseRules') });
  await post(`${inSystem}/rolebindings`, { metadata, subjects, roleRef: roleRef('Role') });
  const kubeconfig = join(directory, 'prompt-repository.kubeconfig');
  const config = parse(await readFile(world.controlPlane.kubeconfig, 'utf8'));
  config.users[0].user = { token: await world.token(SYSTEM_NAMESPACE, name, '') };
  await writeFile(kubeconfig, stringify(config));
  return (podName) =>
    launch(PROGRAM, podName, {
      CAPATAZ_KUBECONFIG: kubeconfig,
      CAPATAZ_GIT_CACHE_DIRECTORY: join(directory, 'cache'),
      CAPATAZ_GIT_TEMPORARY_DIRECTORY: directory,
      CAPATAZ_GIT_MAXIMUM_MEBIBYTES: '1',
    });
}
