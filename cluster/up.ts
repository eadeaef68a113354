/** npm run up: a cluster with Capataz in it, from nothing, and the first answer of an agent. */
import { cacheDirectory } from '#cluster/instance/cluster-paths.ts';
import { removeStaleTemporaries } from '#cluster/instance/cache-cleaning.ts';
import { ClusterError } from '#cluster/command-line/cluster-error.ts';
import { createConsoleReport } from '#cluster/command-line/console-report.ts';
import { findInstance } from '#cluster/instance/instance-record.ts';
import { explainMachine } from '#cluster/command-line/machine-requirements.ts';
import { upOwnCluster } from '#cluster/capataz/own-cluster.ts';
import { runShell } from '#cluster/command-line/shell.ts';
import { holdClusterLock } from '#cluster/command-line/single-run.ts';
import { parseTarget, UP_USAGE } from '#cluster/command-line/up-arguments.ts';
import { upLocal } from '#cluster/capataz/up-local.ts';

await runShell(async () => {
  const target = parseTarget(process.argv.slice(2));
  if (target.kind === 'help') {
    process.stdout.write(`${UP_USAGE}\n`);
    return;
  }
  const environment = process.env;
  const report = createConsoleReport(process.stdout);
  const options = { environment, cache: cacheDirectory(environment), report };
  if (target.kind === 'context') {
    await upOwnCluster(target.context, target.image, options);
    return;
  }
  const problem = explainMachine({
    platform: process.platform,
    architecture: process.arch,
    userId: process.getuid?.() ?? -1,
  });
  if (problem !== undefined) throw new ClusterError(problem);
  const instance = await findInstance(environment);
  await holdClusterLock(instance.name);
  await removeStaleTemporaries(options.cache);
  await upLocal(instance, options);
});
