/** A real Prometheus and Alertmanager that watch pods as docs/operations/alerts.md says, and whoever they tell. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ListeningServer } from '#services/observer/notifications/testing/listening-server.ts';
import { ensureAlertmanager, ensurePrometheus } from './prometheus-programs.ts';
import { OBJECTIVES, RULES, readRules } from './promtool.ts';
import { type RunningProgram, runProgram } from './running-program.ts';

const PAGE = join(import.meta.dirname, '../../docs/operations/alerts.md');

export interface WatchedPod {
  /** HOST:PORT of its figures. */
  readonly address: string;
  readonly pod: string;
  readonly namespace: string;
}

/** What a webhook of Alertmanager is sent, as far as tests look at it. */
export interface ToldAlerts {
  readonly status: string;
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly alerts: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

export interface Watch {
  /** What Prometheus answers now: `success` and the series, or `error`. */
  readonly query: (
    expression: string,
  ) => Promise<{ readonly status: string; readonly result: readonly unknown[] }>;
  /** Of each rule of the chart `ok`, or what is wrong. */
  readonly healthOfRules: () => Promise<readonly string[]>;
  /** What was delivered of an alert, to whoever gets pages or tickets. */
  readonly told: (to: 'pages' | 'tickets', alert: string) => readonly ToldAlerts[];
}

/** It ends with the stack. */
export async function startWatch(
  stack: AsyncDisposableStack,
  targets: readonly WatchedPod[],
): Promise<Watch> {
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'capataz-watch-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const hook = stack.use(await ListeningServer.start());
  const alertmanager = stack.use(await startAlertmanager(folder, hook.url));
  const prometheus = stack.use(await startPrometheus(folder, alertmanager.url, targets));
  return {
    query: async (expression) => {
      const body = new URLSearchParams({ query: expression });
      const answer = await fetch(`${prometheus.url}/api/v1/query`, { method: 'POST', body });
      const { status, data } = (await answer.json()) as { status: string; data?: { result: unknown[] } };
      return { status, result: data?.result ?? [] };
    },
    healthOfRules: async () => {
      const answer = await fetch(`${prometheus.url}/api/v1/rules`);
      const { data } = (await answer.json()) as {
        data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
      };
      const rules = data.groups.flatMap((group) => group.rules);
      if (rules.length !== (await readRules()).length + 2)
        throw new Error('Prometheus did not read all rules.');
      return rules.map(({ name, health, lastError }) =>
        health === 'ok' ? 'ok' : `${name}: ${health} ${lastError ?? ''}`,
      );
    },
    told: (to, alert) =>
      hook.heard
        .filter(({ path }) => path === `/${to}`)
        .map(({ body }) => JSON.parse(body) as ToldAlerts)
        .filter(({ groupLabels }) => groupLabels['alertname'] === alert),
  };
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
  targets: readonly WatchedPod[],
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
        static_configs: targets.map(({ address, ...labels }) => ({ targets: [address], labels })),
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
