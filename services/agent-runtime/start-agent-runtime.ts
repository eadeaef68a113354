/** Puts the agent-runtime together from its settings and runs it until `stop`. */
import { randomBytes, randomUUID } from 'node:crypto';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { createHttpTools } from '#adapters/http-tools/http-tools.ts';
import { createLedgerClientMetrics } from '#adapters/ledger-client/ledger-client-metrics.ts';
import { type LedgerWriter, createLedgerWriter } from '#adapters/ledger-client/ledger-writer.ts';
import { createRouterModel } from '#adapters/router-client/router-model.ts';
import { COMMITMENT_KEY_BYTES } from '#domain/ledger/commitment.ts';
import { NO_LEDGER } from '#domain/ledger/record-writer.ts';
import { Drain } from '#process/drain.ts';
import { type Readiness, startHealthServer } from '#process/health-server.ts';
import { startHttpServiceAt } from '#process/http/loopback.ts';
import type { RunningProcess } from '#process/run-process.ts';
import type { Logger } from '#telemetry/logger.ts';
import { startTracing } from '#telemetry/tracing/tracing.ts';
import { AgentRuns } from './agent-runs.ts';
import { createAgentRuntimeMetrics } from './agent-runtime-metrics.ts';
import { createAgentApp } from './app.ts';
import type { AgentRuntimeConfig } from './config.ts';
import { watchConfigurationFile } from './configuration-file.ts';
import { createConfigurationHolder } from './configuration-holder.ts';
import { type ConfigurationStream, followConfigurationStream } from './configuration-stream.ts';
import { createTraceSink } from './trace-sink.ts';

/** What the ledger is given at the end, also when the drain is over: a pod without runs has little to tell. */
const LEAST_DELIVERY_MILLISECONDS = 2_000;

export async function startAgentRuntime(
  config: AgentRuntimeConfig,
  logger: Logger,
  writeLine: (line: string) => void,
): Promise<Required<RunningProcess>> {
  const now = (): Date => new Date();
  const epochSeconds = (): number => Date.now() / 1000;
  const monotonicMilliseconds = (): number => performance.now();
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  let stream: ConfigurationStream | undefined;
  const isStreamUp = (): boolean => stream?.isUp() ?? false;
  const metrics = createAgentRuntimeMetrics(registry, { isStreamUp, epochSeconds });
  const expected = { namespace: config.namespace, name: config.agentName };
  const httpTools = createHttpTools({ allowLoopback: config.allowLoopbackTools });
  const holder = createConfigurationHolder({
    expected,
    makeHttpTool: httpTools.tool,
    logger,
    metrics,
  });

  const file =
    config.configurationPath === undefined
      ? undefined
      : watchConfigurationFile({
          path: config.configurationPath,
          isStreamUp,
          onConfiguration: async (text) => holder.offer(text, 'file'),
          logger,
        });
  const rolloutFile =
    config.rolloutPath === undefined
      ? undefined
      : watchConfigurationFile({
          path: config.rolloutPath,
          isStreamUp,
          onConfiguration: async (text) => holder.offerRollout(text, 'file'),
          isOptional: true,
          logger,
        });
  // The stream's first word must come after the file's: the file may be older.
  await Promise.all([file?.firstRead, rolloutFile?.firstRead]);
  if (config.configurationUrl !== undefined) {
    stream = followConfigurationStream({
      url: config.configurationUrl,
      tokenPath: config.configurationTokenPath,
      onConfiguration: (text) => void holder.offer(text, 'stream'),
      onRollout: (text) => void holder.offerRollout(text, 'stream'),
      onContact: metrics.operatorHeard,
      logger,
      random: Math.random,
    });
  }

  const model = createRouterModel({
    url: config.routerUrl,
    tokenPath: config.routerTokenPath,
    now: monotonicMilliseconds,
  });
  const tracing = await startTracing(
    config.tracing,
    { serviceName: 'capataz-agent-runtime', instance: config.podName, namespace: config.namespace },
    { registry, logger },
  );
  const ledger = await openLedger(config, registry, logger);
  const drain = new Drain();
  const runs = new AgentRuns({
    model,
    drain,
    current: holder.current,
    notUnderstood: holder.notUnderstood,
    tracing,
    metrics,
    logger,
    trace: createTraceSink({ podName: config.podName, writeLine, now }),
    maximumConcurrentRuns: config.maximumConcurrentRuns,
    tracesContent: config.tracesContent,
    ledger: ledger ?? NO_LEDGER,
    newRunId: randomUUID,
    newCommitmentKey: () => randomBytes(COMMITMENT_KEY_BYTES).toString('hex'),
    now,
    monotonicMilliseconds,
  });
  const ofTheRest = (): Readiness => {
    const notUnderstood = holder.notUnderstood();
    if (notUnderstood !== undefined) return { ready: false, reason: notUnderstood };
    if (holder.current() === undefined) return { ready: false, reason: 'no configuration yet' };
    // Another pod may still have room.
    if (ledger?.hasRoom() === false) {
      return {
        ready: false,
        reason: 'the ledger takes no records, and there is no room left for those of another run',
      };
    }
    return { ready: true };
  };
  const readiness = (): Readiness => drain.readiness(ofTheRest());
  const healthServer = await startHealthServer({
    port: config.metricsPort,
    ...config.listening,
    registry,
    isReady: readiness,
  });
  const app = createAgentApp({
    runs,
    drain,
    current: holder.current,
    readiness,
    podName: config.podName,
    epochSeconds,
    newRequestId: randomUUID,
    logger,
  });
  const service = await startHttpServiceAt(config.listening, {
    app,
    port: config.port,
    drain,
    times: config,
  });
  return {
    port: service.port,
    metricsPort: healthServer.port,
    stop: async () => {
      const over = monotonicMilliseconds() + config.drainSeconds * 1000;
      await service.stop();
      await Promise.all([
        tracing.stop(),
        ledger?.close(Math.max(LEAST_DELIVERY_MILLISECONDS, over - monotonicMilliseconds())),
      ]);
      await Promise.all([
        stream?.close(),
        file?.close(),
        rolloutFile?.close(),
        model.close(),
        httpTools.close(),
        healthServer.close(),
      ]);
    },
  };
}

async function openLedger(
  { ledger, podName, namespace }: AgentRuntimeConfig,
  registry: Registry,
  logger: Logger,
): Promise<LedgerWriter | undefined> {
  if (ledger === undefined) return undefined;
  return createLedgerWriter({
    ...ledger,
    source: { process: 'agent-runtime', instance: podName },
    namespace: namespace ?? 'default',
    logger,
    metrics: createLedgerClientMetrics(registry),
    newId: randomUUID,
    now: () => performance.now(),
    epochMilliseconds: () => Date.now(),
    random: Math.random,
  });
}
