/** Figures of the router itself, which no fact tells of. */
import { Counter, Gauge, type Registry } from 'prom-client';
import {
  TOKEN_REVIEW_OUTCOMES,
  type TokenReviewOutcome,
} from '#adapters/kubernetes/caching-token-reviewer.ts';
import { BREAKER_STATES, type BreakerState } from '#domain/routing/circuit-breaker.ts';
import type { RoutableModel } from '#domain/routing/routable-model.ts';

export interface RouterGauges {
  readonly breakerStates: () => Iterable<{ readonly model: RoutableModel; readonly state: BreakerState }>;
  readonly secondsSinceLastContact: () => { readonly agents: number; readonly models: number };
}

export interface RouterMetrics {
  readonly tokenReviewed: (outcome: TokenReviewOutcome) => void;
}

export function createRouterMetrics(registry: Registry, gauges: RouterGauges): RouterMetrics {
  const tokenReviews = new Counter({
    name: 'capataz_token_reviews_total',
    help: 'Checks of callers by how they were answered.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  for (const outcome of TOKEN_REVIEW_OUTCOMES) tokenReviews.inc({ outcome }, 0);
  registry.registerMetric(breakerGauge(gauges));
  registry.registerMetric(contactGauge(gauges));
  return { tokenReviewed: (outcome) => tokenReviews.inc({ outcome }) };
}

function breakerGauge(gauges: RouterGauges): Gauge {
  return new Gauge({
    name: 'capataz_breaker_state',
    help: '1 for the state that the breaker of a Model is in.',
    labelNames: ['namespace', 'model', 'state'],
    registers: [],
    collect() {
      this.reset();
      for (const { model, state } of gauges.breakerStates()) {
        const labels = { namespace: model.namespace, model: model.name };
        for (const known of BREAKER_STATES) this.set({ ...labels, state: known }, known === state ? 1 : 0);
      }
    },
  });
}

function contactGauge(gauges: RouterGauges): Gauge {
  return new Gauge({
    name: 'capataz_informer_seconds_since_last_contact',
    help: 'Seconds since the API server last said anything about a kind.',
    labelNames: ['kind'],
    registers: [],
    collect() {
      for (const [kind, seconds] of Object.entries(gauges.secondsSinceLastContact())) {
        if (Number.isFinite(seconds)) this.set({ kind }, seconds);
      }
    },
  });
}
