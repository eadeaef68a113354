/** GET /v1/stream: one a tab. */
import type { FastifyInstance } from 'fastify';
import type { ConsoleParts } from '../console-parts.ts';
import { RefusedError } from '../refused-error.ts';
import { visibleTo } from '../rights/visible.ts';
import { sessionOf } from '../sessions/check-sessions.ts';
import type { LiveStreams } from '../stream/live-streams.ts';

export function registerStream(app: FastifyInstance, { rights }: ConsoleParts, streams: LiveStreams): void {
  app.get('/v1/stream', { exposeHeadRoute: false }, async (request, reply) => {
    const session = sessionOf(request);
    if (!streams.hasRoom(session)) throw new RefusedError(TOO_MANY);
    const visible = await visibleTo(rights, session.user);
    if (!streams.hasRoom(session)) throw new RefusedError(TOO_MANY);
    streams.open(reply, session, visible);
    return reply;
  });
}

const TOO_MANY = {
  code: 'too_many_streams',
  message:
    'As many live streams are open as may be: close other tabs of the console, or try again in a moment.',
  retryAfterSeconds: 5,
} as const;
