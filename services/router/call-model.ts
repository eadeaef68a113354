/** One attempt at one model whose answer is read whole: chat without a stream, and embeddings. */
import { askProvider } from '#adapters/model-providers/ask-provider.ts';
import type { Cancellation } from '#adapters/model-providers/cancellation.ts';
import type { ProviderConnections } from '#adapters/model-providers/provider-connections.ts';
import type {
  ProviderDialect,
  ProviderRequest,
  ProviderTarget,
  Read,
  Written,
} from '#domain/dialects/dialect.ts';
import { providerDialectOf } from '#domain/dialects/dialects.ts';
import type { RoutableModel } from '#domain/routing/routable-model.ts';
import type { Attempt } from './attempt.ts';
import type { AttemptResult } from './failover.ts';

export interface ModelCall<Value> {
  readonly connections: ProviderConnections;
  readonly attempt: Attempt;
  readonly deadlineMilliseconds: number;
  readonly cancellation: Cancellation;
  readonly write: (dialect: ProviderDialect, target: ProviderTarget) => Written<ProviderRequest>;
  readonly read: (dialect: ProviderDialect, body: string) => Read<Value>;
}

export async function callModel<Value>(call: ModelCall<Value>): Promise<AttemptResult<Value>> {
  const { connections, attempt, deadlineMilliseconds, cancellation } = call;
  const { model } = attempt;
  const dialect = providerDialectOf(model.provider);
  const request = call.write(dialect, providerTarget(model));
  if (!request.ok) return { ok: false, failure: { code: 'unsupported', message: request.problem } };
  const asked = await askProvider(connections, attempt.requestOf(request.value), {
    limits: { ...model.timeouts, deadlineMilliseconds },
    cancellation,
    onSent: attempt.sent,
  });
  if (!asked.ok) return asked;
  const { status, headers, body } = asked.answer;
  if (status > 299) return { ok: false, failure: dialect.readFailure(status, headers, body) };
  const answer = call.read(dialect, body);
  if (answer.ok) return answer;
  if (answer.usage !== undefined) attempt.told(answer.usage);
  return { ok: false, failure: answer.failure };
}

export function providerTarget({ endpoint, providerModel, key }: RoutableModel): ProviderTarget {
  return { endpoint, model: providerModel, ...(key.state === 'resolved' ? { apiKey: key.value } : {}) };
}
