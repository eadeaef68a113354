/**
 * Sessions as cookies. `__Host-` binds them to this host and to TLS; a sealed session may be longer than the 4 KiB of one cookie,
 * so it stands in up to three. A browser takes Secure cookies over plain HTTP from its own machine (127.0.0.1) alone: for
 * development on another address there is CAPATAZ_PLAIN_HTTP_COOKIES, which gives up both.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Seal } from './seal.ts';
import { Session } from './session.ts';

const SESSION_PURPOSE = 'capataz-session';
const LOGIN_PURPOSE = 'capataz-openid';
const COOKIE_CHARACTERS = 3_800;
const MOST_COOKIES = 3;
/** How long somebody may take at the identity provider. */
const LOGIN_SECONDS = 600;

/** What we must remember while somebody is at the identity provider. */
const OpenidLogin = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** Path of ours to come back to. */
  from: z.string(),
  expiresAtSeconds: z.number(),
});
export type OpenidLogin = z.infer<typeof OpenidLogin>;

export interface SessionCookies {
  /** Undefined: none, or one that is over. */
  readonly read: (request: FastifyRequest) => Promise<Session | undefined>;
  readonly write: (reply: FastifyReply, session: Session) => Promise<void>;
  readonly clear: (reply: FastifyReply) => void;
  readonly readLogin: (request: FastifyRequest) => Promise<OpenidLogin | undefined>;
  readonly writeLogin: (reply: FastifyReply, login: Omit<OpenidLogin, 'expiresAtSeconds'>) => Promise<void>;
  readonly clearLogin: (reply: FastifyReply) => void;
}

export function createSessionCookies({
  seal,
  isPlainHttp,
  nowSeconds,
}: {
  readonly seal: Seal;
  readonly isPlainHttp: boolean;
  /** Since 1970. */
  readonly nowSeconds: () => number;
}): SessionCookies {
  const prefix = isPlainHttp ? '' : '__Host-';
  const common = { path: '/', httpOnly: true, secure: !isPlainHttp } as const;
  const names = Array.from(
    { length: MOST_COOKIES },
    (_, index) => `${prefix}capataz-session${index === 0 ? '' : `-${index}`}`,
  );
  const loginName = `${prefix}capataz-openid`;
  const strict = { ...common, sameSite: 'strict' } as const;
  // The identity provider sends the browser back from another site.
  const lax = { ...common, sameSite: 'lax' } as const;

  return {
    read: async (request) => {
      const parts = names.map((name) => request.cookies[name]);
      const missing = parts.indexOf(undefined);
      const sealed = parts.slice(0, missing === -1 ? MOST_COOKIES : missing).join('');
      if (sealed === '') return undefined;
      const session: Session | undefined = await seal.open(
        SESSION_PURPOSE,
        sealed,
        Session as z.ZodType<Session>,
      );
      return session !== undefined && session.expiresAtSeconds > nowSeconds() ? session : undefined;
    },
    write: async (reply, session) => {
      const sealed = await seal.seal(SESSION_PURPOSE, session);
      if (sealed.length > MOST_COOKIES * COOKIE_CHARACTERS)
        throw new Error('A session is too long for its cookies.');
      const maxAge = Math.max(0, Math.floor(session.expiresAtSeconds - nowSeconds()));
      for (const [index, name] of names.entries()) {
        const part = sealed.slice(index * COOKIE_CHARACTERS, (index + 1) * COOKIE_CHARACTERS);
        // What is left of a longer session would be read as the end of this one.
        if (part === '') reply.clearCookie(name, strict);
        else reply.setCookie(name, part, { ...strict, maxAge });
      }
    },
    clear: (reply) => {
      for (const name of names) reply.clearCookie(name, strict);
    },
    readLogin: async (request) => {
      const login = await seal.open(LOGIN_PURPOSE, request.cookies[loginName] ?? '', OpenidLogin);
      return login !== undefined && login.expiresAtSeconds > nowSeconds() ? login : undefined;
    },
    writeLogin: async (reply, login) => {
      const document = { ...login, expiresAtSeconds: nowSeconds() + LOGIN_SECONDS };
      reply.setCookie(loginName, await seal.seal(LOGIN_PURPOSE, document), { ...lax, maxAge: LOGIN_SECONDS });
    },
    clearLogin: (reply) => {
      reply.clearCookie(loginName, lax);
    },
  };
}
