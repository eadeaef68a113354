/** Puts the router together from its configuration and runs it until `stop`. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { cachingTokenReviewer } from '#adapters/kubernetes/caching-token-reviewer.ts';
import { createKubeClient, loadKubeConfig } from '#adapters/kubernetes/kube-client.ts';
import { createTokenReviewer } from '#adapters/kubernetes/token-reviewer.ts';
import { createLedgerClientMetrics } from '#adapters/ledger-client/ledger-client-metrics.ts';
import { createLedgerWriter } from '#adapters/ledger-client/ledger-writer.ts';
import { ProviderConnections } from '#adapters/model-providers/provider-connections.ts';
import { NO_LEDGER } from '#domain/ledger/record-writer.ts';
import { RetryBudgets } from '#domain/routing/retry-budget.ts';
import { Drain } from '#process/drain.ts';
import { startHealthServer } from '#process/health-server.ts';
import { startHttpServiceAt } from '#process/http/loopback.ts';
import type { RunningProcess } from '#process/run-process.ts';
import { REQUEST_MODEL } from '#telemetry/gen-ai-names.ts';
import type { Logger } from '#telemetry/logger.ts';
import { startTracing } from '#telemetry/tracing/tracing.ts';
import { DepartedSeries, SWEEP_MILLISECONDS } from '#telemetry/departed-series.ts';
import { createRouterApp } from './app.ts';
import { BatchedWrites } from './batched-writes.ts';
import { createCallerChecks } from './caller.ts';
import type { RouterConfig } from './config.ts';
import { createFactStream } from './fact-subscribers/fact-subscribers.ts';
import { createKeyRotations } from './key-rotations.ts';
import { createMistakes } from './mistakes.ts';
import { type RouterSnapshot, createModelRegistry } from './model-registry.ts';
import { createRouterMetrics } from './router-metrics.ts';
import { RepeatedEvents } from './security-events.ts';
import { serviceAccountIdentity } from './service-account-identity.ts';
import { secretKeySource } from './secret-key-source.ts';
import { TargetHealthRegistry } from './target-health.ts';

/** Below the minute after which common proxies take a silent connection for a dead one. */
const KEEP_ALIVE_SECONDS = 12;
const SECURITY_EVENTS_SWEEP_MILLISECONDS = 5_000;
/** After the drain; what the ledger has not taken by then waits on disk for the next start. */
const LAST_DELIVERY_MILLISECONDS = 4_000;

export async function startRouter(config: RouterConfig, logger: Logger): Promise<RunningProcess> {
  const now = (): number => performance.now();
  const random = Math.random;
  const prometheus = new Registry();
  collectDefaultMetrics({ register: prometheus });
  const ledgerWriter =
    config.ledger &&
    (await createLedgerWriter({
      ...config.ledger,
      source: { process: 'router', instance: hostname() },
      namespace: config.namespace,
      logger,
      metrics: createLedgerClientMetrics(prometheus),
      newId: randomUUID,
      now,
      epochMilliseconds: Date.now,
      random,
    }));
  const ledger = ledgerWriter ?? NO_LEDGER;
  const teller = { write: ledger.write, newId: randomUUID, now, epochMilliseconds: Date.now };
  const securityEvents = new RepeatedEvents(teller);
  const tellKeyRotations = createKeyRotations(teller);
  const kubeClient = createKubeClient(loadKubeConfig(config.kubeconfigPath));
  const connections = new ProviderConnections({ allowLoopback: config.allowLoopbackEndpoints });
  const health = new TargetHealthRegistry(now);
  const registry = createModelRegistry({
    kubeClient,
    createKeySource: secretKeySource({ kubeClient, logger, random, nowMilliseconds: now }),
    logger,
    watchNamespace: config.watchNamespace,
    random,
    now: () => new Date(),
    nowMilliseconds: now,
    onSnapshot: ({ models }) => {
      tellKeyRotations(models);
      health.keepOnly(models.values());
      connections.keepOnly(new Set(models.values().map(({ endpoint }) => originOf(endpoint))));
    },
  });
  const routerMetrics = createRouterMetrics(prometheus, {
    breakerStates: () =>
      registry
        .snapshot()
        .models.values()
        .map((model) => ({ model, state: health.breakerState(model) })),
    secondsSinceLastContact: registry.secondsSinceLastContact,
  });
  const identity = { serviceName: 'capataz-router', instance: hostname() };
  const tracing = await startTracing(config.tracing, identity, { registry: prometheus, logger });
  const mistakes = createMistakes(logger, prometheus);
  const writes = new BatchedWrites(mistakes.report);
  const facts = createFactStream(
    { logger, registry: prometheus, tracing, writeLater: writes.later, ledger, securityEvents },
    mistakes,
  );
  const departed = new DepartedSeries(prometheus, (labels) =>
    namesCurrentObjects(labels, registry.snapshot()),
  );
  const sweeps = setInterval(() => void departed.sweep().catch(mistakes.report), SWEEP_MILLISECONDS);
  const securityEventSweeps = setInterval(() => securityEvents.sweep(), SECURITY_EVENTS_SWEEP_MILLISECONDS);
  const tokenReviewer = cachingTokenReviewer(
    createTokenReviewer(kubeClient, {
      onFailure: (reason) => logger.warn({ reason }, 'a token could not be reviewed'),
    }),
    { onReview: (outcome) => writes.later(() => routerMetrics.tokenReviewed(outcome)) },
  );

  const watching = new AbortController();
  const watches = registry.run(watching.signal);
  const drain = new Drain();
  const healthServer = await startHealthServer({
    port: config.metricsPort,
    ...config.listening,
    registry: {
      contentType: prometheus.contentType,
      metrics: () => {
        writes.flush();
        return prometheus.metrics();
      },
    },
    isReady: registry.readiness,
    drain,
  });
  const app = createRouterApp({
    registry,
    callers: createCallerChecks(serviceAccountIdentity(tokenReviewer, config.platformServiceAccounts)),
    connections,
    health,
    retryBudgets: new RetryBudgets(),
    facts,
    ledger,
    securityEvents,
    platformNamespace: config.namespace,
    spans: tracing,
    traceToModels: config.traceToModels,
    mistakes,
    logger,
    now,
    epochMilliseconds: Date.now,
    random,
    newRequestId: () => randomUUID(),
    keepAliveSeconds: KEEP_ALIVE_SECONDS,
    drain,
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
      await service.stop();
      clearInterval(sweeps);
      clearInterval(securityEventSweeps);
      writes.stop();
      securityEvents.end();
      await Promise.all([ledgerWriter?.close(LAST_DELIVERY_MILLISECONDS), tracing.stop()]);
      watching.abort();
      await watches;
      await Promise.all([connections.close(), kubeClient.close(), healthServer.close()]);
    },
  };
}

function originOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).origin : '';
}

/** Whether the objects that the labels of a series name are still there. */
export function namesCurrentObjects(
  labels: Readonly<Record<string, string | number>>,
  { agents, models }: RouterSnapshot,
): boolean {
  const { namespace, agent, model = labels[REQUEST_MODEL] } = labels;
  if (namespace === undefined) return true;
  if (agent !== undefined && !agents.has(`${namespace}/${agent}`)) return false;
  if (model !== undefined) return models.has(`${namespace}/${model}`);
  return agent !== undefined || agents.values().some((each) => each.namespace === namespace);
}
