/** npm run down: removes all that npm run up made on this machine, except the cache. */
import { cacheDirectory } from '#cluster/instance/cluster-paths.ts';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { createConsoleReport } from '#cluster/command-line/console-report.ts';
import { findInstance } from '#cluster/instance/instance-record.ts';
import { removeNode } from '#cluster/node/node-lifecycle.ts';
import { downOwnCluster } from '#cluster/capataz/own-cluster.ts';
import { runShell } from '#cluster/command-line/shell.ts';
import { holdClusterLock } from '#cluster/command-line/single-run.ts';
import { parseTarget, UP_USAGE } from '#cluster/command-line/up-arguments.ts';
import { removeFromUserKubeconfig } from '#cluster/kubeconfig/user-kubeconfig.ts';

await runShell(async () => {
  const target = parseTarget(process.argv.slice(2));
  if (target.kind === 'help') {
    process.stdout.write(`${UP_USAGE}\n`);
    return;
  }
  const environment = process.env;
  const report = createConsoleReport(process.stdout);
  if (target.kind === 'context') {
    const options = { environment, cache: cacheDirectory(environment), report };
    await downOwnCluster(target.context, options);
    return;
  }
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new ClusterError(
      'Removing the cluster of this machine needs root, as starting it did: run "sudo -E npm run down".',
    );
  }
  const instance = await findInstance(environment);
  await holdClusterLock(instance.name);
  await removeFromUserKubeconfig(instance);
  await removeNode(instance);
  report.step(
    `The cluster "${instance.name}" is gone; what was built for it stays in ${cacheDirectory(environment)}.`,
  );
});
