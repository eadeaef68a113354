import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterError } from './cluster-error.ts';

/**
 * Runs a command-line program: a failure that the person can mend is one sentence, and even our own
 * defects show no stack trace but say where it is kept.
 */
export async function runShell(main: () => Promise<void>): Promise<never> {
  try {
    await main();
    process.exit(0);
  } catch (error) {
    if (error instanceof ClusterError) {
      process.stderr.write(`\nError: ${error.message}\n`);
      process.exit(1);
    }
    const file = join(tmpdir(), `capataz-defect-${process.pid}.txt`);
    writeFileSync(file, error instanceof Error ? (error.stack ?? error.message) : String(error));
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    process.stderr.write(
      `\nError: ${reason}. That was not foreseen; please report it with the file ${file}.\n`,
    );
    process.exit(1);
  }
}
