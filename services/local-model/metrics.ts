/** What the local model server tells Prometheus. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { AdmissionQueue } from './admission-queue.ts';

export type RequestKind = 'chat' | 'embeddings';
/** `unfit`: answered, but not as the schema wants. */
export type RequestOutcome = 'answered' | 'unfit' | 'refused' | 'cancelled' | 'failed';

export interface LocalModelMetrics {
  readonly registry: Registry;
  readonly requests: Counter<'kind' | 'outcome'>;
  readonly tokens: Counter<'kind'>;
  readonly firstTokenSeconds: Histogram;
  readonly durationSeconds: Histogram<'kind'>;
  readonly observeQueue: (kind: RequestKind, queue: AdmissionQueue) => void;
}

const SECONDS_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128];

export function createLocalModelMetrics(): LocalModelMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const queues = new Map<RequestKind, AdmissionQueue>();
  const perQueue = (name: string, help: string, valueOf: (queue: AdmissionQueue) => number): Gauge<'kind'> =>
    new Gauge({
      name,
      help,
      labelNames: ['kind'],
      registers: [registry],
      collect() {
        for (const [kind, queue] of queues) this.set({ kind }, valueOf(queue));
      },
    });
  perQueue('capataz_local_model_running_requests', 'Requests being answered.', (queue) => queue.running);
  perQueue('capataz_local_model_waiting_requests', 'Requests waiting for a place.', (queue) => queue.waiting);
  return {
    registry,
    requests: new Counter({
      name: 'capataz_local_model_requests_total',
      help: 'Requests by kind and how they ended.',
      labelNames: ['kind', 'outcome'],
      registers: [registry],
    }),
    tokens: new Counter({
      name: 'capataz_local_model_tokens_total',
      help: 'Tokens by kind: prompt (read), cachedPrompt (known already), output, embedding.',
      labelNames: ['kind'],
      registers: [registry],
    }),
    firstTokenSeconds: new Histogram({
      name: 'capataz_local_model_first_token_seconds',
      help: 'From the arrival of a chat request to the first text of its answer.',
      buckets: SECONDS_BUCKETS,
      registers: [registry],
    }),
    durationSeconds: new Histogram({
      name: 'capataz_local_model_request_seconds',
      help: 'Duration of answered requests, waiting included.',
      labelNames: ['kind'],
      buckets: SECONDS_BUCKETS,
      registers: [registry],
    }),
    observeQueue: (kind, queue) => void queues.set(kind, queue),
  };
}
