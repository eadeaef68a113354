/** GET /v1/models: which Models there are, how each stands, and how it answered in the last hour. */
import type { FastifyInstance } from 'fastify';
import { nanoUsdOfDecimal } from '#domain/pricing/nano-usd.ts';
import type { ModelsAnswer } from '../api/answers.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { conditionOf } from '../objects/conditions.ts';
import type { ModelObject } from '../objects/model-objects.ts';
import type { ModelStatistics } from '../ledger/model-statistics.ts';
import { visibleTo } from '../rights/visible.ts';
import { userOf } from '../sessions/check-sessions.ts';

const MOST_MODELS = 1_000;

export function registerModels(app: FastifyInstance, parts: ConsoleParts): void {
  app.get('/v1/models', async (request, reply) => {
    const user = userOf(request);
    const visible = await visibleTo(parts.rights, user);
    const models = parts.models
      .list()
      .filter(({ metadata }) => visible.models.includes(metadata.namespace))
      .toSorted(byName)
      .slice(0, MOST_MODELS);
    const asked = [...new Set(models.map(({ metadata }) => metadata.namespace))].filter(
      visible.runs.includes,
    );
    const statistics = await parts.modelStatistics.of(user, asked);
    const answer: ModelsAnswer = {
      models: models.map((model) =>
        shown(model, statistics.get(`${model.metadata.namespace}/${model.metadata.name}`)),
      ),
    };
    return reply.send(answer);
  });
}

const NO_STATISTICS: ModelStatistics = {
  served: [],
  attempts: null,
  failedAttempts: null,
  medianMicroseconds: null,
  p95Microseconds: null,
};

function shown(
  { metadata, spec, conditions }: ModelObject,
  statistics: ModelStatistics = NO_STATISTICS,
): ModelsAnswer['models'][number] {
  const ready = conditionOf(conditions, 'Ready');
  const secret = spec.keyFrom?.secretRef;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    provider: spec.provider,
    providerModel: spec.model,
    endpoint: spec.endpoint ?? '',
    key: secret === undefined ? null : `${secret.name}/${secret.key ?? 'key'}`,
    isReady: ready?.status ?? 'Unknown',
    sentence: ready?.message ?? 'The operator has not looked at it yet.',
    inputPrice: priceOf(spec.price?.inputUsdPerMillionTokens),
    outputPrice: priceOf(spec.price?.outputUsdPerMillionTokens),
    ...statistics,
  };
}

/** Nano-dollars a million tokens. */
function priceOf(decimal: string | undefined): number | null {
  if (decimal === undefined || !/^\d{1,9}(\.\d{1,9})?$/.test(decimal)) return null;
  return nanoUsdOfDecimal(decimal);
}

function byName(one: ModelObject, other: ModelObject): number {
  return (
    one.metadata.namespace.localeCompare(other.metadata.namespace) ||
    one.metadata.name.localeCompare(other.metadata.name)
  );
}
