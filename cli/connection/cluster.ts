/** The way to the objects of the cluster: the API server of the kubeconfig, as kubectl uses it. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { type KubeClient, createKubeClient } from '#adapters/kubernetes/kube-client.ts';
import { CommandError } from '../exit-codes.ts';
import { type KubeconfigFlags, loadUserKubeConfig } from './kubeconfig.ts';

export interface ClusterFlags extends KubeconfigFlags {
  readonly namespace?: string;
}

export interface ClusterAccess extends AsyncDisposable {
  readonly kubeClient: KubeClient;
  readonly namespace: string;
  /** As the kubeconfig calls whoever asks; the API server knows surely. */
  readonly user: string | undefined;
}

export function withCluster(command: Command): Command {
  const options = [
    new Option('-n, --namespace <namespace>', 'the namespace (that of the context when not given)'),
    new Option('--kubeconfig <file>', 'the kubeconfig to use (KUBECONFIG, then ~/.kube/config)'),
    new Option('--context <name>', 'the context of the kubeconfig to use'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Connection:'));
  return command;
}

export async function connectToCluster(
  flags: ClusterFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ClusterAccess> {
  const kubeConfig = await loadUserKubeConfig(flags, environment);
  if (kubeConfig === undefined) {
    throw new CommandError('usage', 'There is no kubeconfig: set KUBECONFIG or give --kubeconfig.');
  }
  const context = kubeConfig.getContextObject(kubeConfig.currentContext);
  let kubeClient: KubeClient;
  try {
    kubeClient = createKubeClient(kubeConfig);
  } catch (error) {
    throw new CommandError('usage', error instanceof Error ? error.message : String(error));
  }
  return {
    kubeClient,
    namespace: flags.namespace ?? context?.namespace ?? 'default',
    user: context?.user,
    [Symbol.asyncDispose]: () => kubeClient.close(),
  };
}
