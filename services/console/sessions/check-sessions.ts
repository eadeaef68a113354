/** The session of a request, checked before its body is read. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { sendRefusal } from '../replies.ts';
import { foreignRequest, missingCsrfToken } from './same-origin.ts';
import type { Session } from './session.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by checkSessions. */
    session: Session | null;
  }
}

export const NO_SESSION: Refusal = {
  code: 'unauthenticated',
  message: 'There is no session, or it has ended: log in.',
};

export function refuseForeignRequests(app: FastifyInstance, { settings }: ConsoleParts): void {
  app.addHook('onRequest', async (request, reply): Promise<FastifyReply | undefined> => {
    const foreign = foreignRequest(request, settings.consoleOrigin);
    return foreign && sendRefusal(reply, foreign);
  });
}

export function checkSessions(app: FastifyInstance, parts: ConsoleParts): void {
  app.addHook('onRequest', async (request, reply): Promise<FastifyReply | undefined> => {
    const session = await findSession(request, parts);
    if (session === undefined) return sendRefusal(reply, NO_SESSION);
    const refusal = missingCsrfToken(request, session);
    if (refusal !== undefined) return sendRefusal(reply, refusal);
    request.session = session;
    return undefined;
  });
}

export function sessionOf(request: FastifyRequest): Session {
  if (request.session === null) throw new Error('A route was reached without a check of the session.');
  return request.session;
}

export function userOf(request: FastifyRequest): UserInfo {
  return sessionOf(request).user;
}

export async function findSession(
  request: FastifyRequest,
  { cookies, ended, headerDoor }: Pick<ConsoleParts, 'cookies' | 'ended' | 'headerDoor'>,
): Promise<Session | undefined> {
  const session = await cookies.read(request);
  if (session === undefined || ended.has(session.id)) return undefined;
  if (session.door !== 'header') return session;
  // The proxy says anew with each request who it is: another person at the same browser has no part in the session.
  const person = headerDoor?.personIn(request.socket.remoteAddress ?? '', request.raw.headersDistinct);
  return person !== undefined && isSamePerson(person, session.user) ? session : undefined;
}

function isSamePerson(one: UserInfo, other: UserInfo): boolean {
  return one.username === other.username && one.groups.join('\n') === other.groups.join('\n');
}
