/** The process of the witness. */
import { runProcess } from '#process/run-process.ts';
import { WitnessConfig } from './config.ts';
import { startWitness } from './start-witness.ts';

await runProcess({
  name: 'ledger-witness',
  environment: WitnessConfig,
  start: (config, { logger }) => startWitness(config, logger),
});
