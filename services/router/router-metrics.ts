/**
 * The router's figures. Labels come from closed sets: Agents and Models that exist, and words of our own. What a caller
 * writes never becomes a label. Histograms are by agent or by model, never by both, which keeps their number a sum.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import {
  TOKEN_REVIEW_OUTCOMES,
  type TokenReviewOutcome,
} from '#adapters/kubernetes/caching-token-reviewer.ts';
import { BREAKER_STATES, type BreakerState } from '#domain/routing/circuit-breaker.ts';
import type { AttemptFailureCode } from '#domain/failures/failure-codes.ts';
import type { RoutableAgent, RoutableModel } from '#domain/routing/routable-model.ts';
import type { TokenUsage } from '#domain/model-providers/token-usage.ts';
import { totalInputTokens } from '#domain/model-providers/token-usage.ts';
import {
  CLIENT_OPERATION_DURATION,
  CLIENT_TOKEN_USAGE,
  DURATION_BUCKETS_SECONDS,
  ERROR_TYPE,
  OPERATION_NAME,
  type OperationName,
  PROVIDER_NAME,
  REQUEST_MODEL,
  SERVER_REQUEST_DURATION,
  SERVER_TIME_PER_OUTPUT_TOKEN,
  SERVER_TIME_TO_FIRST_TOKEN,
  TIME_PER_OUTPUT_TOKEN_BUCKETS_SECONDS,
  TIME_TO_FIRST_TOKEN_BUCKETS_SECONDS,
  TOKEN_BUCKETS,
  TOKEN_TYPE,
} from '#telemetry/gen-ai-names.ts';

/** How a request ended, from the caller's point of view. */
export const OUTCOMES = ['answered', 'failed', 'refused', 'cut', 'cancelled'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Values of gen_ai.provider.name that the conventions know. */
const PROVIDER_NAMES: Readonly<Record<RoutableModel['provider'], string>> = {
  OpenAI: 'openai',
  Anthropic: 'anthropic',
  Gemini: 'gcp.gemini',
  OpenAICompatible: 'openai_compatible',
};

export interface RouterMetrics {
  readonly callFinished: (
    model: RoutableModel,
    operation: OperationName,
    seconds: number,
    failure?: AttemptFailureCode,
  ) => void;
  readonly usageSettled: (settled: {
    readonly agent: RoutableAgent;
    readonly model: RoutableModel;
    readonly operation: OperationName;
    readonly usage: TokenUsage;
    readonly costNanoUsd: number;
    readonly isEstimated: boolean;
  }) => void;
  readonly requestFinished: (finished: {
    readonly agent: RoutableAgent;
    readonly operation: OperationName;
    readonly outcome: Outcome;
    readonly errorCode: string;
    readonly seconds: number;
    readonly attempts: number;
    readonly secondsToFirstToken?: number | undefined;
    readonly secondsPerOutputToken?: number | undefined;
  }) => void;
  readonly tokenReviewed: (outcome: TokenReviewOutcome) => void;
}

export interface RouterGauges {
  readonly breakerStates: () => Iterable<{ readonly model: RoutableModel; readonly state: BreakerState }>;
  readonly secondsSinceLastContact: () => { readonly agents: number; readonly models: number };
}

export function createRouterMetrics(registry: Registry, gauges: RouterGauges): RouterMetrics {
  const registers = [registry];
  const callDuration = new Histogram({
    name: CLIENT_OPERATION_DURATION,
    help: 'Duration of one call to a provider in seconds.',
    labelNames: [OPERATION_NAME, PROVIDER_NAME, REQUEST_MODEL, 'namespace', ERROR_TYPE],
    buckets: DURATION_BUCKETS_SECONDS,
    registers,
  });
  const tokenUsage = new Histogram({
    name: CLIENT_TOKEN_USAGE,
    help: 'Tokens of one call as the provider counts them.',
    labelNames: [OPERATION_NAME, PROVIDER_NAME, REQUEST_MODEL, 'namespace', TOKEN_TYPE],
    buckets: TOKEN_BUCKETS,
    registers,
  });
  const requestDuration = new Histogram({
    name: SERVER_REQUEST_DURATION,
    help: 'Duration of one request in seconds, as the agent saw it.',
    labelNames: [OPERATION_NAME, 'namespace', 'agent', ERROR_TYPE],
    buckets: DURATION_BUCKETS_SECONDS,
    registers,
  });
  const timeToFirstToken = new Histogram({
    name: SERVER_TIME_TO_FIRST_TOKEN,
    help: 'From a streaming request to its first content, in seconds.',
    labelNames: [OPERATION_NAME, 'namespace', 'agent'],
    buckets: TIME_TO_FIRST_TOKEN_BUCKETS_SECONDS,
    registers,
  });
  const timePerOutputToken = new Histogram({
    name: SERVER_TIME_PER_OUTPUT_TOKEN,
    help: 'Time per output token of a stream after its first content, in seconds.',
    labelNames: [OPERATION_NAME, 'namespace', 'agent'],
    buckets: TIME_PER_OUTPUT_TOKEN_BUCKETS_SECONDS,
    registers,
  });
  const requests = new Counter({
    name: 'capataz_requests_total',
    help: 'Requests of agents by how they ended.',
    labelNames: ['namespace', 'agent', 'outcome'],
    registers,
  });
  const tokens = new Counter({
    name: 'capataz_tokens_total',
    help: 'Tokens used by agents; type is input, cached_input, cache_write or output.',
    labelNames: ['namespace', 'agent', 'model', 'type'],
    registers,
  });
  const cost = new Counter({
    name: 'capataz_cost_nano_usd_total',
    help: 'What the calls of agents cost, in billionths of a US dollar.',
    labelNames: ['namespace', 'agent', 'model'],
    registers,
  });
  const estimates = new Counter({
    name: 'capataz_estimated_usage_total',
    help: 'Calls charged by an estimate because the provider never told the usage.',
    labelNames: ['namespace', 'agent', 'model'],
    registers,
  });
  const attempts = new Counter({
    name: 'capataz_attempts_total',
    help: 'Calls to models by what came of them.',
    labelNames: ['namespace', 'model', 'result'],
    registers,
  });
  const failovers = new Counter({
    name: 'capataz_failovers_total',
    help: 'Requests that were answered only after at least one attempt had failed.',
    labelNames: ['namespace', 'agent'],
    registers,
  });
  const tokenReviews = new Counter({
    name: 'capataz_token_reviews_total',
    help: 'Checks of callers by how they were answered.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of TOKEN_REVIEW_OUTCOMES) tokenReviews.inc({ outcome }, 0);
  registry.registerMetric(breakerGauge(gauges));
  registry.registerMetric(contactGauge(gauges));

  return {
    callFinished: (model, operation, seconds, failure) => {
      const { namespace, name } = model;
      callDuration.observe({ ...callLabels(model, operation), [ERROR_TYPE]: failure ?? '' }, seconds);
      attempts.inc({ namespace, model: name, result: failure ?? 'answered' });
    },
    usageSettled: ({ agent, model, operation, usage, costNanoUsd, isEstimated }) => {
      const labels = { namespace: agent.namespace, agent: agent.name, model: model.name };
      const call = callLabels(model, operation);
      tokenUsage.observe({ ...call, [TOKEN_TYPE]: 'input' }, totalInputTokens(usage));
      if (operation === 'chat') tokenUsage.observe({ ...call, [TOKEN_TYPE]: 'output' }, usage.outputTokens);
      for (const [type, count] of [
        ['input', usage.inputTokens],
        ['cached_input', usage.cachedInputTokens],
        ['cache_write', usage.cacheWriteTokens],
        ['output', usage.outputTokens],
      ] as const) {
        if (count > 0) tokens.inc({ ...labels, type }, count);
      }
      cost.inc(labels, costNanoUsd);
      if (isEstimated) estimates.inc(labels);
    },
    requestFinished: (finished) => {
      const { agent, operation, outcome } = finished;
      const labels = { namespace: agent.namespace, agent: agent.name };
      const measured = { ...labels, [OPERATION_NAME]: operation };
      requests.inc({ ...labels, outcome });
      requestDuration.observe({ ...measured, [ERROR_TYPE]: finished.errorCode }, finished.seconds);
      if (finished.attempts > 1 && outcome === 'answered') failovers.inc(labels);
      if (finished.secondsToFirstToken !== undefined) {
        timeToFirstToken.observe(measured, finished.secondsToFirstToken);
      }
      if (finished.secondsPerOutputToken !== undefined) {
        timePerOutputToken.observe(measured, finished.secondsPerOutputToken);
      }
    },
    tokenReviewed: (outcome) => tokenReviews.inc({ outcome }),
  };
}

function callLabels(model: RoutableModel, operation: OperationName): Record<string, string> {
  return {
    [OPERATION_NAME]: operation,
    [PROVIDER_NAME]: PROVIDER_NAMES[model.provider],
    [REQUEST_MODEL]: model.name,
    namespace: model.namespace,
  };
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
