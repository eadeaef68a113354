/** The local model server: a small chat model and an embedding model behind OpenAI's API, without a key. */
import './home-directory.ts';
import { runProcess } from '#process/run-process.ts';
import { LocalModelConfig } from './config.ts';
import { startLocalModel } from './start-local-model.ts';

await runProcess({
  name: 'local-model',
  environment: LocalModelConfig,
  start: (config, { logger }) => startLocalModel(config, logger),
});
