/** GET /v1/models and /v1/models/{id}: https://platform.openai.com/docs/api-reference/models */
import type { FastifyInstance } from 'fastify';
import type { LocalModelDependencies } from '../app.ts';
import { modelNotFound, sendRefusal } from '../refusals.ts';

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
  const ids = [chatModel.id, embeddingModel.id];
  // `created` is when the weights were published, and nobody needs it: the format wants a number.
  const models: readonly ModelEntry[] = ids.map((id) => ({
    id,
    object: 'model',
    created: 0,
    owned_by: 'capataz',
  }));
  app.get('/v1/models', () => ({ object: 'list', data: models }));
  app.get<{ Params: { id: string } }>('/v1/models/:id', (request, reply) => {
    const asked = request.params.id;
    const model = models.find(({ id }) => id === asked);
    return model ?? sendRefusal(reply, modelNotFound(asked, ids).refusal);
  });
}
