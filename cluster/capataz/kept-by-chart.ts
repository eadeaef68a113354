/**
 * What the chart keeps when its release goes, so that no audit is lost by a mistake: the ledger's volume and keys, and the
 * witness's namespace with its volume. `npm run down` takes them too where `npm run up` made the release.
 */
import type { ClusterAccess } from '#cluster/kubeconfig/cluster-access.ts';

/** The labels that the chart gives to all of a release; claims have them from their StatefulSet. */
function selectorOf(release: string): string {
  return `app.kubernetes.io/name=capataz,app.kubernetes.io/instance=${release}`;
}

const KEPT_KINDS = 'secrets,persistentvolumeclaims';

/** The namespaces that the release itself made: the witness's. */
export async function namespacesOfRelease(
  access: ClusterAccess,
  release: string,
  releaseNamespace: string,
): Promise<readonly string[]> {
  const text = await access.kubectl([
    'get',
    'namespaces',
    '--selector',
    selectorOf(release),
    '--output=json',
  ]);
  const { items } = JSON.parse(text) as {
    readonly items: readonly {
      readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
    }[];
  };
  return items
    .filter(({ metadata }) => metadata.annotations?.['meta.helm.sh/release-namespace'] === releaseNamespace)
    .map(({ metadata }) => metadata.name);
}

/** As "secret/capataz-ledger-keys". */
export async function listKept(
  access: ClusterAccess,
  release: string,
  namespace: string,
): Promise<readonly string[]> {
  const text = await access.kubectl([
    'get',
    KEPT_KINDS,
    '--namespace',
    namespace,
    '--selector',
    selectorOf(release),
    '--output=name',
  ]);
  return text.split('\n').filter((line) => line !== '');
}

export async function removeKept(access: ClusterAccess, release: string, namespace: string): Promise<void> {
  await access.kubectl([
    'delete',
    KEPT_KINDS,
    '--namespace',
    namespace,
    '--selector',
    selectorOf(release),
    '--timeout=120s',
  ]);
}
