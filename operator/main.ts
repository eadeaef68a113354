/** The operator's process: environment in, signals in, exit code out. */
import { createLogger } from '#telemetry/logger.ts';
import { parseConfig } from './config.ts';
import { runOperator } from './operator.ts';

const config = parseConfig(process.env);
const logger = createLogger('operator', config.logLevel);
const stop = new AbortController();

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    logger.info({ signal }, 'shutting down');
    stop.abort();
  });
}

try {
  await runOperator(config, logger, stop.signal);
  process.exit(0);
} catch (error) {
  logger.fatal({ error }, 'operator ended');
  process.exit(1);
}
