/** The token that a request shows which changes something. */
import type { FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { CSRF_HEADER, missingCsrfToken } from './same-origin.ts';
import type { Session } from './session.ts';

const session: Session = {
  id: 'one',
  user: { username: 'ana', groups: [], extra: {} },
  door: 'token',
  expiresAtSeconds: 1,
  csrfToken: 'abcd',
};

it.each([
  ['the token', 'abcd', undefined],
  ['another token', 'abce', 'not_same_origin'],
  ['as many characters that are more bytes', 'abc\u00e9', 'not_same_origin'],
  ['no token', undefined, 'not_same_origin'],
])('of a request with %s is judged, and none makes the process fail', (_what, shown, code) => {
  const request = { method: 'POST', headers: { [CSRF_HEADER]: shown } } as unknown as FastifyRequest;
  expect(missingCsrfToken(request, session)?.code).toBe(code);
});
