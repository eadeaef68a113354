/** Retries, deadlines, key rotation, callers who leave, slow readers, slow writers and the end of the process. */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AGENT_TOKEN, type RouterUnderTest, startRouterUnderTest } from '#test/fakes/router-under-test.ts';
import {
  type ProviderScript,
  type ScriptedProvider,
  honestProvider,
  openAiAnswer,
  openAiChunk,
  openStream,
  sayJson,
  sayStream,
  startScriptedProvider,
} from '#test/fakes/scripted-provider.ts';

const HELLO = { model: 'auto', messages: [{ role: 'user', content: 'Hi' }] };

let router: RouterUnderTest;
const providers: ScriptedProvider[] = [];

beforeEach(async () => {
  router = await startRouterUnderTest();
});
afterEach(async () => {
  await router.close();
  await Promise.all(providers.splice(0).map((provider) => provider.close()));
});

async function aProvider(script: ProviderScript = honestProvider): Promise<ScriptedProvider> {
  const provider = await startScriptedProvider(script);
  providers.push(provider);
  return provider;
}

async function onlyModel(script: ProviderScript, spec: object = {}, key?: string): Promise<ScriptedProvider> {
  const provider = await aProvider(script);
  router.setModel('main', { endpoint: provider.url, ...spec }, key);
  router.setAgent({ allow: [{ model: 'main', weight: 1 }] });
  return provider;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function ask(body: object = HELLO, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${router.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${AGENT_TOKEN}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** A request whose socket the test holds. */
function open(body: object): ClientRequest {
  const text = JSON.stringify(body);
  const request = httpRequest(`${router.url}/chat/completions`, {
    method: 'POST',
    agent: false,
    headers: {
      authorization: `Bearer ${AGENT_TOKEN}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    },
  });
  request.on('error', () => undefined);
  request.end(text);
  return request;
}

const finished = (): Readonly<Record<string, unknown>>[] =>
  router.logLines().filter(({ msg }) => msg === 'request finished');

describe('a target that fails once', () => {
  it('is asked a second time when there is no other, and the caller sees nothing of it but the count', async () => {
    await onlyModel((call, response, number) =>
      number === 1 ? sayJson(response, 503, {}) : honestProvider(call, response, number),
    );
    const answer = await ask();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-capataz-attempts')).toBe('2');
    expect(await router.metrics()).toContain('capataz_failovers_total{namespace="shop",agent="triage"} 1');
  });

  it('is given the time that it asks for when the deadline allows it', async () => {
    const times: number[] = [];
    await onlyModel((call, response, number) => {
      times.push(performance.now());
      if (number === 1) sayJson(response, 429, {}, { 'retry-after-ms': '300' });
      else void honestProvider(call, response, number);
    });
    expect((await ask()).status).toBe(200);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(290);
  });

  it('is not waited for past the deadline, and the caller is told when to come again', async () => {
    const provider = await onlyModel((_call, response) => sayJson(response, 429, {}, { 'retry-after': '7' }));
    const answer = await ask(HELLO, { 'x-capataz-deadline-ms': '2000' });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(7);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(11);
    expect(Number(answer.headers.get('retry-after-ms'))).toBeGreaterThanOrEqual(7_000);
    expect(provider.calls).toHaveLength(1);
  });

  it.each([['1000000000'], ['9'.repeat(400)], ['1e999']])(
    'is believed when it says %s, but nobody is told to wait for longer than a day or two',
    async (value) => {
      await onlyModel((_call, response) => sayJson(response, 429, {}, { 'retry-after': value }));
      const { headers, status } = await ask();
      expect(status).toBe(429);
      const seconds = headers.get('retry-after');
      expect(seconds === null || (Number(seconds) > 0 && Number(seconds) <= 2 * 86_400)).toBe(true);
    },
  );

  it('is not asked by later requests when there is no other: they are told at once when to come again', async () => {
    const provider = await onlyModel((_call, response) =>
      sayJson(response, 429, {}, { 'retry-after': '40' }),
    );
    await ask();
    const answer = await ask();
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(30);
    expect(provider.calls).toHaveLength(1);
  });

  it('is left alone by later requests until its time has come', async () => {
    const provider = await onlyModel((_call, response) =>
      sayJson(response, 429, {}, { 'retry-after': '60' }),
    );
    await ask();
    const spare = await aProvider();
    router.setModel('spare', { endpoint: spare.url });
    router.setAgent({
      allow: [
        { model: 'main', weight: 1000 },
        { model: 'spare', weight: 1 },
      ],
    });
    for (let index = 0; index < 5; index += 1)
      expect((await ask()).headers.get('x-capataz-model')).toBe('spare');
    expect(provider.calls).toHaveLength(1);
  });
});

describe('a target that goes on failing', () => {
  it('is asked no more once its breaker is open, and takes part again when it has recovered', async () => {
    const [broken, spare] = await Promise.all([
      aProvider((_call, response) => sayJson(response, 500, {})),
      aProvider(),
    ]);
    router.setModel('broken', { endpoint: broken.url });
    router.setModel('spare', { endpoint: spare.url });
    router.setAgent({
      allow: [
        { model: 'broken', weight: 1 },
        { model: 'spare', weight: 0 },
      ],
    });
    for (let index = 0; index < 12; index += 1) expect((await ask()).status).toBe(200);
    expect(broken.calls.length).toBe(5);
    expect(await router.metrics()).toContain(
      'capataz_breaker_state{namespace="shop",model="broken",state="open"} 1',
    );
    broken.script = honestProvider;
    await expect
      .poll(async () => (await ask()).headers.get('x-capataz-model'), { timeout: 5_000, interval: 100 })
      .toBe('broken');
  });

  it('is asked all the same when nobody else is left, so that its recovery is found at once', async () => {
    const provider = await onlyModel((_call, response) => sayJson(response, 500, {}));
    for (let index = 0; index < 4; index += 1) expect((await ask()).status).toBe(503);
    provider.script = honestProvider;
    expect((await ask()).status).toBe(200);
  });

  it('gets at most a fifth more requests by retries', async () => {
    const provider = await onlyModel((_call, response) => sayJson(response, 500, {}));
    router.setAgent({ allow: [{ model: 'main', weight: 1 }] });
    const requests = 100;
    for (let index = 0; index < requests; index += 1) await ask();
    // Ten retries are in the bucket at the start, and each request adds a fifth of one.
    expect(provider.calls.length).toBeLessThanOrEqual(requests + 10 + requests / 5);
  });
});

describe('the deadline', () => {
  it('ends a slow answer with a typed error, hangs up on the provider and is not held against it', async () => {
    const provider = await onlyModel(() => undefined);
    for (let index = 0; index < 6; index += 1) {
      const answer = await ask(HELLO, { 'x-capataz-deadline-ms': '100' });
      expect(answer.status).toBe(504);
      expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'deadline_exceeded' } });
    }
    await Promise.all(provider.calls.map(({ hungUpAt }) => hungUpAt));
    expect(await router.metrics()).toContain(
      'capataz_breaker_state{namespace="shop",model="main",state="closed"} 1',
    );
  });

  it.each([false, true])(
    'of a caller who set none is no excuse for a model that never answers (stream: %s)',
    async (stream) => {
      const provider = await onlyModel(() => undefined, {
        timeouts: { firstByteSeconds: 0.05, totalSeconds: 0.05 },
      });
      for (let index = 0; index < 5; index += 1) {
        const answer = await ask({ ...HELLO, stream });
        expect(answer.status).toBe(504);
        expect(JSON.parse(answer.text)).toMatchObject({
          error: { code: 'timed_out', message: expect.stringMatching(/ 0\.05 s\.$/) as string },
        });
      }
      expect(provider.calls).toHaveLength(5);
      expect(await router.metrics()).toContain(
        'capataz_breaker_state{namespace="shop",model="main",state="open"} 1',
      );
    },
  );

  it('that is not given holds for no attempt, also not for a second one', async () => {
    const provider = await onlyModel(
      (_call, response, number) => (number === 1 ? sayJson(response, 503, {}) : undefined),
      { timeouts: { totalSeconds: 0.3 } },
    );
    expect(JSON.parse((await ask()).text)).toMatchObject({ error: { code: 'timed_out' } });
    expect(provider.calls).toHaveLength(2);
  });

  it('bounds all attempts together', async () => {
    const [slow, slower] = await Promise.all([aProvider(() => undefined), aProvider(() => undefined)]);
    router.setModel('slow', { endpoint: slow.url, timeouts: { firstByteSeconds: 0.2 } });
    router.setModel('slower', { endpoint: slower.url, timeouts: { firstByteSeconds: 60 } });
    router.setAgent({
      allow: [
        { model: 'slow', weight: 1 },
        { model: 'slower', weight: 0 },
      ],
    });
    const startedAt = performance.now();
    expect((await ask({ ...HELLO, stream: true }, { 'x-capataz-deadline-ms': '500' })).status).toBe(504);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(slower.calls).toHaveLength(1);
  });
});

describe('a key that changes', () => {
  const onlyKey =
    (key: () => string): ProviderScript =>
    (call, response, number) =>
      call.headers.authorization === `Bearer ${key()}`
        ? honestProvider(call, response, number)
        : sayJson(response, 401, { error: { message: 'Incorrect API key provided' } });

  it('fails no request when the provider drops the old key before the watch has brought the new one', async () => {
    let valid = 'old-key';
    await onlyModel(
      onlyKey(() => valid),
      {},
      'old-key',
    );
    expect((await ask()).status).toBe(200);
    valid = 'new-key';
    router.secretKeyNow = 'new-key';
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => ask({ ...HELLO, stream: index % 2 === 0 })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });

  it('is not used again while it is refused, and is used at once when the Secret has changed', async () => {
    const provider = await onlyModel(
      onlyKey(() => 'good-key'),
      {},
      'bad-key',
    );
    expect((await ask()).status).toBe(503);
    const refused = await ask();
    expect(refused.status).toBe(503);
    expect(refused.text).toContain('put a good key into its Secret');
    expect(provider.calls).toHaveLength(1);
    router.setModel('main', { endpoint: provider.url }, 'good-key');
    expect((await ask()).status).toBe(200);
  });

  it('rests for its own endpoint and namespace only', async () => {
    const [refusing, other] = await Promise.all([
      aProvider((_call, response) => sayJson(response, 401, {})),
      aProvider(),
    ]);
    router.setModel('refusing', { endpoint: refusing.url }, 'same-key');
    router.setModel('other', { endpoint: other.url }, 'same-key');
    router.setAgent({
      allow: [
        { model: 'refusing', weight: 1 },
        { model: 'other', weight: 0 },
      ],
    });
    expect((await ask()).headers.get('x-capataz-model')).toBe('other');
    expect((await ask()).headers.get('x-capataz-decision')).toBe('order=other rejected=refusing:keyRefused');
  });
});

describe('a caller who leaves', () => {
  it('before the answer: the provider is hung up on within a second, the request is charged once by estimate', async () => {
    const provider = await onlyModel(() => undefined);
    const request = open(HELLO);
    await expect.poll(() => provider.calls.length).toBe(1);
    const leftAt = performance.now();
    request.destroy();
    expect((await provider.calls[0]?.hungUpAt) ?? Infinity).toBeLessThan(leftAt + 1_000);
    await expect.poll(finished).toMatchObject([{ outcome: 'cancelled', usageSource: 'estimated' }]);
    expect(await router.metrics()).toContain(
      'capataz_estimated_usage_total{namespace="shop",agent="triage",model="main"} 1',
    );
  });

  it('inside a stream: the same, and what was passed on is charged', async () => {
    const provider = await onlyModel((_call, response) => {
      openStream(response);
      const timer = setInterval(() => response.write(openAiChunk({ content: 'word '.repeat(10) })), 5);
      response.on('close', () => clearInterval(timer));
    });
    const request = open({ ...HELLO, stream: true });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await once(response, 'data');
    const leftAt = performance.now();
    request.destroy();
    expect((await provider.calls[0]?.hungUpAt) ?? Infinity).toBeLessThan(leftAt + 1_000);
    await expect.poll(finished).toMatchObject([{ outcome: 'cancelled', usageSource: 'estimated' }]);
    const [line] = finished();
    expect(line).toMatchObject({ usage: { outputTokens: expect.toSatisfy((count: number) => count > 10) } });
  });

  it('never counts as a failure of the model', async () => {
    const provider = await onlyModel(() => undefined);
    for (let index = 1; index <= 8; index += 1) {
      const request = open(HELLO);
      await expect.poll(() => provider.calls.length).toBe(index);
      request.destroy();
      await provider.calls[index - 1]?.hungUpAt;
    }
    await expect.poll(() => finished().length).toBe(8);
    expect(await router.metrics()).toContain(
      'capataz_breaker_state{namespace="shop",model="main",state="closed"} 1',
    );
  });

  it('while it waits for a retry: nobody is asked any more', async () => {
    const provider = await onlyModel((_call, response) => sayJson(response, 429, {}, { 'retry-after': '2' }));
    const request = open(HELLO);
    await expect.poll(() => provider.calls.length).toBe(1);
    await sleep(50);
    request.destroy();
    await expect.poll(finished).toMatchObject([{ outcome: 'cancelled' }]);
    expect(provider.calls).toHaveLength(1);
  });
});

describe('a slow reader', () => {
  it('slows the provider down instead of filling the memory, and gets every byte', async () => {
    const chunk = openAiChunk({ content: 'x'.repeat(10_000) });
    const chunks = 3_000;
    let written = 0;
    await onlyModel((_call, response) => {
      openStream(response);
      const pump = (): void => {
        while (written < chunks) {
          written += 1;
          if (!response.write(chunk)) {
            response.once('drain', pump);
            return;
          }
        }
        response.end(`${openAiChunk({}, 'stop')}data: [DONE]\n\n`);
      };
      pump();
    });
    const request = open({ ...HELLO, stream: true });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await sleep(500);
    // 30 MB are to come; what lies in the sockets of both sides and in our buffers is far less.
    expect(written).toBeLessThan(chunks * 0.7);
    let bytes = 0;
    let end = '';
    for await (const piece of response) {
      bytes += (piece as Buffer).length;
      end = (end + (piece as Buffer).toString('latin1')).slice(-20);
    }
    expect(bytes).toBeGreaterThan(chunks * 10_000);
    expect(end).toContain('[DONE]');
  });

  it('who reads nothing at all is given up, and the provider with him', async () => {
    const provider = await onlyModel(
      (_call, response) => {
        openStream(response);
        const timer = setInterval(() => response.write(openAiChunk({ content: 'x'.repeat(500_000) })), 2);
        response.on('close', () => clearInterval(timer));
      },
      { timeouts: { idleSeconds: 0.4, totalSeconds: 15 } },
    );
    const request = open({ ...HELLO, stream: true });
    await once(request, 'response');
    await provider.calls[0]?.hungUpAt;
    await expect.poll(finished).toMatchObject([{ outcome: 'cancelled' }]);
    request.destroy();
  });
});

describe('a slow writer', () => {
  it.each([
    ['headers', `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n`],
    [
      'a body',
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${AGENT_TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{`,
    ],
  ])('of %s is closed when its time is over, while others are served', async (_what, beginning) => {
    await router.close();
    router = await startRouterUnderTest({
      httpLimits: { headersMilliseconds: 300, requestMilliseconds: 600, checkMilliseconds: 100 },
    });
    await onlyModel(honestProvider);
    const socket = connect(router.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(beginning);
    const closed = once(socket, 'close');
    expect((await ask()).status).toBe(200);
    await closed;
    expect(providers[0]?.calls).toHaveLength(1);
  });
});

describe('the end of the process', () => {
  it('ends what is still under way with an error that says so, never with a silent cut', async () => {
    await onlyModel((_call, response) => {
      openStream(response);
      response.write(openAiChunk({ content: 'Hel' }));
    });
    const streaming = ask({ ...HELLO, stream: true });
    await expect.poll(() => providers[0]?.calls.length).toBe(1);
    await sleep(100);
    const waiting = aProvider(() => undefined).then(async (silent) => {
      router.setModel('silent', { endpoint: silent.url });
      router.setAgent({ allow: [{ model: 'silent', weight: 1 }] });
      const answer = ask();
      await expect.poll(() => silent.calls.length).toBe(1);
      router.shutdown();
      return await answer;
    });
    const [cut, refused] = [await streaming, await waiting];
    expect(cut.text).toContain('"content":"Hel"');
    expect(cut.text).toContain('shutting_down');
    expect(cut.text).not.toContain('[DONE]');
    expect(refused.status).toBe(503);
    expect(refused.text).toContain('shutting_down');
  });
});

describe('many at once', () => {
  it('100 streams and 100 whole answers are each their own', async () => {
    await onlyModel((call, response) => {
      const { messages, stream } = call.body as { messages: { content: string }[]; stream?: boolean };
      const word = messages[0]?.content ?? '';
      if (stream === true) sayStream(response, [word, word]);
      else sayJson(response, 200, openAiAnswer(word));
    });
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const content = `word-${index}`;
        const stream = index % 2 === 0;
        const { text } = await ask({ model: 'auto', messages: [{ role: 'user', content }], stream });
        return text.split(`"content":"${content}"`).length - 1 === (stream ? 2 : 1);
      }),
    );
    expect(answers.every(Boolean)).toBe(true);
    expect(finished()).toHaveLength(200);
    expect(new Set(finished().map(({ requestId }) => requestId)).size).toBe(200);
  });
});
