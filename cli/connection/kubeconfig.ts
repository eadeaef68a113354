/** The kubeconfig that kubectl would use. */
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { CommandError } from '../exit-codes.ts';

export interface KubeconfigFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

const IN_CLUSTER_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * `--kubeconfig`, else the files of KUBECONFIG (merged, the first that says something wins), else ~/.kube/config, else
 * the ServiceAccount of the pod that this runs in. Undefined when there is none of them.
 */
export async function loadUserKubeConfig(
  flags: KubeconfigFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<KubeConfig | undefined> {
  const present: string[] = [];
  for (const path of candidates(flags, environment)) if (await exists(path)) present.push(path);
  if (present.length > 0) {
    const kubeConfig = loadFiles(present);
    if (flags.context !== undefined) useContext(kubeConfig, flags.context);
    return kubeConfig;
  }
  if (flags.kubeconfig !== undefined) {
    throw new CommandError('usage', `There is no kubeconfig at ${flags.kubeconfig}.`);
  }
  if (!(await exists(IN_CLUSTER_TOKEN))) return undefined;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromCluster();
  return kubeConfig;
}

function candidates(
  { kubeconfig }: KubeconfigFlags,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  if (kubeconfig !== undefined) return [kubeconfig];
  const named = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return named.length > 0 ? named : [join(environment['HOME'] ?? homedir(), '.kube/config')];
}

function loadFiles(paths: readonly string[]): KubeConfig {
  try {
    const files = paths.map((path) => {
      const file = new KubeConfig();
      file.loadFromFile(path);
      return file;
    });
    const merged = new KubeConfig();
    merged.loadFromOptions({
      clusters: firstOfEachName(files.flatMap(({ clusters }) => clusters)),
      users: firstOfEachName(files.flatMap(({ users }) => users)),
      contexts: firstOfEachName(files.flatMap(({ contexts }) => contexts)),
      currentContext: files.find(({ currentContext }) => Boolean(currentContext))?.currentContext ?? '',
    });
    return merged;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError('usage', `The kubeconfig ${paths.join(', ')} cannot be read: ${why}`);
  }
}

/** As kubectl merges; the library's own merge refuses a name that comes twice. */
function firstOfEachName<Named extends { readonly name: string }>(all: readonly Named[]): Named[] {
  return [...new Map(all.toReversed().map((one) => [one.name, one])).values()];
}

function useContext(kubeConfig: KubeConfig, name: string): void {
  if (kubeConfig.getContextObject(name) === null) {
    const known = kubeConfig.contexts.map((context) => context.name).join(', ') || 'none';
    throw new CommandError('usage', `The kubeconfig has no context "${name}": it has ${known}.`);
  }
  kubeConfig.setCurrentContext(name);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
