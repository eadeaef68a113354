/** GET /v1/models: what the agent may ask for. */
import type { FastifyInstance } from 'fastify';
import { ANY_MODEL } from '#domain/routing/choose-models.ts';
import type { RoutableAgent } from '#domain/routing/routable-model.ts';
import type { RouterParts } from '../router-parts.ts';
import { agentOf, sendRefusal } from './replies.ts';

interface ListedModel {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
}

export function registerModels(app: FastifyInstance, parts: RouterParts): void {
  app.get('/v1/models', (request, reply) =>
    reply
      .header('x-request-id', request.id)
      .send({ object: 'list', data: modelsOf(parts, agentOf(request)) }),
  );

  app.get<{ Params: { name: string } }>('/v1/models/:name', (request, reply) => {
    const { name } = request.params;
    const agent = agentOf(request);
    const model = modelsOf(parts, agent).find(({ id }) => id === name);
    if (model !== undefined) return reply.header('x-request-id', request.id).send(model);
    return sendRefusal(reply, {
      code: 'model_not_found',
      message: `No such model: GET /v1/models lists those that the Agent ${agent.namespace}/${agent.name} may use.`,
    });
  });
}

function modelsOf({ registry }: RouterParts, agent: RoutableAgent): readonly ListedModel[] {
  const { models } = registry.snapshot();
  const allowed = agent.allow
    .map(({ model }) => models.get(`${agent.namespace}/${model}`))
    .filter((model) => model !== undefined);
  const list = (id: string, owner: string): ListedModel => ({
    id,
    object: 'model',
    created: 0,
    owned_by: owner,
  });
  return [list(ANY_MODEL, 'capataz'), ...allowed.map(({ name, provider }) => list(name, provider))];
}
