import { existsSync } from 'node:fs';
import { accessKubeconfig, type ClusterAccess } from '#cluster/kubeconfig/cluster-access.ts';
import { CHECKOUT_DIRECTORY } from '#cluster/instance/cluster-paths.ts';
import { ensureHelm, linkKubectl } from '#cluster/command-line/command-line-tools.ts';
import type { ConsoleReport } from '#cluster/command-line/console-report.ts';
import { ensureContainerImage } from '#cluster/image/container-image.ts';
import { hasChart } from './install-capataz.ts';
import type { Instance } from '#cluster/instance/instance.ts';
import { ensureKubernetesPrograms } from '#cluster/kubernetes/kubernetes-binary.ts';
import { ensureDebianPackages, isOnPath } from '#cluster/command-line/machine-requirements.ts';
import { ensureNode } from '#cluster/node/node-lifecycle.ts';
import { installAndAsk } from './up-capataz.ts';
import { addToUserKubeconfig } from '#cluster/kubeconfig/user-kubeconfig.ts';

export interface LocalOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cache: string;
  readonly report: ConsoleReport;
}

export interface LocalCluster {
  readonly access: ClusterAccess;
  // How a person calls kubectl for this cluster.
  readonly kubectl: string;
  readonly capatazFlags: readonly string[];
  readonly kubeconfigPath: string;
}

/** The cluster by itself, without Capataz in it: what tests of single parts want. */
export async function ensureLocalCluster(instance: Instance, options: LocalOptions): Promise<LocalCluster> {
  const { environment, cache, report } = options;
  const searchPath = environment['PATH'] ?? '';
  await ensureDebianPackages(searchPath, report);
  const programs = await ensureKubernetesPrograms({ report, environment });
  const kubectlLink = await linkKubectl(programs.kubernetes);
  const helm = hasChart(CHECKOUT_DIRECTORY) ? await ensureHelm(cache, searchPath, report) : 'helm';
  await ensureNode(instance, programs, report);
  const userFile = await addToUserKubeconfig(instance, environment);
  report.step(
    userFile === undefined
      ? `The node is Ready; its kubeconfig is ${instance.kubeconfigPath}.`
      : `The node is Ready; the context "${instance.name}" is in ${userFile}.`,
  );
  const program = isOnPath('kubectl', searchPath) ? 'kubectl' : kubectlLink;
  return {
    access: accessKubeconfig({ kubectl: kubectlLink, helm }, instance.kubeconfigPath),
    kubectl: userFile === undefined ? `${program} --kubeconfig ${instance.kubeconfigPath}` : program,
    capatazFlags: userFile === undefined ? ['--kubeconfig', instance.kubeconfigPath] : [],
    kubeconfigPath: instance.kubeconfigPath,
  };
}

export async function upLocal(instance: Instance, options: LocalOptions): Promise<void> {
  const { cache, report } = options;
  const cluster = await ensureLocalCluster(instance, options);
  if (!hasChart(CHECKOUT_DIRECTORY) || !existsSync(`${CHECKOUT_DIRECTORY}/samples`)) {
    report.step('This checkout has no chart in helm/capataz, so the cluster stays empty.');
    return;
  }
  const image = await ensureContainerImage(instance, {
    checkout: CHECKOUT_DIRECTORY,
    cache,
    nodeProgram: process.execPath,
    report,
  });
  await installAndAsk(cluster.access, {
    image,
    report,
    kubectl: cluster.kubectl,
    capatazFlags: cluster.capatazFlags,
    downCommand: instance.isDefault ? 'npm run down' : `CAPATAZ_CLUSTER=${instance.name} npm run down`,
  });
}
