import { cacheDirectory } from '#cluster/instance/cluster-paths.ts';
import { ensureHelm } from '#cluster/command-line/command-line-tools.ts';
import { runCommand } from '#cluster/command-line/command.ts';
import { SILENT_REPORT } from '#cluster/command-line/console-report.ts';
import { INSTANCE } from './cluster.ts';

/** Calls helm for the test node and returns what it printed. */
export async function helm(helmArguments: readonly string[]): Promise<string> {
  const program = await ensureHelm(cacheDirectory(process.env), process.env['PATH'] ?? '', SILENT_REPORT);
  return runCommand(program, helmArguments, {
    environment: { KUBECONFIG: INSTANCE.kubeconfigPath },
    timeoutSeconds: 300,
  });
}
