/**
 * Brings every event to one sink, in order and at least once. The cursor is a document of the store, moved only after the sink
 * has what stands before it: an outage of the sink, or of ours, costs time and nothing else. Prunable entries wait for no
 * sink: retention is counted in months.
 */
import type { Sink } from '#adapters/siem/sink.ts';
import type { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import {
  OCSF_RECORD_TYPES,
  type OcsfEvent,
  SECURITY_RECORD_TYPES,
  toOcsfEvent,
} from '#domain/ocsf/ocsf-event.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { LedgerStore, StoredEntry } from '../store/ledger-store.ts';
import type { SiemMetrics } from './siem-metrics.ts';
import type { SinkSettings } from './sink-configuration.ts';

const BATCH_ENTRIES = 200;
const DELIVERY_SECONDS = 30;
const POLL_MILLISECONDS = 1_000;
const BACKOFF_MAXIMUM_MILLISECONDS = 60_000;

export interface SinkDeliveryOptions {
  readonly settings: Pick<SinkSettings, 'name' | 'events' | 'from'>;
  /** Made here and not before: a file that is missing today may be there tomorrow. */
  readonly createSink: () => Promise<Sink>;
  readonly store: Pick<LedgerStore, 'entriesAfter' | 'lastPosition' | 'getDocument' | 'setDocument'>;
  /** In hexadecimal. */
  readonly leafHashOf: (canonical: string) => string;
  readonly metrics: SiemMetrics;
  readonly logger: Logger;
  readonly random: () => number;
  /** Resolves early, not rejects, when the signal is aborted. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Ends when the signal is aborted, and never by itself. */
export async function deliverToSink(options: SinkDeliveryOptions, signal: AbortSignal): Promise<void> {
  const { settings, metrics, logger, random, pause } = options;
  let sink: Sink | undefined;
  let failures = 0;
  try {
    while (!signal.aborted) {
      try {
        sink ??= await options.createSink();
        const isIdle = await deliverBatch(options, sink, signal);
        failures = 0;
        if (isIdle) await pause(POLL_MILLISECONDS, signal);
      } catch (error) {
        if (signal.aborted) break;
        metrics.failed(settings.name);
        logger.warn({ sink: settings.name, error }, 'a sink did not take security events; they wait');
        await pause(backoffMilliseconds(failures, random()), signal);
        failures += 1;
      }
    }
  } finally {
    await sink?.close().catch(() => undefined);
  }
}

function backoffMilliseconds(failures: number, chance: number): number {
  return Math.min(BACKOFF_MAXIMUM_MILLISECONDS, 500 * 2 ** Math.min(failures, 10)) * (0.5 + chance / 2);
}

/** Whether there was nothing more to deliver. */
async function deliverBatch(
  { settings, store, metrics, leafHashOf }: SinkDeliveryOptions,
  sink: Sink,
  signal: AbortSignal,
): Promise<boolean> {
  const key = `sink/${settings.name}`;
  const last = await store.lastPosition();
  const position = await cursor(store, key, settings.from, last);
  const types = settings.events === 'All' ? OCSF_RECORD_TYPES : SECURITY_RECORD_TYPES;
  const page = await store.entriesAfter(position, { types }, BATCH_ENTRIES);
  const events = page.entries.flatMap((entry) => eventOf(entry, leafHashOf) ?? []);
  if (events.length > 0) {
    await sink.deliver(events, AbortSignal.any([signal, AbortSignal.timeout(DELIVERY_SECONDS * 1000)]));
    metrics.delivered(settings.name, events.length);
  }
  if (page.position > position) await store.setDocument(key, String(page.position));
  metrics.waiting(settings.name, Math.max(0, last - page.position));
  return page.isEnd;
}

async function cursor(
  store: SinkDeliveryOptions['store'],
  key: string,
  from: SinkSettings['from'],
  lastPosition: number,
): Promise<number> {
  const kept = await store.getDocument(key);
  if (kept !== undefined) return Number(kept);
  const first = from === 'Now' ? lastPosition : 0;
  await store.setDocument(key, String(first));
  return first;
}

/** An entry whose body was pruned has nothing to tell any more. */
function eventOf(entry: StoredEntry, leafHashOf: (canonical: string) => string): OcsfEvent | undefined {
  return toOcsfEvent(JSON.parse(entry.canonical) as LedgerEntry, leafHashOf(entry.canonical));
}
