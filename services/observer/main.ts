/** The process of the observer. */
import { runProcess } from '#process/run-process.ts';
import { ObserverConfig } from './config.ts';
import { startObserver } from './start-observer.ts';

await runProcess({
  name: 'observer',
  environment: ObserverConfig,
  start: (config, { logger, fail }) => startObserver(config, logger, fail),
});
