/**
 * Every way in which a provider can fail, each with and without another target, as JSON and as a stream. The laws:
 * no error for the caller while a healthy target is left and no byte was sent; no cut answer that looks whole; each
 * request charged once; and neither the provider's key nor the prompt in any log, metric, error or header.
 */
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AttemptFact } from '#domain/facts/attempt-fact.ts';
import {
  AGENT_TOKEN,
  type GivenModelSpec,
  type RouterUnderTest,
  startRouterUnderTest,
} from '#test/fakes/router-under-test.ts';
import {
  DONE,
  type ProviderScript,
  type ScriptedProvider,
  honestProvider,
  openAiAnswer,
  openAiChunk,
  openAiUsageChunk,
  openStream,
  sayJson,
  sse,
  startScriptedProvider,
} from '#test/fakes/scripted-provider.ts';

/** Shaped like no known key, so that nothing finds it by its looks. */
const KEY = 'canary.key.of.the.provider';
const PROMPT = 'canary prompt of the agent';
const HELLO = { model: 'auto', messages: [{ role: 'user', content: PROMPT }] };
const SHORT = { firstByteSeconds: 0.5, idleSeconds: 0.5, totalSeconds: 1, connectSeconds: 1 };

let router: RouterUnderTest;
const providers: ScriptedProvider[] = [];
const extras: (() => Promise<void>)[] = [];

beforeEach(async () => {
  router = await startRouterUnderTest();
});
afterEach(async () => {
  await router.close();
  await Promise.all(
    [...providers.splice(0), ...extras.splice(0).map((close) => ({ close }))].map(({ close }) => close()),
  );
});

async function aProvider(script: ProviderScript = honestProvider): Promise<ScriptedProvider> {
  const provider = await startScriptedProvider(script);
  providers.push(provider);
  return provider;
}

interface Seen {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
  readonly errorCode: string | undefined;
}

async function ask(body: object = HELLO, headers: Record<string, string> = {}): Promise<Seen> {
  const response = await fetch(`${router.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${AGENT_TOKEN}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const error = /"error":\{.*?"code":"([a-z_]+)"/.exec(text)?.[1];
  return { status: response.status, headers: Object.fromEntries(response.headers), text, errorCode: error };
}

async function expectNoCanary(seen: Seen): Promise<void> {
  const told = [JSON.stringify(seen.headers), router.logs(), await router.metrics()].join('\n');
  expect(told).not.toContain(KEY);
  expect(told).not.toContain(PROMPT);
  expect(seen.text).not.toContain(KEY);
}

/** Dollars at $1 and $2 a million for the 10 + 5 tokens of an honest answer. */
const COST_OF_ONE_ANSWER = 20_000;

async function totalCost(): Promise<number> {
  const matches = (await router.metrics()).matchAll(/^capataz_cost_nano_usd_total\{[^}]*\} (\d+)$/gm);
  return matches.reduce((sum, match) => sum + Number(match[1]), 0);
}

const echo = (call: { headers: object; body: object }): object => ({
  error: {
    message: `You sent ${JSON.stringify(call.headers)} ${JSON.stringify(call.body)}`,
    type: 'unknown_error',
  },
});
const status =
  (code: number, headers: object = {}): ProviderScript =>
  (call, response) =>
    sayJson(response, code, echo(call), headers);

/** By these the provider says that it did no work. */
const REFUSALS = new Set(['rate_limited', 'overloaded', 'unavailable', 'key_refused', 'model_not_found']);

function attemptsOf(model: string): readonly AttemptFact[] {
  return router.facts.filter((fact) => fact.kind === 'attempt').filter((fact) => fact.model.name === model);
}

/** Each call at the provider is one fact and one line in the books, whatever became of it. */
async function expectBooksToTellOf(faulty: ScriptedProvider, { alone, told }: Fault): Promise<void> {
  const attempts = attemptsOf('faulty');
  expect(attempts).toHaveLength(faulty.calls.length);
  const source = told === undefined ? (REFUSALS.has(alone.code) ? 'none' : 'estimated') : 'reported';
  for (const attempt of attempts) {
    const usage = told === undefined ? {} : { usage: told };
    expect(attempt).toMatchObject({ failureCode: alone.code, usageSource: source, ...usage });
    expect(attempt.costNanoUsd === 0).toBe(source === 'none');
  }
  const all = router.facts.filter((fact) => fact.kind === 'attempt');
  expect(await totalCost()).toBe(all.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0));
  const requests = router.facts.filter((fact) => fact.kind === 'request');
  expect(requests).toMatchObject([{ costNanoUsd: await totalCost(), attempts: all.length }]);
}

interface Fault {
  readonly name: string;
  readonly script: ProviderScript;
  /** What the caller is told when there is no other target. */
  readonly alone: { readonly status: number; readonly code: string };
  readonly only?: 'json' | 'stream';
  /** Usage that the provider tells all the same. */
  readonly told?: object;
  readonly spec?: GivenModelSpec;
}

const LIMITED = { status: 429, code: 'rate_limited' };
const UNAVAILABLE = { status: 503, code: 'unavailable' };
const CUT = { status: 502, code: 'answer_cut' };
const OVERLOADED = { status: 503, code: 'overloaded' };
const MALFORMED = { status: 502, code: 'answer_malformed' };
const UNREACHABLE = { status: 502, code: 'unreachable' };
const TIMEOUT = { status: 504, code: 'timed_out' };
const KEY_REFUSED = { status: 503, code: 'key_refused' };

const body =
  (
    text: string | Buffer,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ): ProviderScript =>
  (_call, response) => {
    response.writeHead(200, headers).end(text);
  };
const raw =
  (text: string): ProviderScript =>
  (_call, response) => {
    response.socket?.end(text);
  };
const stream =
  (...events: readonly string[]): ProviderScript =>
  (_call, response) => {
    openStream(response);
    response.end(events.join(''));
  };
const ROLE = openAiChunk({ role: 'assistant', content: '' });
const ANTHROPIC: GivenModelSpec = { provider: 'Anthropic', model: 'claude-test' };
const GEMINI: GivenModelSpec = { provider: 'Gemini', model: 'gemini-test' };
const MESSAGE_START = sse(
  {
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-test',
      content: [],
      usage: { input_tokens: 9, output_tokens: 1 },
    },
  },
  'message_start',
);

const FAULTS_BEFORE_THE_FIRST_BYTE: readonly Fault[] = [
  { name: '429 without Retry-After', script: status(429), alone: LIMITED },
  { name: '429 with Retry-After of an hour', script: status(429, { 'retry-after': '3600' }), alone: LIMITED },
  { name: '429 with retry-after-ms', script: status(429, { 'retry-after-ms': '20' }), alone: LIMITED },
  {
    name: '429 with a date',
    script: status(429, {
      date: 'Mon, 01 Jan 2029 00:00:00 GMT',
      'retry-after': 'Mon, 01 Jan 2029 01:00:00 GMT',
    }),
    alone: LIMITED,
  },
  { name: '429 with rubbish in Retry-After', script: status(429, { 'retry-after': 'soon' }), alone: LIMITED },
  { name: '402, an empty account', script: status(402), alone: LIMITED },
  { name: '500', script: status(500), alone: UNAVAILABLE },
  {
    name: '500 with a page of HTML',
    script: (_call, response) => void response.writeHead(500).end('<h1>Oops</h1>'),
    alone: UNAVAILABLE,
  },
  {
    name: '500 without a body',
    script: (_call, response) => void response.writeHead(500).end(),
    alone: UNAVAILABLE,
  },
  { name: '502', script: status(502), alone: UNAVAILABLE },
  { name: '503', script: status(503), alone: UNAVAILABLE },
  { name: '504', script: status(504), alone: UNAVAILABLE },
  { name: '529, overloaded', script: status(529), alone: OVERLOADED },
  { name: '408', script: status(408), alone: UNAVAILABLE },
  { name: '401', script: status(401), alone: KEY_REFUSED },
  { name: '403', script: status(403), alone: KEY_REFUSED },
  {
    name: '404, an unknown model',
    script: status(404),
    alone: { status: 404, code: 'model_not_found' },
  },
  { name: '302 to somewhere', script: status(302, { location: 'http://127.0.0.1:1/' }), alone: UNAVAILABLE },
  { name: '307 to somewhere', script: status(307, { location: 'http://127.0.0.1:1/' }), alone: UNAVAILABLE },
  {
    name: 'a reset before the head',
    script: (_call, response) => void response.socket?.resetAndDestroy(),
    alone: UNREACHABLE,
  },
  {
    name: 'a close before the head',
    script: (_call, response) => void response.socket?.end(),
    alone: UNREACHABLE,
  },
  {
    name: 'a reset after the head',
    script: (_call, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    },
    alone: CUT,
  },
  { name: 'rubbish instead of HTTP', script: raw(`SSH-2.0-${KEY}\r\n\r\n`), alone: MALFORMED },
  {
    name: 'HTTP with a bad length',
    script: raw('HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n'),
    alone: MALFORMED,
  },
  {
    name: 'headers of 40 KB',
    script: raw(`HTTP/1.1 200 OK\r\nx-big: ${'x'.repeat(40_000)}\r\n\r\n`),
    alone: MALFORMED,
  },
  { name: 'silence', script: () => undefined, alone: TIMEOUT },
  {
    name: 'a head, then silence',
    script: (_call, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    },
    alone: TIMEOUT,
  },
  {
    name: 'headers that never end',
    script: (_call, response) => void response.socket?.write('HTTP/1.1 200 OK\r\nx-a: b\r\n'),
    alone: TIMEOUT,
  },
  { name: '204', script: (_call, response) => void response.writeHead(204).end(), alone: MALFORMED },
  { name: '200 without a body', script: body(''), alone: MALFORMED },
  {
    name: '200 with HTML',
    script: body('<html>login</html>', { 'content-type': 'text/html' }),
    alone: MALFORMED,
  },
  {
    name: '200 with gzip nobody asked for',
    script: body(gzipSync(JSON.stringify(openAiAnswer())), { 'content-encoding': 'gzip' }),
    alone: MALFORMED,
  },
  {
    name: '200 with half a JSON',
    script: body(JSON.stringify(openAiAnswer()).slice(0, 60)),
    alone: MALFORMED,
    only: 'json',
  },
  { name: '200 with an empty object', script: body('{}'), alone: MALFORMED },
  {
    name: '200 with choices of null',
    script: body(JSON.stringify({ ...openAiAnswer(), choices: null })),
    alone: MALFORMED,
    only: 'json',
    told: { inputTokens: 10, outputTokens: 5 },
  },
  { name: '200 with a list', script: body('[1,2]'), alone: MALFORMED },
  {
    name: '200 with an error inside',
    script: body(JSON.stringify({ error: { message: KEY } })),
    alone: UNAVAILABLE,
    only: 'json',
  },
  {
    name: 'a body shorter than its length',
    script: (_call, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '9999' });
      response.write('{"id":"x"');
      setTimeout(() => response.socket?.end(), 20);
    },
    alone: CUT,
  },
  {
    name: 'a body that stalls',
    script: (_call, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":'),
    alone: TIMEOUT,
  },
  { name: 'a stream that ends at once', script: stream(), alone: MALFORMED, only: 'stream' },
  { name: 'a stream of [DONE] alone', script: stream(DONE), alone: MALFORMED, only: 'stream' },
  {
    name: 'a stream of comments alone',
    script: stream(': ping\n\n', ': ping\n\n'),
    alone: MALFORMED,
    only: 'stream',
  },
  { name: 'a role, then the end of the body', script: stream(ROLE), alone: CUT, only: 'stream' },
  {
    name: 'a role, then an error',
    script: stream(ROLE, sse(echo({ headers: {}, body: { KEY } }))),
    alone: UNAVAILABLE,
    only: 'stream',
  },
  { name: 'an event of rubbish', script: stream('data: {not json\n\n'), alone: MALFORMED, only: 'stream' },
  {
    name: 'a whole answer instead of a stream',
    script: (_call, response) => sayJson(response, 200, openAiAnswer()),
    alone: MALFORMED,
    only: 'stream',
  },
  {
    name: 'a role, then a reset',
    script: (_call, response) => {
      openStream(response);
      response.write(ROLE);
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    },
    alone: CUT,
    only: 'stream',
  },
  {
    name: 'a role, then silence',
    script: (_call, response) => (openStream(response), void response.write(ROLE)),
    alone: TIMEOUT,
    only: 'stream',
  },
  {
    name: "Anthropic's overloaded inside the stream",
    script: stream(
      MESSAGE_START,
      sse({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'error'),
    ),
    alone: OVERLOADED,
    only: 'stream',
    told: { inputTokens: 9, outputTokens: 1 },
    spec: ANTHROPIC,
  },
  {
    name: "Anthropic's 529",
    script: (_call, response) =>
      sayJson(response, 529, { type: 'error', error: { type: 'overloaded_error', message: KEY } }),
    alone: OVERLOADED,
    spec: ANTHROPIC,
  },
  {
    name: "Gemini's 503",
    script: (_call, response) =>
      sayJson(response, 503, {
        error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' },
      }),
    alone: OVERLOADED,
    spec: GEMINI,
  },
];

const CASES = FAULTS_BEFORE_THE_FIRST_BYTE.flatMap((fault) =>
  (['json', 'stream'] as const)
    .filter((mode) => (fault.only ?? mode) === mode)
    .map((mode) => Object.assign({ mode }, fault)),
);

describe('a fault before the first byte', () => {
  it.each(CASES)('$name ($mode): the caller gets the whole answer of the other target', async (fault) => {
    const { script, mode, spec } = fault;
    const [faulty, healthy] = await Promise.all([aProvider(script), aProvider()]);
    router.setModel('faulty', { endpoint: faulty.url, timeouts: SHORT, ...spec }, KEY);
    router.setModel('healthy', { endpoint: healthy.url, timeouts: SHORT }, KEY);
    router.setAgent({
      allow: [
        { model: 'faulty', weight: 1 },
        { model: 'healthy', weight: 0 },
      ],
    });
    const seen = await ask({ ...HELLO, stream: mode === 'stream' });
    expect(seen.status).toBe(200);
    expect(seen.headers['x-capataz-model']).toBe('healthy');
    expect(Number(seen.headers['x-capataz-attempts'])).toBeGreaterThan(1);
    expect(seen.text).toMatch(mode === 'stream' ? /data: \[DONE\]\n\n$/ : /"content":"Hello.".*\}$/);
    expect(seen.errorCode).toBeUndefined();
    expect(attemptsOf('healthy')).toMatchObject([{ outcome: 'answered', costNanoUsd: COST_OF_ONE_ANSWER }]);
    await expectBooksToTellOf(faulty, fault);
    await expectNoCanary(seen);
  });

  it.each(CASES)(
    '$name ($mode): alone, it is told as $alone.status $alone.code, after at most two attempts',
    async (fault) => {
      const { script, mode, alone, spec } = fault;
      const faulty = await aProvider(script);
      router.setModel('faulty', { endpoint: faulty.url, timeouts: SHORT, ...spec }, KEY);
      router.setAgent({ allow: [{ model: 'faulty', weight: 1 }] });
      const seen = await ask({ ...HELLO, stream: mode === 'stream' }, { 'x-capataz-deadline-ms': '4000' });
      expect({ status: seen.status, code: seen.errorCode }).toEqual(alone);
      expect(faulty.calls.length).toBeLessThanOrEqual(2);
      await expectBooksToTellOf(faulty, fault);
      await expectNoCanary(seen);
    },
  );

  it.each([
    ['a port where nobody listens', 'http://127.0.0.1:1/v1', UNREACHABLE],
    ['a name that does not exist', 'http://no-such-host.invalid/v1', UNREACHABLE],
    ['an address of the metadata service', 'http://169.254.169.254/v1', UNREACHABLE],
    ['the same as a number', 'http://2852039166/v1', UNREACHABLE],
    ['the same in IPv6 clothes', 'http://[::ffff:169.254.169.254]/v1', UNREACHABLE],
  ])('%s: another target answers, and alone it is told', async (_what, endpoint, alone) => {
    const healthy = await aProvider();
    router.setModel('faulty', { endpoint, timeouts: SHORT }, KEY);
    router.setModel('healthy', { endpoint: healthy.url });
    router.setAgent({
      allow: [
        { model: 'faulty', weight: 1 },
        { model: 'healthy', weight: 0 },
      ],
    });
    expect((await ask()).status).toBe(200);
    const seen = await ask({ ...HELLO, model: 'faulty' });
    expect({ status: seen.status, code: seen.errorCode }).toEqual(alone);
    await expectNoCanary(seen);
  });

  it('TLS where there is none: another target answers, and alone it is told', async () => {
    const [plain, healthy] = await Promise.all([aProvider(), aProvider()]);
    router.setModel('faulty', { endpoint: plain.url.replace('http:', 'https:'), timeouts: SHORT }, KEY);
    router.setModel('healthy', { endpoint: healthy.url });
    router.setAgent({
      allow: [
        { model: 'faulty', weight: 1 },
        { model: 'healthy', weight: 0 },
      ],
    });
    expect((await ask()).status).toBe(200);
    const seen = await ask({ ...HELLO, model: 'faulty' });
    expect({ status: seen.status, code: seen.errorCode }).toEqual(UNREACHABLE);
    await expectNoCanary(seen);
  });

  it('a connection that is never accepted: another target answers', async () => {
    // A listener with a full backlog: the kernel takes the connection, nobody reads from it.
    const deaf = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    extras.push(async () => void deaf.close());
    const address = deaf.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const healthy = await aProvider();
    router.setModel('faulty', { endpoint: `http://127.0.0.1:${port}/v1`, timeouts: SHORT });
    router.setModel('healthy', { endpoint: healthy.url });
    router.setAgent({
      allow: [
        { model: 'faulty', weight: 1 },
        { model: 'healthy', weight: 0 },
      ],
    });
    const seen = await ask();
    expect(seen.headers['x-capataz-model']).toBe('healthy');
  });
});

const CONTENT = openAiChunk({ content: 'Hel' });

const FAULTS_INSIDE_A_STREAM: readonly {
  name: string;
  script: ProviderScript;
  code: string;
  spec?: GivenModelSpec;
}[] = [
  {
    name: 'a reset',
    script: (_call, response) => {
      openStream(response);
      response.write(ROLE + CONTENT);
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    },
    code: 'answer_cut',
  },
  {
    name: 'the end of the body without [DONE]',
    script: stream(ROLE, CONTENT),
    code: 'answer_cut',
  },
  {
    name: 'usage without [DONE]',
    script: stream(ROLE, CONTENT, openAiUsageChunk()),
    code: 'answer_cut',
  },
  {
    name: 'an error in the band',
    script: stream(ROLE, CONTENT, sse(echo({ headers: {}, body: { KEY } })), DONE),
    code: 'unavailable',
  },
  {
    name: 'an event called error',
    script: stream(ROLE, CONTENT, sse({ message: KEY }, 'error'), DONE),
    code: 'unavailable',
  },
  {
    name: 'rubbish',
    script: stream(ROLE, CONTENT, 'data: %%%\n\n', DONE),
    code: 'answer_malformed',
  },
  {
    name: 'half a chunk',
    script: stream(ROLE, CONTENT, 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"lo\n\n', DONE),
    code: 'answer_malformed',
  },
  {
    name: 'a chunk of the wrong shape',
    script: stream(ROLE, CONTENT, sse({ choices: 'none' }), DONE),
    code: 'answer_malformed',
  },
  {
    name: 'silence',
    script: (_call, response) => (openStream(response), void response.write(ROLE + CONTENT)),
    code: 'timed_out',
  },
  {
    name: 'an answer without end',
    script: (_call, response) => {
      openStream(response);
      const timer = setInterval(() => response.write(CONTENT), 20);
      response.on('close', () => clearInterval(timer));
    },
    code: 'timed_out',
    spec: { timeouts: { ...SHORT, totalSeconds: 0.4 } },
  },
  {
    name: 'an event without end',
    script: (_call, response) => {
      openStream(response);
      response.write(`${ROLE}${CONTENT}data: ${'x'.repeat(5_000_000)}`);
    },
    code: 'answer_malformed',
  },
  {
    name: 'a cut inside the chunked encoding',
    script: (_call, response) => {
      openStream(response);
      response.write(ROLE + CONTENT);
      setTimeout(() => response.socket?.end('ffff\r\nda'), 20);
    },
    code: 'answer_cut',
  },
  {
    name: "Anthropic's error event",
    script: stream(
      MESSAGE_START,
      sse(
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        'content_block_start',
      ),
      sse(
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
        'content_block_delta',
      ),
      sse({ type: 'error', error: { type: 'overloaded_error', message: KEY } }, 'error'),
    ),
    code: 'overloaded',
    spec: ANTHROPIC,
  },
  {
    name: "Anthropic's stream without message_stop",
    script: stream(
      MESSAGE_START,
      sse(
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        'content_block_start',
      ),
      sse(
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
        'content_block_delta',
      ),
    ),
    code: 'answer_cut',
    spec: ANTHROPIC,
  },
  {
    name: "Gemini's stream without a finish reason",
    script: stream(
      sse({
        candidates: [{ content: { role: 'model', parts: [{ text: 'Hel' }] }, index: 0 }],
        usageMetadata: { promptTokenCount: 9 },
      }),
    ),
    code: 'answer_cut',
    spec: GEMINI,
  },
];

describe('a fault inside a stream', () => {
  it.each(FAULTS_INSIDE_A_STREAM)(
    '$name: what came is passed on, then an error event and no [DONE], and the request is charged once',
    async ({ script, code, spec }) => {
      const [faulty, healthy] = await Promise.all([aProvider(script), aProvider()]);
      router.setModel('faulty', { endpoint: faulty.url, timeouts: SHORT, ...spec }, KEY);
      router.setModel('healthy', { endpoint: healthy.url });
      router.setAgent({
        allow: [
          { model: 'faulty', weight: 1 },
          { model: 'healthy', weight: 0 },
        ],
      });
      const seen = await ask({ ...HELLO, stream: true, stream_options: { include_usage: true } });
      expect(seen.status).toBe(200);
      expect(seen.text).toContain('"content":"Hel"');
      expect(seen.text).not.toContain('[DONE]');
      const events = seen.text.trimEnd().split('\n\n');
      expect(JSON.parse(events.at(-1)?.replace(/^data: /, '') ?? '')).toMatchObject({ error: { code } });
      // A change of the provider inside one answer would be a silent one.
      expect(healthy.calls).toHaveLength(0);
      expect(await totalCost()).toBeGreaterThan(0);
      const lines = router.logLines().filter(({ msg }) => msg === 'request finished');
      expect(lines).toMatchObject([{ outcome: 'cut', error: code }]);
      await expectNoCanary(seen);
    },
  );
});

describe('a stream that nearly speaks the format', () => {
  it.each([
    ['has no end mark after its finish reason', [ROLE, CONTENT, openAiChunk({}, 'stop')]],
    ['says neither role nor finish reason', [CONTENT, DONE]],
  ])('%s: is complete all the same, and ends as the format wants it', async (_what, events) => {
    const provider = await aProvider(stream(...events));
    router.setModel('main', { endpoint: provider.url }, KEY);
    router.setAgent({ allow: [{ model: 'main', weight: 1 }] });
    const seen = await ask({ ...HELLO, stream: true });
    expect(seen.text).toContain('"content":"Hel"');
    expect(seen.text).toContain('"finish_reason":"stop"');
    expect(seen.text).toMatch(/data: \[DONE\]\n\n$/);
    expect(attemptsOf('main')).toMatchObject([{ outcome: 'answered', usageSource: 'estimated' }]);
  });
});

describe("a caller's own mistake", () => {
  it.each([
    [
      'content refused',
      400,
      { error: { message: 'no', code: 'content_policy_violation' } },
      'content_refused',
    ],
    [
      'context too long',
      400,
      { error: { message: 'maximum context length is 8', code: 'context_length_exceeded' } },
      'context_length_exceeded',
    ],
    ['413', 413, { error: { message: 'too large' } }, 'context_length_exceeded'],
  ])('%s: is told to the caller, and nobody else is asked', async (_what, code, answer, errorCode) => {
    const [strict, other] = await Promise.all([
      aProvider((_call, response) => sayJson(response, code, answer)),
      aProvider(),
    ]);
    router.setModel('strict', { endpoint: strict.url, contextTokens: 100_000 });
    router.setModel('other', { endpoint: other.url, contextTokens: 100_000 });
    router.setAgent({
      allow: [
        { model: 'strict', weight: 1 },
        { model: 'other', weight: 0 },
      ],
    });
    for (const stream of [false, true]) {
      const seen = await ask({ ...HELLO, stream });
      expect({ status: seen.status, code: seen.errorCode }).toEqual({ status: 400, code: errorCode });
    }
    expect(strict.calls).toHaveLength(2);
    expect(other.calls).toHaveLength(0);
    // The breaker saw a provider that works.
    expect(await router.metrics()).toContain(
      'capataz_breaker_state{namespace="shop",model="strict",state="closed"} 1',
    );
  });

  it.each([
    [400, { error: { message: 'temperature must be at most 2', type: 'invalid_request_error' } }],
    [422, { error: { message: 'bad tool schema' } }],
  ])('%i: another provider is asked, never the same one again', async (code, answer) => {
    const [strict, other] = await Promise.all([
      aProvider((_call, response) => sayJson(response, code, answer)),
      aProvider(),
    ]);
    router.setModel('strict', { endpoint: strict.url });
    router.setModel('twin', { endpoint: strict.url });
    router.setModel('other', { endpoint: other.url });
    const allow = ['strict', 'twin', 'other'].map((model) => ({ model, weight: model === 'strict' ? 1 : 0 }));
    router.setAgent({ allow });
    expect((await ask()).headers['x-capataz-model']).toBe('other');
    expect(strict.calls).toHaveLength(1);
    other.script = (_call, response) => sayJson(response, 500, {});
    const seen = await ask();
    expect({ status: seen.status, code: seen.errorCode }).toEqual({ status: 400, code: 'request_refused' });
    expect(seen.text).toContain(answer.error.message);
    expect(strict.calls).toHaveLength(2);
    expect(await router.metrics()).toContain(
      'capataz_breaker_state{namespace="shop",model="strict",state="closed"} 1',
    );
  });

  it('context too long: a model with more room is asked', async () => {
    const [small, large] = await Promise.all([
      aProvider((_call, response) =>
        sayJson(response, 400, { error: { message: 'x', code: 'context_length_exceeded' } }),
      ),
      aProvider(),
    ]);
    router.setModel('small', { endpoint: small.url, contextTokens: 8_000 });
    router.setModel('large', { endpoint: large.url, contextTokens: 100_000 });
    router.setAgent({
      allow: [
        { model: 'small', weight: 1 },
        { model: 'large', weight: 0 },
      ],
    });
    expect((await ask()).headers['x-capataz-model']).toBe('large');
  });
});
