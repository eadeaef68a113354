/** Where the console is, and a token of the person that the chart made for trying it out. */
import type { ClusterAccess } from '#cluster/kubeconfig/cluster-access.ts';
import { RELEASE, SYSTEM_NAMESPACE } from './install-capataz.ts';
import type { ConsoleAccess } from './next-steps.ts';

const AUDIENCE = 'capataz-console';

export async function openConsole(access: ClusterAccess): Promise<ConsoleAccess> {
  const inSystem = ['--namespace', SYSTEM_NAMESPACE];
  const token = await access.kubectl([
    'create',
    'token',
    `${RELEASE}-person`,
    ...inSystem,
    `--audience=${AUDIENCE}`,
    '--duration=1h',
  ]);
  if (!access.isRouted) return { url: undefined, token: token.trim() };
  const address = await access.kubectl([
    'get',
    'service',
    `${RELEASE}-console`,
    ...inSystem,
    '--output=jsonpath={.spec.clusterIP}',
  ]);
  return { url: `http://${address.trim()}:8080`, token: token.trim() };
}
