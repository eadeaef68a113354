/** The one list of subscribers of facts: another one is a file beside these and a line here. */
import type { Registry } from 'prom-client';
import { type FactSubscriber, FactStream } from '#domain/facts/fact-stream.ts';
import type { RecordWriter } from '#domain/ledger/record-writer.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { Tracing } from '#telemetry/tracing/tracing.ts';
import type { Mistakes } from '../mistakes.ts';
import type { SecurityEvents } from '../security-events.ts';
import { attemptTrace } from './attempt-trace.ts';
import { factMetrics } from './fact-metrics.ts';
import { factSpans } from './fact-spans.ts';
import { ledgerRecords } from './ledger-records.ts';
import { requestLog } from './request-log.ts';

/** What a subscriber may be made of. */
export interface SubscriberMeans {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly tracing: Tracing;
  /** Does it between other work, before the next scrape and before the end of the process. */
  readonly writeLater: (write: () => void) => void;
  readonly ledger: Pick<RecordWriter, 'write'>;
  readonly securityEvents: SecurityEvents;
}

const FACT_SUBSCRIBERS: readonly ((means: SubscriberMeans) => FactSubscriber)[] = [
  factMetrics,
  requestLog,
  attemptTrace,
  ledgerRecords,
  factSpans,
];

export function createFactStream(means: SubscriberMeans, mistakes: Mistakes): FactStream {
  const facts = new FactStream((_subscriber, error) => mistakes.report(error));
  for (const create of FACT_SUBSCRIBERS) facts.subscribe(create(means));
  return facts;
}
