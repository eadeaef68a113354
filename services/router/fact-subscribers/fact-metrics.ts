/**
 * Facts as figures. Labels come from closed sets: Agents and Models that exist, and words of our own. What a caller
 * writes never becomes a label. Of one Agent there are counters only, for a histogram is some twenty series: those are by
 * namespace or by Model.
 */
import { Counter, Histogram, type Registry } from 'prom-client';
import { totalInputTokens } from '#domain/chat/token-usage.ts';
import { telemetryNameOf } from '#domain/dialects/dialects.ts';
import type { AttemptFact } from '#domain/facts/attempt-fact.ts';
import type { FactSubscriber } from '#domain/facts/fact-stream.ts';
import type { RequestFact } from '#domain/facts/request-fact.ts';
import {
  CLIENT_OPERATION_DURATION,
  CLIENT_TOKEN_USAGE,
  DURATION_BUCKETS_SECONDS,
  ERROR_TYPE,
  OPERATION_NAME,
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
import type { SubscriberMeans } from './fact-subscribers.ts';

export function factMetrics({ registry, writeLater }: SubscriberMeans): FactSubscriber {
  const attempts = attemptMetrics(registry);
  const requests = requestMetrics(registry);
  return {
    name: 'metrics',
    attempt: (fact) => writeLater(() => attempts(fact)),
    request: (fact) => writeLater(() => requests(fact)),
  };
}

function attemptMetrics(registry: Registry): (fact: AttemptFact) => void {
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
    help: 'Tokens of one call as the provider counts them, or as estimated.',
    labelNames: [OPERATION_NAME, PROVIDER_NAME, REQUEST_MODEL, 'namespace', TOKEN_TYPE],
    buckets: TOKEN_BUCKETS,
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
  return (fact) => {
    const { model, operation, usage, usageSource, failureCode, costNanoUsd, caller } = fact;
    const call = {
      [OPERATION_NAME]: operation,
      [PROVIDER_NAME]: telemetryNameOf(fact.provider),
      [REQUEST_MODEL]: model.name,
      namespace: model.namespace,
    };
    callDuration.observe({ ...call, [ERROR_TYPE]: failureCode ?? '' }, fact.durationMilliseconds / 1000);
    attempts.inc({ namespace: model.namespace, model: model.name, result: failureCode ?? 'answered' });
    if (usage === undefined) return;
    const labels = { ...caller, model: model.name };
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
    cost.inc(labels, costNanoUsd ?? 0);
    if (usageSource === 'estimated') estimates.inc(labels);
  };
}

function requestMetrics(registry: Registry): (fact: RequestFact) => void {
  const registers = [registry];
  const duration = new Histogram({
    name: SERVER_REQUEST_DURATION,
    help: 'Duration of one request in seconds, as the agent saw it.',
    labelNames: [OPERATION_NAME, 'namespace', ERROR_TYPE],
    buckets: DURATION_BUCKETS_SECONDS,
    registers,
  });
  const timeToFirstToken = new Histogram({
    name: SERVER_TIME_TO_FIRST_TOKEN,
    help: 'From a streaming request to its first content, in seconds.',
    labelNames: [OPERATION_NAME, 'namespace'],
    buckets: TIME_TO_FIRST_TOKEN_BUCKETS_SECONDS,
    registers,
  });
  const timePerOutputToken = new Histogram({
    name: SERVER_TIME_PER_OUTPUT_TOKEN,
    help: 'Time per output token of a stream after its first content, in seconds.',
    labelNames: [OPERATION_NAME, 'namespace'],
    buckets: TIME_PER_OUTPUT_TOKEN_BUCKETS_SECONDS,
    registers,
  });
  const requests = new Counter({
    name: 'capataz_requests_total',
    help: 'Requests of agents by how they ended.',
    labelNames: ['namespace', 'agent', 'outcome'],
    registers,
  });
  const seconds = new Counter({
    name: 'capataz_request_seconds_total',
    help: 'Seconds that the requests of agents took together.',
    labelNames: ['namespace', 'agent'],
    registers,
  });
  const failovers = new Counter({
    name: 'capataz_failovers_total',
    help: 'Requests that were answered only after at least one attempt had failed.',
    labelNames: ['namespace', 'agent'],
    registers,
  });
  return (fact) => {
    const { caller, operation, outcome, durationMilliseconds, firstTokenMilliseconds, usage } = fact;
    const measured = { [OPERATION_NAME]: operation, namespace: caller.namespace };
    requests.inc({ ...caller, outcome });
    seconds.inc({ ...caller }, durationMilliseconds / 1000);
    duration.observe({ ...measured, [ERROR_TYPE]: fact.failureCode ?? '' }, durationMilliseconds / 1000);
    if (fact.attempts > 1 && outcome === 'answered') failovers.inc({ ...caller });
    if (firstTokenMilliseconds === undefined) return;
    timeToFirstToken.observe(measured, firstTokenMilliseconds / 1000);
    const tokensAfterFirst = (usage?.outputTokens ?? 0) - 1;
    if (tokensAfterFirst < 1) return;
    const streamingSeconds = (durationMilliseconds - firstTokenMilliseconds) / 1000;
    timePerOutputToken.observe(measured, streamingSeconds / tokensAfterFirst);
  };
}
