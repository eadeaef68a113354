/**
 * Whether a request comes from our own page: by what the browser says of its origin, and for whatever changes something by a
 * token that only our page was told. SameSite=Strict alone would believe every host of the site.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { Session } from './session.ts';

export const CSRF_HEADER = 'x-capataz-csrf';
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Undefined: go on. `consoleOrigin`: where the console is opened, where that is known. */
export function foreignRequest(
  request: FastifyRequest,
  consoleOrigin: string | undefined,
): Refusal | undefined {
  const { origin, host, 'sec-fetch-site': site } = request.headers;
  const isRead = READS.has(request.method);
  // A person may open a link to a download; nothing else comes from anywhere.
  const sites = isRead ? ['same-origin', 'none'] : ['same-origin'];
  if (typeof site === 'string' && !sites.includes(site)) return FOREIGN;
  if (origin === undefined) return undefined;
  const isOurs = consoleOrigin === undefined ? hostOf(origin) === host : origin === consoleOrigin;
  return isOurs ? undefined : FOREIGN;
}

export function missingCsrfToken(request: FastifyRequest, session: Session): Refusal | undefined {
  if (READS.has(request.method)) return undefined;
  const shown = request.headers[CSRF_HEADER];
  const isRight = typeof shown === 'string' && timingSafeEqual(digestOf(shown), digestOf(session.csrfToken));
  return isRight ? undefined : NO_CSRF_TOKEN;
}

/** Of one length: as many characters may be more bytes, which cannot be compared. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

const FOREIGN: Refusal = {
  code: 'not_same_origin',
  message:
    'The request comes from another site. Open the console itself; behind a proxy its URL is told by CAPATAZ_CONSOLE_URL.',
};
const NO_CSRF_TOKEN: Refusal = {
  code: 'not_same_origin',
  message: `The header ${CSRF_HEADER} does not have the token of the session: load the page anew.`,
};
