/** The way to the OpenID provider and back. Both are pages that the browser goes to, so failures go back to the login page. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { ConsoleParts } from '../console-parts.ts';
import { RefusedError } from '../refused-error.ts';
import { readRequest } from '../replies.ts';
import { CALLBACK_PATH } from '../sessions/openid-door.ts';
import { beginSession, closed, takeTry } from './session.ts';

/** A path of ours: neither another host (//) nor anything that a browser takes for one (/\). */
const OwnPath = z
  .string()
  .max(1_024)
  .regex(/^\/(?![/\\])[\x21-\x7e]*$/)
  .catch('/');
const BeginQuery = z.object({ from: OwnPath.default('/') });

export function registerOpenid(app: FastifyInstance, parts: ConsoleParts): void {
  app.get('/v1/session/openid', async (request, reply) => {
    const { openidDoor, cookies, logger } = parts;
    if (openidDoor === undefined) throw new RefusedError(closed('openid'));
    takeTry(request, parts, 'openid');
    const { from } = readRequest(BeginQuery, request.query);
    try {
      const { url, ...login } = await openidDoor.begin();
      await cookies.writeLogin(reply, { ...login, from });
      return reply.redirect(url, 303);
    } catch (error) {
      logger.warn({ error }, 'the identity provider could not be asked');
      return failLogin(reply, parts, PROVIDER_AWAY);
    }
  });

  app.get(CALLBACK_PATH, async (request, reply) => {
    const { openidDoor, cookies, logger } = parts;
    if (openidDoor === undefined) throw new RefusedError(closed('openid'));
    const login = await cookies.readLogin(request);
    cookies.clearLogin(reply);
    if (login === undefined)
      return failLogin(reply, parts, 'The login took too long, or was begun in another browser.');
    const query = request.url.slice(CALLBACK_PATH.length);
    try {
      const identified = await openidDoor.finish(query, login);
      if (!identified.ok) return failLogin(reply, parts, identified.message);
      await beginSession(reply, parts, { user: identified.user, door: 'openid', ends: Infinity });
      return reply.redirect(login.from, 303);
    } catch (error) {
      if (error instanceof RefusedError) return failLogin(reply, parts, error.refusal.message);
      logger.warn({ error }, 'the identity provider did not confirm a login');
      return failLogin(reply, parts, 'The identity provider did not confirm the login.');
    }
  });
}

const PROVIDER_AWAY = 'The identity provider cannot be reached: try again in a moment.';

/** The page reads `problem` and shows it as text. */
function failLogin(reply: FastifyReply, { metrics }: ConsoleParts, problem: string): FastifyReply {
  metrics.login('openid', 'refused');
  return reply.redirect(`/login?problem=${encodeURIComponent(problem)}`, 303);
}
