/** Puts the router together from its configuration and runs it until `stop`. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { cachingTokenReviewer } from '#adapters/kubernetes/caching-token-reviewer.ts';
import { createKubeClient, loadKubeConfig } from '#adapters/kubernetes/kube-client.ts';
import { createTokenReviewer } from '#adapters/kubernetes/token-reviewer.ts';
import { ProviderConnections } from '#adapters/model-providers/provider-connections.ts';
import { RetryBudget } from '#domain/routing/retry-budget.ts';
import type { Logger } from '#telemetry/logger.ts';
import { startMetricsServer } from '#telemetry/metrics-server.ts';
import { createRouterApp } from './app.ts';
import { batchedMetrics } from './batched-metrics.ts';
import { createCallerChecks } from './caller.ts';
import type { RouterConfig } from './config.ts';
import { Drain } from './drain.ts';
import { createModelRegistry } from './model-registry.ts';
import { createRouterMetrics } from './router-metrics.ts';
import { TargetHealthRegistry } from './target-health.ts';

export interface RunningRouter {
  readonly port: number;
  readonly metricsPort: number;
  /** Serves what is under way, refuses nothing that comes meanwhile, and ends the rest after the drain time. */
  readonly stop: () => Promise<void>;
}

/** Time for the cluster to take this pod out of its Service, during which requests still come. */
const UNREADY_LEAD_MILLISECONDS = 3_000;

export async function startRouter(config: RouterConfig, logger: Logger): Promise<RunningRouter> {
  const now = (): number => performance.now();
  const random = Math.random;
  const kubeClient = createKubeClient(loadKubeConfig(config.kubeconfigPath));
  const connections = new ProviderConnections({ allowLoopback: config.allowLoopbackEndpoints });
  const health = new TargetHealthRegistry(now);
  const registry = createModelRegistry({
    kubeClient,
    logger,
    watchNamespace: config.watchNamespace,
    random,
    now: () => new Date(),
    nowMilliseconds: now,
    onSnapshot: ({ models }) => {
      health.keepOnly(models.values());
      connections.keepOnly(new Set(models.values().map(({ endpoint }) => originOf(endpoint))));
    },
  });
  const prometheus = new Registry();
  collectDefaultMetrics({ register: prometheus });
  const routerMetrics = createRouterMetrics(prometheus, {
    breakerStates: () =>
      registry
        .snapshot()
        .models.values()
        .map((model) => ({ model, state: health.breakerState(model) })),
    secondsSinceLastContact: registry.secondsSinceLastContact,
  });
  const metrics = batchedMetrics(routerMetrics);
  const tokenReviewer = cachingTokenReviewer(
    createTokenReviewer(kubeClient, {
      onFailure: (reason) => logger.warn({ reason }, 'a token could not be reviewed'),
    }),
    { onReview: metrics.tokenReviewed },
  );

  const watching = new AbortController();
  const watches = registry.run(watching.signal);
  const drain = new Drain();
  let isStopping = false;
  const metricsServer = await startMetricsServer({
    port: config.metricsPort,
    registry: {
      contentType: prometheus.contentType,
      metrics: () => {
        metrics.flush();
        return prometheus.metrics();
      },
    },
    isReady: () => (isStopping ? { ready: false, reason: 'shutting down' } : registry.readiness()),
  });
  const app = createRouterApp({
    registry,
    callers: createCallerChecks(tokenReviewer, config.platformServiceAccounts),
    connections,
    health,
    retryBudget: new RetryBudget(),
    metrics,
    logger,
    now,
    epochSeconds: () => Date.now() / 1000,
    random,
    newRequestId: randomUUID,
    drain,
  });
  await app.listen({ port: config.port, host: await everyAddress() });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.port;
  logger.info({ port, metricsPort: metricsServer.port }, 'the router is listening');

  return {
    port,
    metricsPort: metricsServer.port,
    stop: async () => {
      isStopping = true;
      drain.begin();
      const drainMilliseconds = config.drainSeconds * 1000;
      const drainOver = setTimeout(() => drain.end(), drainMilliseconds);
      await sleep(Math.min(UNREADY_LEAD_MILLISECONDS, drainMilliseconds / 2));
      await app.close();
      clearTimeout(drainOver);
      metrics.stop();
      watching.abort();
      await watches;
      await Promise.all([connections.close(), kubeClient.close(), metricsServer.close()]);
    },
  };
}

/** `::` takes IPv4 too, but cannot be had where the kernel has no IPv6; fastify, unlike Node, must be told. */
async function everyAddress(): Promise<'::' | '0.0.0.0'> {
  const probe = createServer();
  try {
    probe.listen(0, '::');
    await once(probe, 'listening');
    return '::';
  } catch {
    return '0.0.0.0';
  } finally {
    probe.close();
  }
}

function originOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).origin : '';
}
