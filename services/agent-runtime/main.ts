/** The process of an agent's pod. */
import { runProcess } from '#process/run-process.ts';
import { AgentRuntimeConfig } from './config.ts';
import { startAgentRuntime } from './start-agent-runtime.ts';

await runProcess({
  name: 'agent-runtime',
  environment: AgentRuntimeConfig,
  start: (config, { logger, writeLine }) => startAgentRuntime(config, logger, writeLine),
});
