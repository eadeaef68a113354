// npm run down: removes all that npm run up made on this machine, except the cache.
import { cacheDirectory } from './cluster-paths.ts';
import { ClusterError } from './cluster-error.ts';
import { createConsoleReport } from './console-report.ts';
import { findInstance } from './instance-record.ts';
import { removeNode } from './node-lifecycle.ts';
import { downOwnCluster } from './own-cluster.ts';
import { runShell } from './shell.ts';
import { holdClusterLock } from './single-run.ts';
import { parseTarget, upUsage } from './up-arguments.ts';
import { removeFromUserKubeconfig } from './user-kubeconfig.ts';

await runShell(async () => {
  const target = parseTarget(process.argv.slice(2));
  if (target.kind === 'help') {
    process.stdout.write(`${upUsage}\n`);
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
