// npm run up: a cluster with Capataz in it, from nothing, and the first answer of an agent.
import { cacheDirectory } from './cluster-paths.ts';
import { removeStaleTemporaries } from './cache-cleaning.ts';
import { ClusterError } from './cluster-error.ts';
import { createConsoleReport } from './console-report.ts';
import { findInstance } from './instance-record.ts';
import { explainMachine } from './machine-requirements.ts';
import { upOwnCluster } from './own-cluster.ts';
import { runShell } from './shell.ts';
import { holdClusterLock } from './single-run.ts';
import { parseTarget, upUsage } from './up-arguments.ts';
import { upLocal } from './up-local.ts';

await runShell(async () => {
  const target = parseTarget(process.argv.slice(2));
  if (target.kind === 'help') {
    process.stdout.write(`${upUsage}\n`);
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
