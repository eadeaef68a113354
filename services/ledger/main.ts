/** The ledger's process. */
import { runProcess } from '#process/run-process.ts';
import { LedgerConfig } from './config.ts';
import { startLedger } from './start-ledger.ts';

await runProcess({
  name: 'ledger',
  environment: LedgerConfig,
  start: startLedger,
});
