/** What the observer measures: of agents what it found, of itself how current it is. Labels come from closed sets. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { AgentRow } from '#domain/observation/agent-row.ts';
import { ATTENTION_KINDS, URGENCIES } from '#domain/observation/attention-item.ts';
import type { JudgedMeasure } from '#domain/observation/judged-measure.ts';
import type { WriteResult } from './condition-writer.ts';
import type { Judged } from './observation.ts';

const NANO_USD = 1e9;

export interface ObserverMetrics {
  readonly countEntries: (seen: number, skipped: number) => void;
  readonly countLedgerFailure: () => void;
  readonly countWrite: (result: WriteResult) => void;
  readonly observeJudgement: (seconds: number) => void;
}

export interface ObserverMetricsSources {
  /** The last judgement; undefined before the first. */
  readonly judged: () => Judged | undefined;
  readonly snapshotAgeSeconds: () => number | undefined;
  readonly isLeader: () => boolean;
  readonly staleness: () => readonly { readonly resource: string; readonly seconds: number }[];
  readonly streams: () => number;
}

export function createObserverMetrics(registry: Registry, sources: ObserverMetricsSources): ObserverMetrics {
  const registers = [registry];
  const entries = new Counter({
    name: 'capataz_observer_entries_total',
    help: 'Entries of the ledger that were seen.',
    registers,
  });
  const skipped = new Counter({
    name: 'capataz_observer_skipped_entries_total',
    help: 'Entries of the ledger that this version does not understand.',
    registers,
  });
  const failures = new Counter({
    name: 'capataz_observer_ledger_failures_total',
    help: 'Times that the ledger did not answer, or not as expected.',
    registers,
  });
  const writes = new Counter({
    name: 'capataz_observer_condition_writes_total',
    help: 'Writes of conditions of Agents: written, conflict or failed.',
    labelNames: ['result'],
    registers,
  });
  for (const result of ['written', 'conflict', 'failed'] satisfies WriteResult[]) writes.inc({ result }, 0);
  const judgements = new Histogram({
    name: 'capataz_observer_judgement_duration_seconds',
    help: 'Duration of one judgement of the whole fleet.',
    buckets: [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  registerAgentGauges(registry, sources.judged);
  registerOwnGauges(registry, sources);
  return {
    countEntries: (seen, notUnderstood) => {
      entries.inc(seen);
      skipped.inc(notUnderstood);
    },
    countLedgerFailure: () => failures.inc(),
    countWrite: (result) => writes.inc({ result }),
    observeJudgement: (seconds) => judgements.observe(seconds),
  };
}

type Labels = Readonly<Record<string, string>>;

/** A series stands there only while there is something to say: an agent that is not known is neither normal nor abnormal. */
function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  values: () => Iterable<readonly [Labels, number]>,
): void {
  registry.registerMetric(
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [],
      collect() {
        this.reset();
        for (const [labels, value] of values()) this.set(labels, value);
      },
    }),
  );
}

function registerAgentGauges(registry: Registry, judged: () => Judged | undefined): void {
  const OF_AGENT = ['namespace', 'agent'] as const;
  const rows = (): readonly AgentRow[] => judged()?.rows ?? [];
  const labelsOf = ({ namespace, name }: AgentRow): Labels => ({ namespace, agent: name });
  gauge(
    registry,
    'capataz_agent_cost_expected_usd',
    'What is usual for an agent in the running hour, in US dollars: low, median and high.',
    [...OF_AGENT, 'bound'],
    function* () {
      for (const row of rows()) {
        const { usual } = row.cost;
        if (usual === null) continue;
        for (const bound of ['low', 'median', 'high'] as const) {
          yield [{ ...labelsOf(row), bound }, usual[bound] / NANO_USD];
        }
      }
    },
  );
  gauge(
    registry,
    'capataz_agent_cost_projected_usd',
    'What the running hour of an agent comes to if it goes on like this, in US dollars.',
    OF_AGENT,
    function* () {
      for (const row of rows()) {
        const amount = row.cost.projected ?? row.cost.amount;
        if (amount !== null) yield [labelsOf(row), amount / NANO_USD];
      }
    },
  );
  const measures = {
    capataz_agent_cost_abnormal: ({ cost }: AgentRow) => isAbnormal(cost),
    capataz_agent_latency_abnormal: ({ latency }: AgentRow) => isAbnormal(latency),
    capataz_agent_drift: ({ drift }: AgentRow) =>
      drift.status === 'Unknown' ? undefined : drift.status === 'True',
  };
  const help = {
    capataz_agent_cost_abnormal: '1 while an agent costs more than is usual for it, 0 while it does not.',
    capataz_agent_latency_abnormal: '1 while runs of an agent take longer than is usual for it, 0 while not.',
    capataz_agent_drift: '1 while the quality of an agent has drifted, 0 while not.',
  };
  for (const name of [
    'capataz_agent_cost_abnormal',
    'capataz_agent_latency_abnormal',
    'capataz_agent_drift',
  ] as const) {
    gauge(registry, name, help[name], OF_AGENT, function* () {
      for (const row of rows()) {
        const isSo = measures[name](row);
        if (isSo !== undefined) yield [labelsOf(row), isSo ? 1 : 0];
      }
    });
  }
  gauge(
    registry,
    'capataz_attention_items',
    'Causes that need somebody, by kind and urgency. Those that are muted or expected are not counted.',
    ['kind', 'urgency'],
    function* () {
      const items = (judged()?.attention ?? []).filter(({ silence }) => silence === null);
      const counts = Map.groupBy(items, ({ kind, urgency }) => `${kind} ${urgency}`);
      for (const kind of ATTENTION_KINDS) {
        for (const urgency of URGENCIES)
          yield [{ kind, urgency }, counts.get(`${kind} ${urgency}`)?.length ?? 0];
      }
    },
  );
}

/** Undefined: not known, or still being learned. */
function isAbnormal({ verdict }: JudgedMeasure): boolean | undefined {
  return verdict === 'learning' || verdict === 'unknown' ? undefined : verdict === 'abnormal';
}

function registerOwnGauges(registry: Registry, sources: ObserverMetricsSources): void {
  const { judged, snapshotAgeSeconds, isLeader, staleness, streams } = sources;
  gauge(
    registry,
    'capataz_observer_replay_lag_seconds',
    'How far what is known lies behind the ledger.',
    [],
    function* () {
      const lag = judged()?.lagSeconds;
      if (lag !== undefined && !Number.isNaN(lag)) yield [{}, lag];
    },
  );
  gauge(
    registry,
    'capataz_observer_snapshot_age_seconds',
    'Seconds since what was seen was last written to a file.',
    [],
    function* () {
      const age = snapshotAgeSeconds();
      if (age !== undefined) yield [{}, age];
    },
  );
  gauge(registry, 'capataz_observer_leader', '1 while this replica leads.', [], () => [
    [{}, isLeader() ? 1 : 0],
  ]);
  gauge(
    registry,
    'capataz_observer_informer_staleness_seconds',
    'Seconds since the API server last said anything about a resource.',
    ['resource'],
    () => staleness().map(({ resource, seconds }) => [{ resource }, seconds]),
  );
  gauge(registry, 'capataz_observer_news_streams', 'Readers that follow the news here.', [], () => [
    [{}, streams()],
  ]);
}
