/** One attempt at one model whose answer is read whole: chat without a stream, and embeddings. */
import { askProvider } from '#adapters/model-providers/ask-provider.ts';
import type { Cancellation } from '#adapters/model-providers/cancellation.ts';
import type { ProviderConnections } from '#adapters/model-providers/provider-connections.ts';
import type {
  Parsed,
  ProviderDialect,
  ProviderFailure,
  ProviderRequest,
  ProviderTarget,
} from '#domain/model-providers/dialect.ts';
import { dialectOf } from '#domain/model-providers/dialects.ts';
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';
import type { RoutableModel } from '#domain/routing/routable-model.ts';
import type { Attempt } from './attempt.ts';
import type { AttemptResult } from './failover.ts';

export interface ModelCall<Value> {
  readonly connections: ProviderConnections;
  readonly attempt: Attempt;
  readonly deadlineMilliseconds: number;
  readonly cancellation: Cancellation;
  readonly build: (dialect: ProviderDialect, target: ProviderTarget) => Parsed<ProviderRequest>;
  /** `text` is the body that `body` was parsed from. */
  readonly parse: (dialect: ProviderDialect, body: unknown, text: string) => Parsed<Value>;
}

export async function callModel<Value>(call: ModelCall<Value>): Promise<AttemptResult<Value>> {
  const { connections, attempt, deadlineMilliseconds, cancellation } = call;
  const { model } = attempt;
  const dialect = dialectOf(model.provider);
  const request = call.build(dialect, providerTarget(model));
  if (!request.ok) return { ok: false, failure: { code: 'unsupported', message: request.problem } };
  const asked = await askProvider(connections, request.value, {
    limits: { ...model.timeouts, deadlineMilliseconds },
    cancellation,
    onSent: attempt.sent,
  });
  if (!asked.ok) return asked;
  const { status, headers, body } = asked.answer;
  if (status > 299)
    return { ok: false, failure: attemptFailure(dialect.parseFailure(status, headers, body)) };
  const parsed = call.parse(dialect, parseJson(body), body);
  if (parsed.ok) return parsed;
  if (parsed.usage !== undefined) attempt.told(parsed.usage);
  return { ok: false, failure: { code: 'answer_malformed', message: parsed.problem } };
}

export function providerTarget({ endpoint, providerModel, key }: RoutableModel): ProviderTarget {
  return { endpoint, model: providerModel, ...(key.state === 'resolved' ? { apiKey: key.value } : {}) };
}

/** Whether the provider speaks the front's own format, so that plain answers need no translation. */
export function speaksOpenAi({ provider }: RoutableModel): boolean {
  return provider === 'OpenAI' || provider === 'OpenAICompatible';
}

const CODE_OF_KIND = {
  rateLimited: 'rate_limited',
  overloaded: 'overloaded',
  unavailable: 'unavailable',
  keyRefused: 'key_refused',
  notFound: 'model_not_found',
  badRequest: 'request_refused',
  contextTooLong: 'context_length_exceeded',
  contentRefused: 'content_refused',
  malformed: 'answer_malformed',
} as const;

/** What a provider says of its failure, by its code. */
export function attemptFailure({ kind, ...failure }: ProviderFailure): AttemptFailure {
  return { code: CODE_OF_KIND[kind], ...failure };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
