/** Puts the agent-runtime together from its settings and runs it until `stop`. */
import { randomUUID } from 'node:crypto';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { createRouterModel } from '#adapters/router-client/router-model.ts';
import type { Logger } from '#telemetry/logger.ts';
import { type Readiness, startMetricsServer } from '#telemetry/metrics-server.ts';
import { AgentRuns } from './agent-runs.ts';
import { createAgentRuntimeMetrics } from './agent-runtime-metrics.ts';
import { createAgentApp } from './app.ts';
import type { AgentRuntimeConfig } from './config.ts';
import { watchConfigurationFile } from './configuration-file.ts';
import { createConfigurationHolder } from './configuration-holder.ts';
import { type ConfigurationStream, followConfigurationStream } from './configuration-stream.ts';
import { createTraceSink } from './trace-sink.ts';

export interface RunningAgentRuntime {
  readonly port: number;
  readonly metricsPort: number;
  /** Admits nothing more, lets the runs under way end within the drain time, and closes everything. */
  readonly stop: () => Promise<void>;
}

export async function startAgentRuntime(
  config: AgentRuntimeConfig,
  logger: Logger,
  writeLine: (line: string) => void,
): Promise<RunningAgentRuntime> {
  const now = (): Date => new Date();
  const epochSeconds = (): number => Date.now() / 1000;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  let stream: ConfigurationStream | undefined;
  const isStreamUp = (): boolean => stream?.isUp() ?? false;
  const metrics = createAgentRuntimeMetrics(registry, { isStreamUp, epochSeconds });
  const expected = { namespace: config.namespace, name: config.agentName };
  const holder = createConfigurationHolder({ expected, logger, metrics });

  const file =
    config.configurationPath === undefined
      ? undefined
      : watchConfigurationFile({
          path: config.configurationPath,
          isStreamUp,
          onConfiguration: async (text) => holder.offer(text, 'file'),
          logger,
        });
  // The stream's first word must come after the file's: the file may be older.
  await file?.firstRead;
  if (config.configurationUrl !== undefined) {
    stream = followConfigurationStream({
      url: config.configurationUrl,
      tokenPath: config.configurationTokenPath,
      onConfiguration: (text) => void holder.offer(text, 'stream'),
      onContact: metrics.operatorHeard,
      logger,
      random: Math.random,
    });
  }

  const model = createRouterModel({ url: config.routerUrl, tokenPath: config.routerTokenPath });
  const runs = new AgentRuns({
    model,
    current: holder.current,
    metrics,
    logger,
    trace: createTraceSink({ podName: config.podName, writeLine, now }),
    maximumConcurrentRuns: config.maximumConcurrentRuns,
    tracesContent: config.tracesContent,
    newRunId: randomUUID,
    now,
    monotonicMilliseconds: () => performance.now(),
  });
  const readiness = (): Readiness => {
    if (runs.isDraining) return { ready: false, reason: 'shutting down' };
    if (holder.current() === undefined) return { ready: false, reason: 'no configuration yet' };
    return { ready: true };
  };
  const metricsServer = await startMetricsServer({
    port: config.metricsPort,
    registry,
    isReady: readiness,
  });
  const app = createAgentApp({
    runs,
    current: holder.current,
    readiness,
    podName: config.podName,
    epochSeconds,
    logger,
  });
  await app.listen({ port: config.port, host: '::' });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.port;
  logger.info({ port, metricsPort: metricsServer.port }, 'the agent is listening');

  return {
    port,
    metricsPort: metricsServer.port,
    stop: async () => {
      await runs.drain(config.drainSeconds * 1000);
      await app.close();
      await Promise.all([stream?.close(), file?.close(), model.close(), metricsServer.close()]);
    },
  };
}
