/** Logging in by one of three doors, and out. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TOKEN_MAXIMUM_LENGTH, readTokenClaims } from '#adapters/kubernetes/token-claims.ts';
import type { TokenRefusal, UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { DoorsAnswer, SessionAnswer } from '../api/answers.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { RefusedError } from '../refused-error.ts';
import { readRequest, sendRefusal } from '../replies.ts';
import { NO_SESSION, findSession } from '../sessions/check-sessions.ts';
import { clientAddress } from '../sessions/networks.ts';
import { missingCsrfToken } from '../sessions/same-origin.ts';
import { type Door, type Session, fitsSession } from '../sessions/session.ts';

/** Audience of the tokens that open the token door. */
export const CONSOLE_AUDIENCE = 'capataz-console';

const TokenLogin = z.strictObject({ token: z.string().min(1).max(TOKEN_MAXIMUM_LENGTH).trim() });

export function registerSession(app: FastifyInstance, parts: ConsoleParts): void {
  app.get('/v1/session', async (request, reply) => {
    const session = (await findSession(request, parts)) ?? (await enterByHeaders(request, reply, parts));
    if (session === undefined) return sendRefusal(reply, NO_SESSION, doorsOf(parts));
    return reply.send(await answerOf(session, parts));
  });

  app.post('/v1/session/token', async (request, reply) => {
    const { tokenDoor, metrics } = parts;
    if (tokenDoor === undefined) throw new RefusedError(closed('token'));
    takeTry(request, parts, 'token');
    const { token } = readRequest(TokenLogin, request.body);
    const review = await tokenDoor.review(token, CONSOLE_AUDIENCE);
    if (!review.ok) {
      metrics.login('token', 'refused');
      throw new RefusedError(TOKEN_REFUSALS[review.reason]);
    }
    const claims = readTokenClaims(token);
    const ends = claims.ok ? claims.expiresAtEpochSeconds : Infinity;
    const session = await beginSession(reply, parts, { user: review.identity.user, door: 'token', ends });
    return reply.send(await answerOf(session, parts));
  });

  app.delete('/v1/session', async (request, reply) => {
    const session = await findSession(request, parts);
    if (session !== undefined) {
      const refusal = missingCsrfToken(request, session);
      if (refusal !== undefined) return sendRefusal(reply, refusal);
      parts.ended.end(session.id, session.expiresAtSeconds, parts.nowSeconds());
    }
    parts.cookies.clear(reply);
    return reply.code(204).send();
  });
}

export async function beginSession(
  reply: FastifyReply,
  { cookies, settings, metrics, nowSeconds, newId, newSecret }: ConsoleParts,
  { user, door, ends }: { readonly user: UserInfo; readonly door: Door; readonly ends: number },
): Promise<Session> {
  if (!fitsSession(user)) {
    metrics.login(door, 'refused');
    throw new RefusedError(TOO_LARGE);
  }
  const session: Session = {
    id: newId(),
    user,
    door,
    expiresAtSeconds: Math.floor(Math.min(ends, nowSeconds() + settings.sessionSeconds)),
    csrfToken: newSecret(),
  };
  await cookies.write(reply, session);
  metrics.login(door, 'accepted');
  return session;
}

/** Throws when the address has tried too often. */
export function takeTry(request: FastifyRequest, parts: ConsoleParts, door: Door): void {
  const forwarded = request.headers['x-forwarded-for'];
  const address = clientAddress(
    request.socket.remoteAddress ?? '',
    typeof forwarded === 'string' ? forwarded : undefined,
    parts.settings.trustedProxies,
  );
  const waitSeconds = parts.loginLimit.take(address);
  if (waitSeconds === undefined) return;
  parts.metrics.login(door, 'limited');
  throw new RefusedError({
    code: 'too_many_logins',
    message: `There were ten logins in a minute from your address: try again in ${waitSeconds} s.`,
    retryAfterSeconds: waitSeconds,
  });
}

export function closed(door: Door): Refusal {
  return {
    code: 'unauthenticated',
    message: `There is no ${door} door here: use one of those that the login page has.`,
  };
}

async function enterByHeaders(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: ConsoleParts,
): Promise<Session | undefined> {
  const user = parts.headerDoor?.personIn(request.socket.remoteAddress ?? '', request.raw.headersDistinct);
  return user && (await beginSession(reply, parts, { user, door: 'header', ends: Infinity }));
}

async function answerOf(session: Session, { rights, namespaces }: ConsoleParts): Promise<SessionAnswer> {
  const scope = await rights.scope(session.user, 'get agents');
  return {
    user: session.user.username,
    groups: session.user.groups,
    door: session.door,
    expiresMicroseconds: session.expiresAtSeconds * 1_000_000,
    csrfToken: session.csrfToken,
    namespaces: scope.isEverywhere ? 'all' : [...namespaces()].filter(scope.includes).toSorted(),
  };
}

function doorsOf({ tokenDoor, openidDoor, settings }: ConsoleParts): DoorsAnswer {
  return {
    doors: [...(tokenDoor ? (['token'] as const) : []), ...(openidDoor ? (['openid'] as const) : [])],
    tokenCommand: settings.tokenCommand,
  };
}

const refused = (what: string): Refusal => ({
  code: 'unauthenticated',
  message: `${what}: make one with kubectl create token NAME --namespace NAMESPACE --audience ${CONSOLE_AUDIENCE}.`,
});

const TOKEN_REFUSALS: Readonly<Record<TokenRefusal, Refusal>> = {
  malformed: refused('That is no token'),
  expired: refused('The token has expired'),
  wrongAudience: refused(`The token is not for the audience ${CONSOLE_AUDIENCE}`),
  notAuthenticated: refused('The API server does not accept the token'),
  notAServiceAccount: refused('The token does not belong to a ServiceAccount'),
  unavailable: {
    code: 'token_review_unavailable',
    message: 'The token could not be checked because the API server did not answer: try again in a moment.',
    retryAfterSeconds: 1,
  },
};

const TOO_LARGE: Refusal = {
  code: 'identity_too_large',
  message:
    'You are in more groups than a session can hold: have the identity provider tell only those that matter here.',
};
