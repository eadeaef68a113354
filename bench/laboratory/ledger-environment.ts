/** What a process of a bench is given so that it tells the ledger. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentToken } from './identity.ts';
import type { Processes } from './processes.ts';

export async function ledgerEnvironment(
  processes: Processes,
  name: string,
  ledgerPort: number,
): Promise<Readonly<Record<string, string>>> {
  const tokenPath = join(processes.directory, `${name}-ledger-token`);
  const spoolPath = join(processes.directory, `${name}-spool`);
  await writeFile(tokenPath, agentToken());
  await mkdir(spoolPath);
  return {
    CAPATAZ_LEDGER_URL: `http://127.0.0.1:${ledgerPort}`,
    CAPATAZ_LEDGER_TOKEN_PATH: tokenPath,
    CAPATAZ_LEDGER_SPOOL_PATH: spoolPath,
  };
}
