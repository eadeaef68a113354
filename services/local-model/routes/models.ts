/** GET /v1/models and /v1/models/{id}: https://platform.openai.com/docs/api-reference/models */
import type { FastifyInstance } from 'fastify';
import type { LocalModelDependencies } from '../app.ts';
import { modelNotFound } from '../open-ai-error.ts';

interface ModelEntry {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
}

export function registerModels(
  app: FastifyInstance,
  { chatModel, embeddingModel }: Pick<LocalModelDependencies, 'chatModel' | 'embeddingModel'>,
): void {
  // `created` is when the weights were published, and nobody needs it: the format wants a number.
  const models: readonly ModelEntry[] = [chatModel.id, embeddingModel.id].map((id) => ({
    id,
    object: 'model',
    created: 0,
    owned_by: 'capataz',
  }));
  app.get('/v1/models', () => ({ object: 'list', data: models }));
  app.get<{ Params: { id: string } }>('/v1/models/:id', (request, reply) => {
    const model = models.find(({ id }) => id === request.params.id);
    if (model !== undefined) return model;
    const { status, error } = modelNotFound(
      describeMissingModel(
        request.params.id,
        models.map(({ id }) => id),
      ),
    );
    return reply.code(status).send({ error });
  });
}

export function describeMissingModel(asked: string, served: readonly string[]): string {
  return `There is no model ${JSON.stringify(asked.slice(0, 256))} here: use ${served.join(' or ')}.`;
}
