import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, describe, expect, it } from 'vitest';
import { createKubeClient, type KubeClient } from './kube-client.ts';
import { cachingTokenReviewer } from './caching-token-reviewer.ts';
import { createTokenReviewer, type TokenReviewer, type TokenReviewResult } from './token-reviewer.ts';

const AUDIENCE = 'capataz-router';
const IDENTITY = { namespace: 'shop', serviceAccount: 'agent-triage' } as const;
const FAR_FUTURE = 4_000_000_000;

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** A token shaped as the API server makes them; only the (real) API server can tell whether it is true. */
function aToken(claims: { aud?: unknown; exp?: unknown; sub?: string } = {}): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode({ alg: 'RS256' })}.${encode({ aud: [AUDIENCE], exp: FAR_FUTURE, ...claims })}.c2lnbmF0dXJl`;
}

async function anApiServer(
  answer: (spec: { token: string; audiences: string[] }, response: ServerResponse) => void,
): Promise<{ kubeClient: KubeClient; requests: number; hangUps: number }> {
  const seen = { requests: 0, hangUps: 0 };
  const server = createServer((request: IncomingMessage, response) => {
    seen.requests += 1;
    response.on('close', () => {
      if (!response.writableFinished) seen.hangUps += 1;
    });
    void (async () => {
      const body = JSON.parse(await text(request)) as { spec: { token: string; audiences: string[] } };
      answer(body.spec, response);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return Object.assign(seen, { kubeClient: aKubeClient(port) });
}

function aKubeClient(port: number): KubeClient {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'c', server: `http://127.0.0.1:${port}`, skipTLSVerify: true }],
    users: [{ name: 'u' }],
    contexts: [{ name: 'k', cluster: 'c', user: 'u' }],
    currentContext: 'k',
  });
  const kubeClient = createKubeClient(kubeConfig);
  cleanUps.push(() => kubeClient.close());
  return kubeClient;
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function sayStatus(response: ServerResponse, status: object): void {
  response.writeHead(201, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status }));
}

describe('TokenReviewer over HTTP', () => {
  it('returns the ServiceAccount and the pod that the API server confirms', async () => {
    const apiServer = await anApiServer((spec, response) => {
      sayStatus(response, {
        authenticated: true,
        audiences: spec.audiences,
        user: {
          username: 'system:serviceaccount:shop:agent-triage',
          extra: {
            'authentication.kubernetes.io/pod-name': ['agent-triage-1'],
            'authentication.kubernetes.io/pod-uid': ['u-1'],
          },
        },
      });
    });
    expect(await createTokenReviewer(apiServer.kubeClient).review(aToken(), AUDIENCE)).toEqual({
      ok: true,
      identity: { ...IDENTITY, podName: 'agent-triage-1', podUid: 'u-1' },
    });
  });

  it.each([
    ['a refused token', { authenticated: false, error: 'expired' }, 'notAuthenticated'],
    [
      'an API server that does not confirm the audience',
      { authenticated: true, user: { username: 'system:serviceaccount:shop:agent-triage' } },
      'wrongAudience',
    ],
    [
      'a person',
      { authenticated: true, audiences: [AUDIENCE], user: { username: 'jane' } },
      'notAServiceAccount',
    ],
    [
      'a user name with more parts than a ServiceAccount has',
      { authenticated: true, audiences: [AUDIENCE], user: { username: 'system:serviceaccount:a:b:c' } },
      'notAServiceAccount',
    ],
    [
      'a ServiceAccount without a name',
      { authenticated: true, audiences: [AUDIENCE], user: { username: 'system:serviceaccount:shop:' } },
      'notAServiceAccount',
    ],
  ])('refuses %s', async (_what, status, reason) => {
    const apiServer = await anApiServer((_spec, response) => sayStatus(response, status));
    expect(await createTokenReviewer(apiServer.kubeClient).review(aToken(), AUDIENCE)).toEqual({
      ok: false,
      reason,
    });
  });

  it('says unavailable, never refused, when the API server fails, hangs, rambles or may not be asked, and never tells the token', async () => {
    const told: string[] = [];
    const onFailure = (message: string): void => {
      told.push(message);
    };
    const forbidding = await anApiServer((spec, response) => {
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', code: 403, message: `forbidden: ${spec.token}` }));
    });
    const hanging = await anApiServer(() => undefined);
    const rambling = await anApiServer((spec, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ status: spec.token }));
    });
    const token = aToken({ sub: 'canary' });
    const results = await Promise.all(
      [forbidding.kubeClient, hanging.kubeClient, rambling.kubeClient, aKubeClient(1)].map((kubeClient) =>
        createTokenReviewer(kubeClient, { timeoutSeconds: 0.2, onFailure }).review(token, AUDIENCE),
      ),
    );
    expect(results).toEqual(results.map(() => ({ ok: false, reason: 'unavailable' })));
    expect(told).toHaveLength(4);
    expect(told.join('\n')).toContain('403');
    expect(told.join('\n')).not.toContain(token);
  });

  it('hangs up when the caller no longer waits', async () => {
    const apiServer = await anApiServer(() => undefined);
    const caller = new AbortController();
    const review = createTokenReviewer(apiServer.kubeClient).review(aToken(), AUDIENCE, caller.signal);
    await expect.poll(() => apiServer.requests).toBe(1);
    caller.abort();
    expect(await review).toEqual({ ok: false, reason: 'unavailable' });
    await expect.poll(() => apiServer.hangUps).toBe(1);
  });
});

/** A reviewer whose answers and clock the test holds. */
function aReviewer(): {
  reviewer: TokenReviewer;
  state: { answer: TokenReviewResult; asked: number; now: number; gate?: Promise<void> };
  cached: (options?: Parameters<typeof cachingTokenReviewer>[1]) => TokenReviewer;
} {
  const state: { answer: TokenReviewResult; asked: number; now: number; gate?: Promise<void> } = {
    answer: { ok: true, identity: IDENTITY },
    asked: 0,
    now: 0,
  };
  const reviewer: TokenReviewer = {
    review: async () => {
      state.asked += 1;
      await state.gate;
      return state.answer;
    },
  };
  const clock = {
    monotonicMilliseconds: (): number => state.now,
    epochSeconds: (): number => 1_000_000 + state.now / 1000,
  };
  return { reviewer, state, cached: (options) => cachingTokenReviewer(reviewer, { ...clock, ...options }) };
}

const settled = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('cachingTokenReviewer', () => {
  it('asks once for a token within its time, then again, so that a deleted pod is out after ten seconds', async () => {
    const { state, cached } = aReviewer();
    const tokens = cached();
    expect((await tokens.review(aToken(), AUDIENCE)).ok).toBe(true);
    state.now = 4_999;
    expect((await tokens.review(aToken(), AUDIENCE)).ok).toBe(true);
    expect(state.asked).toBe(1);
    state.answer = { ok: false, reason: 'notAuthenticated' };
    state.now = 10_000;
    expect(await tokens.review(aToken(), AUDIENCE)).toEqual({ ok: false, reason: 'notAuthenticated' });
  });

  it('renews a busy token in the background, and forgets it at once when that is refused', async () => {
    const { state, cached } = aReviewer();
    const tokens = cached();
    await tokens.review(aToken(), AUDIENCE);
    state.answer = { ok: false, reason: 'notAuthenticated' };
    state.now = 5_000;
    expect((await tokens.review(aToken(), AUDIENCE)).ok).toBe(true);
    await settled();
    expect(await tokens.review(aToken(), AUDIENCE)).toEqual({ ok: false, reason: 'notAuthenticated' });
  });

  it('makes one request of many concurrent reviews, and one caller who leaves takes nothing from the others', async () => {
    const { state, cached } = aReviewer();
    const open = Promise.withResolvers<void>();
    state.gate = open.promise;
    const tokens = cached();
    const leaver = new AbortController();
    const left = tokens.review(aToken(), AUDIENCE, leaver.signal);
    const stayed = Array.from({ length: 50 }, () => tokens.review(aToken(), AUDIENCE));
    leaver.abort();
    expect(await left).toEqual({ ok: false, reason: 'unavailable' });
    open.resolve();
    expect((await Promise.all(stayed)).every((result) => result.ok)).toBe(true);
    expect(state.asked).toBe(1);
  });

  it('remembers a refusal for two seconds only', async () => {
    const { state, cached } = aReviewer();
    state.answer = { ok: false, reason: 'notAuthenticated' };
    const tokens = cached();
    await tokens.review(aToken(), AUDIENCE);
    await tokens.review(aToken(), AUDIENCE);
    expect(state.asked).toBe(1);
    state.now = 2_000;
    state.answer = { ok: true, identity: IDENTITY };
    expect((await tokens.review(aToken(), AUDIENCE)).ok).toBe(true);
  });

  it('keeps a confirmed token good while the API server is down, up to ten minutes, without asking for each request', async () => {
    const { state, cached } = aReviewer();
    const tokens = cached();
    await tokens.review(aToken(), AUDIENCE);
    state.answer = { ok: false, reason: 'unavailable' };
    state.now = 300_000;
    expect((await tokens.review(aToken(), AUDIENCE)).ok).toBe(true);
    const asked = state.asked;
    for (let request = 0; request < 20; request += 1) await tokens.review(aToken(), AUDIENCE);
    expect(state.asked).toBe(asked);
    expect(await tokens.review(aToken({ sub: 'never seen' }), AUDIENCE)).toEqual({
      ok: false,
      reason: 'unavailable',
    });
    state.now = 600_000;
    expect(await tokens.review(aToken(), AUDIENCE)).toEqual({ ok: false, reason: 'unavailable' });
  });

  it('never trusts a token past its own expiry, cached or not, API server up or down', async () => {
    const { state, cached } = aReviewer();
    const tokens = cached();
    const token = aToken({ exp: 1_000_003 });
    expect((await tokens.review(token, AUDIENCE)).ok).toBe(true);
    state.answer = { ok: false, reason: 'unavailable' };
    state.now = 3_000;
    expect(await tokens.review(token, AUDIENCE)).toEqual({ ok: false, reason: 'expired' });
  });

  it.each([
    ['an empty token', '', 'malformed'],
    ['a provider key', 'sk-proj-0123456789', 'malformed'],
    ['a token of 20 KB', aToken({ sub: 'x'.repeat(20_000) }), 'malformed'],
    ['a token without expiry', aToken({ exp: undefined }), 'malformed'],
    ['claims that are no object', `a.${Buffer.from('7').toString('base64url')}.c`, 'malformed'],
    ['a token for another audience', aToken({ aud: ['kubernetes'] }), 'wrongAudience'],
    ['an expired token', aToken({ exp: 1 }), 'expired'],
  ])('refuses %s without asking the API server', async (_what, token, reason) => {
    const { state, cached } = aReviewer();
    expect(await cached().review(token, AUDIENCE)).toEqual({ ok: false, reason });
    expect(state.asked).toBe(0);
  });

  it('does not let a flood of refused tokens push out a good one, and asks for a bounded number at a time', async () => {
    const { state, cached } = aReviewer();
    const tokens = cached({ capacity: 100, concurrency: 8 });
    await tokens.review(aToken(), AUDIENCE);
    state.answer = { ok: false, reason: 'notAuthenticated' };
    for (let index = 0; index < 300; index += 1) await tokens.review(aToken({ sub: `${index}` }), AUDIENCE);
    const askedBefore = state.asked;
    expect((await tokens.review(aToken(), AUDIENCE)).ok).toBe(true);
    expect(state.asked).toBe(askedBefore);
    const gate = Promise.withResolvers<void>();
    state.gate = gate.promise;
    const flood = Array.from({ length: 50 }, (_, index) =>
      tokens.review(aToken({ sub: `at once ${index}` }), AUDIENCE),
    );
    await settled();
    expect(state.asked - askedBefore).toBe(8);
    gate.resolve();
    const reasons = (await Promise.all(flood)).map((result) => (result.ok ? '' : result.reason));
    expect(state.asked - askedBefore).toBe(24);
    expect(reasons.filter((reason) => reason === 'unavailable')).toHaveLength(26);
  });

  it('does not let the token of a deleted pod live on while many reviews are under way: it is reviewed beside them', async () => {
    const { reviewer, state } = aReviewer();
    const gone = aToken({ sub: 'deleted pod' });
    const hanging = Promise.withResolvers<TokenReviewResult>();
    const tokens = cachingTokenReviewer(
      {
        review: (token, audience) => (token === gone ? reviewer.review(token, audience) : hanging.promise),
      },
      { concurrency: 64, monotonicMilliseconds: () => state.now, epochSeconds: () => 0 },
    );
    expect((await tokens.review(gone, AUDIENCE)).ok).toBe(true);
    const flood = Array.from({ length: 500 }, (_, index) =>
      tokens.review(aToken({ sub: `${index}` }), AUDIENCE),
    );
    state.answer = { ok: false, reason: 'notAuthenticated' };
    state.now = 10_000;
    expect(await tokens.review(gone, AUDIENCE)).toEqual({ ok: false, reason: 'notAuthenticated' });
    hanging.resolve({ ok: false, reason: 'notAuthenticated' });
    await Promise.all(flood);
  });

  it('gives no grace for being busy: known tokens wait for their review, and past the bound they are not accepted', async () => {
    const { state, cached } = aReviewer();
    const tokens = cached({ concurrency: 2 });
    const known = Array.from({ length: 10 }, (_, index) => aToken({ sub: `${index}` }));
    for (const token of known) await tokens.review(token, AUDIENCE);
    const gate = Promise.withResolvers<void>();
    state.gate = gate.promise;
    state.answer = { ok: false, reason: 'notAuthenticated' };
    state.now = 10_000;
    const reviews = known.map((token) => tokens.review(token, AUDIENCE));
    await settled();
    gate.resolve();
    const reasons = (await Promise.all(reviews)).map((result) => (result.ok ? 'ok' : result.reason));
    expect(reasons).toEqual([
      ...Array.from({ length: 6 }, () => 'notAuthenticated'),
      ...Array.from({ length: 4 }, () => 'unavailable'),
    ]);
  });

  it('gives no grace for an API server that answers "too many requests": it is there, and may have revoked', async () => {
    const apiServer = await anApiServer((_spec, response) => {
      response.writeHead(429, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', code: 429 }));
    });
    const { reviewer, state } = aReviewer();
    let asked: TokenReviewer = reviewer;
    const tokens = cachingTokenReviewer(
      { review: (token, audience) => asked.review(token, audience) },
      { monotonicMilliseconds: () => state.now, epochSeconds: () => 0 },
    );
    expect((await tokens.review(aToken(), AUDIENCE)).ok).toBe(true);
    asked = createTokenReviewer(apiServer.kubeClient);
    state.now = 10_000;
    expect(await tokens.review(aToken(), AUDIENCE)).toMatchObject({ ok: false, reason: 'unavailable' });
  });

  it('keeps audiences apart', async () => {
    const { state, cached } = aReviewer();
    const tokens = cached();
    const token = aToken({ aud: [AUDIENCE, 'capataz-operator'] });
    await tokens.review(token, AUDIENCE);
    await tokens.review(token, 'capataz-operator');
    expect(state.asked).toBe(2);
  });
});
