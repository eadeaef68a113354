/** Parts of Capataz with real figures, and a real Prometheus and Alertmanager that watch them as docs/operations/alerts.md says. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { parse, stringify } from 'yaml';
import { startHealthServer } from '#process/health-server.ts';
import { startKubernetesThatAgrees } from '#services/ledger/testing/kubernetes-that-agrees.ts';
import { startLedgerProcess } from '#services/ledger/testing/ledger-process.ts';
import { createNotificationMetrics } from '#services/observer/notifications/notification-metrics.ts';
import { ListeningServer } from '#services/observer/notifications/testing/listening-server.ts';
import { type RouterUnderTest, startRouterUnderTest } from '../fakes/router-under-test.ts';
import { type ScriptedProvider, startScriptedProvider } from '../fakes/scripted-provider.ts';
import { ensureAlertmanager, ensurePrometheus } from './prometheus-programs.ts';
import { OBJECTIVES, RULES } from './promtool.ts';
import { type RunningProgram, runProgram } from './running-program.ts';

const PAGE = join(import.meta.dirname, '../../docs/operations/alerts.md');

export interface MonitoredParts {
  readonly router: RouterUnderTest;
  readonly provider: ScriptedProvider;
  readonly prometheus: RunningProgram;
  readonly alertmanager: RunningProgram;
  /** Where Alertmanager sends pages and tickets. */
  readonly hook: ListeningServer;
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
    'capataz-router': await metricsPort(stack, {
      contentType: registry.contentType,
      metrics: router.metrics,
    }),
    'capataz-observer': await metricsPort(stack, registry),
    'capataz-ledger': await ledgerPort(stack, folder),
  };
  const hook = stack.use(await ListeningServer.start());
  const alertmanager = stack.use(await startAlertmanager(folder, hook.url));
  const prometheus = stack.use(await startPrometheus(folder, alertmanager.url, ports));
  return { router, provider, prometheus, alertmanager, hook };
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

/** The configuration of the page, with other addresses and less patience. */
async function startAlertmanager(folder: string, hookUrl: string): Promise<RunningProgram> {
  const page = await readFile(PAGE, 'utf8');
  const documented = /```yaml\n(route:\n[\s\S]*?)```/.exec(page)?.[1];
  if (documented === undefined) throw new Error(`${PAGE} shows no configuration of Alertmanager.`);
  const path = join(folder, 'alertmanager.yaml');
  const quick = documented
    .replaceAll('https://pager.example.com/alertmanager', `${hookUrl}/pages`)
    .replaceAll('https://tickets.example.com/alertmanager', `${hookUrl}/tickets`)
    .replaceAll(/group_wait: \S+/g, 'group_wait: 3s')
    .replaceAll(/group_interval: \S+/g, 'group_interval: 2s');
  await writeFile(path, quick);
  const { program, directory } = await ensureAlertmanager();
  return await runProgram(program, directory, (address) => [
    `--config.file=${path}`,
    `--storage.path=${join(folder, 'alertmanager')}`,
    `--web.listen-address=${address}`,
    '--cluster.listen-address=',
  ]);
}

/** With the rules of the chart, looked at each second in place of each half minute. */
async function startPrometheus(
  folder: string,
  alertmanagerUrl: string,
  ports: Readonly<Record<string, number>>,
): Promise<RunningProgram> {
  const rules = parse((await readFile(RULES, 'utf8')).replaceAll('interval: 30s', 'interval: 1s')) as object;
  await writeFile(join(folder, 'objectives.yaml'), stringify(OBJECTIVES));
  await writeFile(join(folder, 'rules.yaml'), stringify(rules));
  const configuration = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['objectives.yaml', 'rules.yaml'],
    alerting: {
      alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanagerUrl).host] }] }],
    },
    scrape_configs: [
      {
        job_name: 'capataz',
        honor_labels: true,
        static_configs: Object.entries(ports).map(([part, port]) => ({
          targets: [`127.0.0.1:${port}`],
          labels: { namespace: 'capataz-system', pod: `${part}-0` },
        })),
      },
    ],
  };
  await writeFile(join(folder, 'prometheus.yaml'), stringify(configuration));
  const program = join(await ensurePrometheus(), 'prometheus');
  return await runProgram(program, folder, (address) => [
    `--config.file=${join(folder, 'prometheus.yaml')}`,
    `--storage.tsdb.path=${join(folder, 'prometheus')}`,
    `--web.listen-address=${address}`,
  ]);
}
