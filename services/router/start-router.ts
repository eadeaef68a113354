/** Puts the router together from its configuration and runs it until `stop`. */
import { randomUUID } from 'node:crypto';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { cachingTokenReviewer } from '#adapters/kubernetes/caching-token-reviewer.ts';
import { createKubeClient, loadKubeConfig } from '#adapters/kubernetes/kube-client.ts';
import { createTokenReviewer } from '#adapters/kubernetes/token-reviewer.ts';
import { ProviderConnections } from '#adapters/model-providers/provider-connections.ts';
import { RetryBudget } from '#domain/routing/retry-budget.ts';
import { Drain } from '#process/drain.ts';
import { startHealthServer } from '#process/health-server.ts';
import { startHttpService } from '#process/http/http-service.ts';
import type { RunningProcess } from '#process/run-process.ts';
import type { Logger } from '#telemetry/logger.ts';
import { createRouterApp } from './app.ts';
import { batchedMetrics } from './batched-metrics.ts';
import { createCallerChecks } from './caller.ts';
import type { RouterConfig } from './config.ts';
import { createModelRegistry } from './model-registry.ts';
import { createRouterMetrics } from './router-metrics.ts';
import { TargetHealthRegistry } from './target-health.ts';

export async function startRouter(config: RouterConfig, logger: Logger): Promise<RunningProcess> {
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
  const healthServer = await startHealthServer({
    port: config.metricsPort,
    registry: {
      contentType: prometheus.contentType,
      metrics: () => {
        metrics.flush();
        return prometheus.metrics();
      },
    },
    isReady: registry.readiness,
    drain,
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
  const service = await startHttpService({ app, port: config.port, drain, times: config });
  return {
    port: service.port,
    metricsPort: healthServer.port,
    stop: async () => {
      await service.stop();
      metrics.stop();
      watching.abort();
      await watches;
      await Promise.all([connections.close(), kubeClient.close(), healthServer.close()]);
    },
  };
}

function originOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).origin : '';
}
