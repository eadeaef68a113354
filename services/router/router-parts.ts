/** What the routes of the router are made with. Clocks, chance and identity are among it, so that tests hold them. */
import type { ProviderConnections } from '#adapters/model-providers/provider-connections.ts';
import type { RetryBudget } from '#domain/routing/retry-budget.ts';
import type { Drain } from '#process/drain.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { CallerChecks } from './caller.ts';
import type { ModelRegistry } from './model-registry.ts';
import type { RouterMetrics } from './router-metrics.ts';
import type { TargetHealthRegistry } from './target-health.ts';

export interface RouterParts {
  readonly registry: ModelRegistry;
  readonly callers: CallerChecks;
  readonly connections: ProviderConnections;
  readonly health: TargetHealthRegistry;
  readonly retryBudget: RetryBudget;
  readonly metrics: RouterMetrics;
  readonly logger: Logger;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly epochSeconds: () => number;
  /** Yields [0, 1). */
  readonly random: () => number;
  readonly newRequestId: () => string;
  readonly drain: Drain;
}
