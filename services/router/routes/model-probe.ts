/** GET /internal/models/{namespace}/{name}/probe, for the operator. */
import type { FastifyInstance } from 'fastify';
import type { ModelProber } from '../probe-model.ts';
import type { RouterParts } from '../router-parts.ts';
import { sendRefusal } from './replies.ts';

export function registerModelProbe(app: FastifyInstance, parts: RouterParts, prober: ModelProber): void {
  app.get<{ Params: { namespace: string; name: string } }>(
    '/internal/models/:namespace/:name/probe',
    async (request, reply) => {
      const { namespace, name } = request.params;
      const model = parts.registry.snapshot().models.get(`${namespace}/${name}`);
      if (model !== undefined) return await prober.probe(model);
      return sendRefusal(reply, {
        code: 'model_not_found',
        message:
          'The router does not know this Model: it does not exist, cannot be read, or was created just now.',
      });
    },
  );
}
