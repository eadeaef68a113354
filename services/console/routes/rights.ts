/** GET /v1/rights: which buttons are offered in a namespace, and which are greyed. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { RightsAnswer } from '../api/answers.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { readRequest } from '../replies.ts';
import { RIGHTS, type Right } from '../rights/rights.ts';
import { userOf } from '../sessions/check-sessions.ts';

const RightsQuery = z.strictObject({ namespace: z.string().min(1).max(63).optional() });

export function registerRights(app: FastifyInstance, { rights }: ConsoleParts): void {
  app.get('/v1/rights', async (request, reply) => {
    const { namespace } = readRequest(RightsQuery, request.query);
    const user = userOf(request);
    const found: [Right, boolean][] = [];
    // One after another: whoever asks about many namespaces at once leaves room for the reviews of others. Without the first
    // (get agents) the others are worth nothing, and are not asked for.
    for (const right of RIGHTS) {
      const isSeen = found[0]?.[1] ?? true;
      found.push([right, isSeen && (await rights.has(user, right, namespace))]);
    }
    const answer: RightsAnswer = { rights: Object.fromEntries(found) };
    return reply.send(answer);
  });
}
