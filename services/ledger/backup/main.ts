/**
 * `node services/ledger/backup/main.ts write > FILE` beside a running ledger, and `... read < FILE` on an empty volume.
 * It says what is wrong on the error output and ends with 1.
 */
import process from 'node:process';
import { readBackup, writeBackup } from './sqlite-copy.ts';

const path = process.env['CAPATAZ_DATABASE_PATH'] ?? '/var/lib/capataz/ledger.sqlite';
const [, , direction] = process.argv;

try {
  if (direction === 'write') await writeBackup(path, process.stdout);
  else if (direction === 'read') await readBackup(process.stdin, path);
  else throw new Error('say "write" (to the standard output) or "read" (from the standard input)');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
  // kubectl exec waits for ever for a process that ends before it has taken its input.
  if (direction === 'read' && !process.stdin.isTTY) process.stdin.resume();
}
