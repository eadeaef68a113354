/** The operator's process. */
import { runProcess } from '#process/run-process.ts';
import { OperatorConfig } from './config.ts';
import { runOperator } from './operator.ts';

await runProcess({
  name: 'operator',
  environment: OperatorConfig,
  start: async (config, { logger, fail }) => {
    const stopping = new AbortController();
    const running = runOperator(config, logger, stopping.signal);
    running.catch(fail);
    return {
      stop: async () => {
        stopping.abort();
        await running;
      },
    };
  },
});
