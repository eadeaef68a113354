/** GET /v1/rights: which buttons are offered in a namespace, and which are greyed. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { RightsAnswer } from '../api/answers.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { readRequest } from '../replies.ts';
import { RIGHTS } from '../rights/rights.ts';
import { userOf } from '../sessions/check-sessions.ts';

const RightsQuery = z.strictObject({ namespace: z.string().min(1).max(63).optional() });

export function registerRights(app: FastifyInstance, { rights }: ConsoleParts): void {
  app.get('/v1/rights', async (request, reply) => {
    const { namespace } = readRequest(RightsQuery, request.query);
    const user = userOf(request);
    const answer: RightsAnswer = {
      rights: Object.fromEntries(
        await Promise.all(
          RIGHTS.map(async (right) => [right, await rights.has(user, right, namespace)] as const),
        ),
      ),
    };
    return reply.send(answer);
  });
}
