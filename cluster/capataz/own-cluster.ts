import { accessContext, type ClusterAccess } from '#cluster/kubeconfig/cluster-access.ts';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { CHECKOUT_DIRECTORY } from '#cluster/instance/cluster-paths.ts';
import { ensureHelm } from '#cluster/command-line/command-line-tools.ts';
import { lastLines } from '#cluster/command-line/command.ts';
import { hasChart, uninstallCapataz } from './install-capataz.ts';
import { removeSamples } from './samples.ts';
import { isOnPath } from '#cluster/command-line/machine-requirements.ts';
import { installAndAsk } from './up-capataz.ts';
import type { Image } from '#cluster/command-line/up-arguments.ts';
import type { LocalOptions } from './up-local.ts';

/** A cluster that the person has already. Nothing of it is touched but our release and our samples. */
export async function upOwnCluster(
  context: string,
  image: Image | undefined,
  options: LocalOptions,
): Promise<void> {
  if (image === undefined) {
    throw new ClusterError(
      `The cluster of the context "${context}" must be able to pull the image, and an image cannot be brought into it from here: build it with "docker build --tag REPOSITORY:TAG .", push it, and run npm run up -- --context ${context} --image REPOSITORY:TAG.`,
    );
  }
  if (!hasChart(CHECKOUT_DIRECTORY)) {
    throw new ClusterError(
      `The chart ${CHECKOUT_DIRECTORY}/helm/capataz is missing: check out the whole repository.`,
    );
  }
  const access = await reach(context, options);
  options.report.step(`Using the cluster of the context "${context}".`);
  await installAndAsk(access, {
    image,
    report: options.report,
    kubectl: `kubectl --context ${context}`,
    capatazFlags: ['--context', context],
    downCommand: `npm run down -- --context ${context}`,
  });
}

export async function downOwnCluster(context: string, options: LocalOptions): Promise<void> {
  const access = await reach(context, options);
  await removeSamples(access, options.report);
  await uninstallCapataz(access, options.report);
  options.report.step(`What npm run up made is gone from the cluster of the context "${context}".`);
}

async function reach(context: string, options: LocalOptions): Promise<ClusterAccess> {
  const searchPath = options.environment['PATH'] ?? '';
  if (!isOnPath('kubectl', searchPath)) {
    throw new ClusterError(
      'kubectl is not on the PATH: install it (https://kubernetes.io/docs/tasks/tools) to use a cluster of your own.',
    );
  }
  const helm = await ensureHelm(options.cache, searchPath, options.report);
  const access = accessContext({ kubectl: 'kubectl', helm }, context);
  const answer = await access.tryKubectl(['get', '--raw', '/version', '--request-timeout=10s']);
  if (answer.exitCode !== 0) {
    throw new ClusterError(
      `The cluster of the context "${context}" cannot be reached: ${lastLines(answer.errorOutput, 1)} "kubectl config get-contexts" lists the contexts that you have.`,
    );
  }
  return access;
}
