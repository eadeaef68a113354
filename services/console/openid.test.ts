/** The door of an OpenID provider, a real one. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConsoleUnderTest,
  EVERYTHING,
  type Visitor,
  startConsoleUnderTest,
} from './testing/console-under-test.ts';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  type OpenidProvider,
  startOpenidProvider,
} from './testing/openid-provider.ts';

const CONSOLE_URL = 'https://console.test';
const CALLBACK = `${CONSOLE_URL}/v1/session/openid/callback`;

let provider: OpenidProvider;
let console: ConsoleUnderTest;
beforeEach(async () => {
  provider = await startOpenidProvider(CALLBACK);
  console = await startConsoleUnderTest(async (directory) => {
    await writeFile(join(directory, 'client-secret'), `${CLIENT_SECRET}\n`);
    return {
      CAPATAZ_CONSOLE_URL: CONSOLE_URL,
      CAPATAZ_OPENID_ISSUER: provider.issuer,
      CAPATAZ_OPENID_CLIENT_ID: CLIENT_ID,
      CAPATAZ_OPENID_CLIENT_SECRET_PATH: join(directory, 'client-secret'),
      CAPATAZ_OPENID_SCOPES: 'openid groups',
      CAPATAZ_OPENID_USERNAME_PREFIX: 'oidc:',
      CAPATAZ_OPENID_GROUPS_CLAIM: 'groups',
      CAPATAZ_OPENID_GROUPS_PREFIX: 'oidc:',
    };
  });
});
afterEach(async () => {
  await console[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

/** Goes to the provider, and follows it until it sends the browser back: the path of the callback with its query. */
async function throughProvider(
  visitor: Visitor,
  from = '/',
): Promise<{ readonly asked: URL; readonly back: string }> {
  const begun = await visitor.get(`/v1/session/openid?from=${encodeURIComponent(from)}`);
  const asked = new URL(begun.headers.get('location') ?? '', CONSOLE_URL);
  const cookies = new Map<string, string>();
  let next = asked.href;
  while (!next.startsWith(CALLBACK)) {
    const response = await fetch(next, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = response.headers.get('location');
    if (location === null)
      throw new Error(`The provider ends with ${response.status}: ${await response.text()}`);
    next = new URL(location, next).href;
  }
  return { asked, back: next.slice(CONSOLE_URL.length) };
}

describe('the OpenID door', () => {
  it('is offered', async () => {
    expect((await console.visitor().get('/v1/session')).body.doors).toEqual(['token', 'openid']);
  });

  it('lets in whom the provider knows, with names and groups as the API server prefixes them, and goes where they wanted', async () => {
    provider.claims = { sub: 'ana', groups: ['sre', 'system:masters'] };
    console.kubernetes.rights.set('oidc:sre', new Set(EVERYTHING));
    const ana = console.visitor();
    const { asked, back } = await throughProvider(ana, '/agents?sort=cost');
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: CALLBACK,
      state: expect.stringMatching(/.{20}/),
      nonce: expect.stringMatching(/.{20}/),
    });
    const done = await ana.request('GET', back, { headers: { 'sec-fetch-site': 'cross-site' } });
    expect([done.status, done.headers.get('location')]).toEqual([303, '/agents?sort=cost']);
    expect((await ana.get('/v1/session')).body).toMatchObject({
      user: 'oidc:ana',
      groups: ['oidc:sre', 'oidc:system:masters', 'system:authenticated'],
      door: 'openid',
      namespaces: 'all',
    });
  });

  it('keeps what it must remember in a cookie that comes back from another site, and the session in one that does not', async () => {
    const ana = console.visitor();
    const begun = await ana.get('/v1/session/openid');
    expect(begun.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-capataz-openid=.*SameSite=Lax/),
    ]);
    const { back } = await throughProvider(ana);
    const done = await ana.get(back);
    expect(
      done.headers.getSetCookie().find((cookie) => cookie.startsWith('__Host-capataz-session=')),
    ).toContain('SameSite=Strict');
    expect(ana.cookies.has('__Host-capataz-openid')).toBe(false);
  });

  it('takes a callback only in the browser that began, with its state, and once', async () => {
    const ana = console.visitor();
    const { back } = await throughProvider(ana);
    const elsewhere = await console.visitor().get(back);
    expect(elsewhere.headers.get('location')).toMatch(/^\/login\?problem=/);
    const changed = console.visitor();
    await throughProvider(changed);
    const forged = await changed.get(back);
    expect(forged.headers.get('location')).toMatch(/^\/login\?problem=/);
    expect((await changed.get('/v1/session')).status).toBe(401);
    await ana.get(back);
    expect((await ana.get(back)).headers.get('location')).toMatch(/^\/login\?problem=/);
  });

  it.each(['//evil.example/', '/\\evil.example', 'https://evil.example/'])(
    'goes nowhere else afterwards: %s',
    async (from) => {
      const ana = console.visitor();
      const { back } = await throughProvider(ana, from);
      expect((await ana.get(back)).headers.get('location')).toBe('/');
    },
  );

  it('says so where the provider is away', async () => {
    await provider[Symbol.asyncDispose]();
    const { status, headers } = await console.visitor().get('/v1/session/openid');
    expect([status, headers.get('location')]).toEqual([
      303,
      expect.stringMatching(/^\/login\?problem=The%20identity/),
    ]);
    provider = await startOpenidProvider(CALLBACK);
  });
});
