/** The router's process. */
import { runProcess } from '#process/run-process.ts';
import { RouterConfig } from './config.ts';
import { startRouter } from './start-router.ts';

await runProcess({
  name: 'router',
  environment: RouterConfig,
  start: (config, { logger }) => startRouter(config, logger),
});
