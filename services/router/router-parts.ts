/** What the routes of the router are made with. Clocks, chance and identity are among it, so that tests hold them. */
import type { ProviderConnections } from '#adapters/model-providers/provider-connections.ts';
import type { FactStream } from '#domain/facts/fact-stream.ts';
import type { RecordWriter } from '#domain/ledger/record-writer.ts';
import type { RetryBudgets } from '#domain/routing/retry-budget.ts';
import type { Spans } from '#domain/tracing/spans.ts';
import type { TraceToModels } from '#domain/tracing/told-to-models.ts';
import type { Drain } from '#process/drain.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { CallerChecks } from './caller.ts';
import type { Mistakes } from './mistakes.ts';
import type { ModelRegistry } from './model-registry.ts';
import type { SecurityEvents } from './security-events.ts';
import type { TargetHealthRegistry } from './target-health.ts';

export interface RouterParts {
  readonly registry: ModelRegistry;
  readonly callers: CallerChecks;
  readonly connections: ProviderConnections;
  readonly health: TargetHealthRegistry;
  readonly retryBudgets: RetryBudgets;
  readonly facts: FactStream;
  readonly ledger: Pick<RecordWriter, 'hasRoom' | 'settled'>;
  readonly securityEvents: SecurityEvents;
  /** Whose affair it is when a caller is refused of whom nothing is known. */
  readonly platformNamespace: string;
  readonly spans: Spans;
  readonly traceToModels: TraceToModels;
  readonly mistakes: Mistakes;
  readonly logger: Logger;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly epochMilliseconds: () => number;
  /** Yields [0, 1). */
  readonly random: () => number;
  readonly newRequestId: () => string;
  /** So long a streaming caller hears nothing before a comment is sent. */
  readonly keepAliveSeconds: number;
  readonly drain: Drain;
}
