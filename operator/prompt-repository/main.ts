/** The process that follows git repositories. */
import { runProcess } from '#process/run-process.ts';
import { PromptRepositoryConfig } from './config.ts';
import { runPromptRepositories } from './run-prompt-repositories.ts';

await runProcess({
  name: 'prompt-repository',
  environment: PromptRepositoryConfig,
  start: async (config, { logger, fail }) => {
    const stopping = new AbortController();
    const running = runPromptRepositories(config, logger, stopping.signal, process.env['PATH'] ?? '');
    running.catch(fail);
    return {
      stop: async () => {
        stopping.abort();
        await running;
      },
    };
  },
});
