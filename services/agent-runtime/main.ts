/** The process: environment in, agent up, signals handled. */
import { pino } from 'pino';
import { z } from 'zod';
import { createLogger } from '#telemetry/logger.ts';
import { AgentRuntimeConfig } from './config.ts';
import { startAgentRuntime } from './start-agent-runtime.ts';

const config = AgentRuntimeConfig.safeParse(process.env);
if (!config.success) {
  process.stderr.write(
    `The environment of the agent-runtime is not valid:\n${z.prettifyError(config.error)}\n`,
  );
  process.exit(2);
}
// Log and trace share one destination, so that their lines never run into each other.
const destination = pino.destination({ dest: 1, sync: true });
const logger = createLogger('agent-runtime', config.data.logLevel, destination);

const agent = await startAgentRuntime(config.data, logger, (line) => destination.write(line));

let isStopping = false;
async function stop(signal: NodeJS.Signals): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  logger.info({ signal }, 'the agent is draining');
  await agent.stop();
  logger.info('the agent has ended');
  destination.flushSync();
  process.exit(0);
}
process.on('SIGTERM', (signal) => void stop(signal));
process.on('SIGINT', (signal) => void stop(signal));
