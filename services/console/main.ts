/** The process of the console. */
import { runProcess } from '#process/run-process.ts';
import { ConsoleConfig } from './config.ts';
import { startConsole } from './start-console.ts';

await runProcess({
  name: 'console',
  environment: ConsoleConfig,
  start: startConsole,
});
