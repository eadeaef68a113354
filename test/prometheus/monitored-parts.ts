/** Parts of Capataz with real figures, and what watches them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { startHealthServer } from '#process/health-server.ts';
import { startKubernetesThatAgrees } from '#services/ledger/testing/kubernetes-that-agrees.ts';
import { startLedgerProcess } from '#services/ledger/testing/ledger-process.ts';
import { createNotificationMetrics } from '#services/observer/notifications/notification-metrics.ts';
import { type RouterUnderTest, startRouterUnderTest } from '../fakes/router-under-test.ts';
import { type ScriptedProvider, startScriptedProvider } from '../fakes/scripted-provider.ts';
import { type Watch, startWatch } from './watch.ts';

export interface MonitoredParts {
  readonly router: RouterUnderTest;
  readonly provider: ScriptedProvider;
  readonly watch: Watch;
}

/** They end with the stack. */
export async function startMonitoredParts(stack: AsyncDisposableStack): Promise<MonitoredParts> {
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'capataz-monitored-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const provider = stack.adopt(await startScriptedProvider(() => undefined), (it) => it.close());
  const router = stack.adopt(await startRouterUnderTest(), (it) => it.close());
  const registry = new Registry();
  createNotificationMetrics(registry, ['pager']);
  const ports = {
    'capataz-router-0': await metricsPort(stack, {
      contentType: registry.contentType,
      metrics: router.metrics,
    }),
    'capataz-observer-0': await metricsPort(stack, registry),
    'capataz-ledger-0': await ledgerPort(stack, folder),
  };
  const targets = Object.entries(ports).map(([pod, port]) => ({
    address: `127.0.0.1:${port}`,
    pod,
    namespace: 'capataz-system',
  }));
  return { router, provider, watch: await startWatch(stack, targets) };
}

async function metricsPort(
  stack: AsyncDisposableStack,
  registry: Pick<Registry, 'contentType' | 'metrics'>,
): Promise<number> {
  const server = await startHealthServer({ port: 0, host: '127.0.0.1', registry, isReady: () => true });
  stack.defer(() => server.close());
  return server.port;
}

async function ledgerPort(stack: AsyncDisposableStack, folder: string): Promise<number> {
  stack.use(await startKubernetesThatAgrees(join(folder, 'kubeconfig')));
  const ledger = stack.use(await startLedgerProcess(folder));
  return (await ledger.ports()).metricsPort;
}
