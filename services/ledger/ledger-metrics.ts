/** Figures of the ledger. Labels are words of ours and namespaces that have told something. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import {
  TOKEN_REVIEW_OUTCOMES,
  type TokenReviewOutcome,
} from '#adapters/kubernetes/caching-token-reviewer.ts';
import type { RecordType } from '#domain/ledger/ledger-record.ts';
import type { LogState } from './checkpoints/log-keeper.ts';

const SECONDS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface LedgerMetrics {
  readonly recordJudged: (type: RecordType | 'unknown', result: 'written' | 'duplicate' | 'refused') => void;
  /** Call what it returns when the append is on the disk. */
  readonly appendTimer: () => () => void;
  readonly tokenReviewed: (outcome: TokenReviewOutcome) => void;
  readonly forgotten: (what: { readonly entries: number; readonly texts: number }) => void;
}

export interface LedgerGauges {
  readonly isLeading: () => boolean;
  readonly isWritable: () => boolean;
  readonly streams: () => number;
  readonly witnessLagSeconds: () => number;
  readonly tamperAlarms: () => number;
  readonly logs: () => Iterable<readonly [namespace: string, log: LogState]>;
  /** Rejects while the store cannot be asked. */
  readonly storeBytes: () => Promise<number>;
  readonly sourceGaps: () => number;
}

export function createLedgerMetrics(registry: Registry, gauges: LedgerGauges): LedgerMetrics {
  const records = new Counter({
    name: 'capataz_ledger_records_total',
    help: 'Records that were told, by what became of them.',
    labelNames: ['type', 'result'],
    registers: [registry],
  });
  const appends = new Histogram({
    name: 'capataz_ledger_append_seconds',
    help: 'From records that are judged to their being on the disk.',
    buckets: SECONDS_BUCKETS,
    registers: [registry],
  });
  const tokenReviews = new Counter({
    name: 'capataz_token_reviews_total',
    help: 'Checks of callers by how they were answered.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  for (const outcome of TOKEN_REVIEW_OUTCOMES) tokenReviews.inc({ outcome }, 0);
  registry.registerMetric(
    gaugeOf('capataz_ledger_leading', '1 while this replica signs, delivers and forgets for all.', () =>
      gauges.isLeading() ? 1 : 0,
    ),
  );
  registry.registerMetric(
    gaugeOf('capataz_ledger_writable', '1 while the ledger takes records.', () =>
      gauges.isWritable() ? 1 : 0,
    ),
  );
  registry.registerMetric(
    gaugeOf('capataz_ledger_streams', 'Clients that follow the live stream.', gauges.streams),
  );
  const prunedEntries = new Counter({
    name: 'capataz_ledger_pruned_entries_total',
    help: 'Entries whose bodies were dropped after the retention.',
    registers: [registry],
  });
  const expiredTexts = new Counter({
    name: 'capataz_ledger_expired_texts_total',
    help: 'Texts that were erased after their days.',
    registers: [registry],
  });
  registry.registerMetric(
    gaugeOf(
      'capataz_ledger_witness_lag_seconds',
      'For how long entries have been waiting for a witness; 0 when all are witnessed.',
      gauges.witnessLagSeconds,
    ),
  );
  registry.registerMetric(
    gaugeOf(
      'capataz_ledger_tamper_alarms',
      'Logs that have lost what was signed or witnessed, since the start of the process.',
      gauges.tamperAlarms,
    ),
  );
  registry.registerMetric(
    gaugeOf(
      'capataz_ledger_source_gaps',
      'Holes in what processes have told, the newest thousand.',
      gauges.sourceGaps,
    ),
  );
  registry.registerMetric(logGauge(gauges));
  registry.registerMetric(storeGauge(gauges));
  return {
    forgotten: ({ entries, texts }) => {
      prunedEntries.inc(entries);
      expiredTexts.inc(texts);
    },
    recordJudged: (type, result) => records.inc({ type, result }),
    appendTimer: () => appends.startTimer(),
    tokenReviewed: (outcome) => tokenReviews.inc({ outcome }),
  };
}

function logGauge(gauges: LedgerGauges): Gauge {
  return new Gauge({
    name: 'capataz_ledger_log_size',
    help: 'Entries of a log that are signed, and that are witnessed.',
    labelNames: ['namespace', 'state'],
    registers: [],
    collect() {
      this.reset();
      for (const [namespace, { size, witnessedSize }] of gauges.logs()) {
        this.set({ namespace, state: 'signed' }, size);
        this.set({ namespace, state: 'witnessed' }, witnessedSize);
      }
    },
  });
}

function storeGauge(gauges: LedgerGauges): Gauge {
  return new Gauge({
    name: 'capataz_ledger_store_bytes',
    help: 'Size of the store on its disk.',
    registers: [],
    async collect() {
      try {
        this.set(await gauges.storeBytes());
      } catch {
        // A store that cannot be asked must not take the other figures away.
      }
    },
  });
}

function gaugeOf(name: string, help: string, value: () => number): Gauge {
  return new Gauge({
    name,
    help,
    registers: [],
    collect() {
      this.set(value());
    },
  });
}
