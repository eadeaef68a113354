/** Who comes in by the token door, and what a session is. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConsoleUnderTest,
  EVERYTHING,
  INDEX_HTML,
  startConsoleUnderTest,
} from './testing/console-under-test.ts';
import { tokenOf } from './testing/scripted-kubernetes.ts';

let console: ConsoleUnderTest;
beforeEach(async () => {
  console = await startConsoleUnderTest();
});
afterEach(async () => {
  await console[Symbol.asyncDispose]();
});

describe('the page', () => {
  it('is served to everybody for every view, under a policy that lets nothing else run', async () => {
    for (const path of ['/', '/agents/shop/triage', '/rollouts/shop/triage.v2', '/login?problem=x']) {
      const { status, headers, body } = await console.visitor().get(path);
      expect([path, status, body]).toEqual([path, 200, INDEX_HTML]);
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('cache-control') ?? '').not.toContain('immutable');
    }
  });

  it('has files with a hash in their name for ever, and says 404 where one is missing', async () => {
    const file = await console.visitor().get('/assets/a-1.js');
    expect([file.status, file.headers.get('cache-control')]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ]);
    expect((await console.visitor().get('/assets/b-2.js')).status).toBe(404);
    expect((await console.visitor().get('/assets/../../kubeconfig')).body).not.toContain('current-context');
    expect((await console.visitor().get('/assets/..%2f..%2fkubeconfig')).body).not.toContain(
      'current-context',
    );
  });

  it('is not what an unknown path below /v1 is answered with', async () => {
    expect(await console.visitor().get('/v1/nothing')).toMatchObject({
      status: 404,
      body: { error: { code: 'unknown_path' } },
    });
  });
});

describe('the token door', () => {
  it('says to whoever has no session which doors there are', async () => {
    const { status, body } = await console.visitor().get('/v1/session');
    expect(status).toBe(401);
    expect(body).toMatchObject({
      error: { code: 'unauthenticated' },
      doors: ['token'],
      tokenCommand: 'kubectl create token NAME --namespace NAMESPACE --audience capataz-console',
    });
  });

  it('lets in who has a token for the console, and tells the page who it is', async () => {
    console.kubernetes.groups.set('ana', ['sre']);
    const ana = await console.person('ana', EVERYTHING);
    expect(await ana.get('/v1/session')).toMatchObject({
      status: 200,
      body: { user: 'ana', groups: ['sre'], door: 'token', namespaces: 'all' },
    });
  });

  it.each([
    ['for another audience', tokenOf('ana', { audience: 'capataz-ledger' })],
    ['that has expired', tokenOf('ana', { expiresAtSeconds: 1_000 })],
  ])('refuses a token %s', async (_which, token) => {
    const visitor = console.visitor();
    const { status, body } = await visitor.request('POST', '/v1/session/token', { body: { token } });
    expect([status, body.error.code]).toEqual([401, 'unauthenticated']);
    expect((await visitor.get('/v1/session')).status).toBe(401);
  });

  it('ends a session with its token, and after an hour at the latest', async () => {
    const visitor = console.visitor();
    const seconds = Math.floor(Date.now() / 1000);
    const soon = tokenOf('ana', { expiresAtSeconds: seconds + 600 });
    const short = await visitor.request('POST', '/v1/session/token', { body: { token: soon } });
    expect(short.body.expiresMicroseconds).toBe((seconds + 600) * 1_000_000);
    const long = await visitor.request('POST', '/v1/session/token', { body: { token: tokenOf('ana') } });
    expect(long.body.expiresMicroseconds / 1_000_000 - seconds).toBeLessThanOrEqual(3_610);
  });

  it('keeps the session in cookies that no script reads and no other site sends', async () => {
    const { headers } = await console
      .visitor()
      .request('POST', '/v1/session/token', { body: { token: tokenOf('ana') } });
    const [cookie = ''] = headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-capataz-session=/);
    for (const attribute of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict'])
      expect(cookie).toContain(attribute);
    expect(cookie).not.toContain('ana');
  });

  it('takes ten logins a minute from one address', async () => {
    const visitor = console.visitor();
    const login = async (): Promise<number> =>
      (await visitor.request('POST', '/v1/session/token', { body: { token: 'guess' } })).status;
    const statuses: number[] = [];
    for (let index = 0; index < 11; index += 1) statuses.push(await login());
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
  });

  it('says that it could not ask where the API server is away, and lets nobody in', async () => {
    console.kubernetes.isAway = true;
    const { status, body } = await console
      .visitor()
      .request('POST', '/v1/session/token', { body: { token: tokenOf('ana') } });
    expect([status, body.error.code]).toEqual([503, 'token_review_unavailable']);
  });

  it('carries hundreds of groups in several cookies, and refuses who has more', async () => {
    const groups = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => `team-${index}-${'x'.repeat(20)}`);
    console.kubernetes.groups.set('ana', groups(150));
    const ana = await console.person('ana', EVERYTHING);
    expect(ana.cookies.size).toBeGreaterThan(1);
    expect((await ana.get('/v1/session')).body.groups).toHaveLength(150);
    console.kubernetes.groups.set('ben', groups(1_000));
    const ben = await console
      .visitor()
      .request('POST', '/v1/session/token', { body: { token: tokenOf('ben') } });
    expect([ben.status, ben.body.error.code]).toEqual([403, 'identity_too_large']);
  });
});

describe('a session', () => {
  it('that was logged out of is worth nothing, whoever kept a copy of the cookie', async () => {
    const ana = await console.person('ana', EVERYTHING);
    const copy = new Map(ana.cookies);
    expect((await ana.request('DELETE', '/v1/session')).status).toBe(204);
    expect(ana.cookies.size).toBe(0);
    const cookie = [...copy].map(([name, value]) => `${name}=${value}`).join('; ');
    expect((await console.visitor().request('GET', '/v1/agents', { headers: { cookie } })).status).toBe(401);
  });

  it('that somebody changed by a letter is none', async () => {
    const ana = await console.person('ana', EVERYTHING);
    for (const [name, value] of ana.cookies) {
      const at = Math.floor(value.length / 2);
      ana.cookies.set(name, `${value.slice(0, at)}${value[at] === 'A' ? 'B' : 'A'}${value.slice(at + 1)}`);
    }
    expect((await ana.get('/v1/agents')).status).toBe(401);
  });

  it.each([
    ['without the token of the session', { 'x-capataz-csrf': '' }],
    ['with another', { 'x-capataz-csrf': 'x'.repeat(43) }],
    ['from another site', { 'sec-fetch-site': 'cross-site' }],
    ['from another host of the same site', { 'sec-fetch-site': 'same-site' }],
    ['with the origin of another', { origin: 'https://evil.example' }],
  ])('changes nothing %s', async (_how, headers) => {
    const ana = await console.person('ana', EVERYTHING);
    const { status, body } = await ana.request('DELETE', '/v1/session', { headers });
    expect([status, body.error.code]).toEqual([403, 'not_same_origin']);
    expect((await ana.get('/v1/session')).status).toBe(200);
  });

  it('tells another site nothing', async () => {
    const ana = await console.person('ana', EVERYTHING);
    const { status } = await ana.request('GET', '/v1/agents', {
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    expect(status).toBe(403);
  });
});
