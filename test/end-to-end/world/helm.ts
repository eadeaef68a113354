import { cacheDirectory } from '#cluster/cluster-paths.ts';
import { ensureHelm } from '#cluster/command-line-tools.ts';
import { runCommand } from '#cluster/command.ts';
import { silentReport } from '#cluster/console-report.ts';
import { INSTANCE } from './cluster.ts';

/** Calls helm for the test node and returns what it printed. */
export async function helm(helmArguments: readonly string[]): Promise<string> {
  const program = await ensureHelm(cacheDirectory(process.env), process.env['PATH'] ?? '', silentReport);
  return runCommand(program, helmArguments, {
    environment: { KUBECONFIG: INSTANCE.kubeconfigPath },
    timeoutSeconds: 300,
  });
}
