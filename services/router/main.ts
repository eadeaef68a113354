/** The process: environment in, router up, signals handled. */
import { pino } from 'pino';
import { z } from 'zod';
import { createLogger } from '#telemetry/logger.ts';
import { RouterConfig } from './config.ts';
import { startRouter } from './start-router.ts';

const LOG_FLUSH_MILLISECONDS = 500;

const config = RouterConfig.safeParse(process.env);
if (!config.success) {
  process.stderr.write(`The environment of the router is not valid:\n${z.prettifyError(config.error)}\n`);
  process.exit(2);
}
// One write for many lines: a busy router logs thousands of lines in a second.
const destination = pino.destination({ dest: 1, sync: false, minLength: 8_192 });
const logger = createLogger('router', config.data.logLevel, destination);
setInterval(() => destination.flush(), LOG_FLUSH_MILLISECONDS).unref();

const router = await startRouter(config.data, logger);

let isStopping = false;
async function stop(signal: NodeJS.Signals): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  logger.info({ signal }, 'the router is draining');
  await router.stop();
  logger.info('the router has ended');
  destination.flushSync();
  process.exit(0);
}
process.on('SIGTERM', (signal) => void stop(signal));
process.on('SIGINT', (signal) => void stop(signal));
