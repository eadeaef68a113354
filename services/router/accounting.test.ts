/** What is told and charged of each attempt, and that nothing between its beginning and its end can be skipped. */
import { type ServerResponse, request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AttemptFact } from '#domain/facts/attempt-fact.ts';
import type { RequestFact } from '#domain/facts/request-fact.ts';
import { AGENT_TOKEN, type RouterUnderTest, startRouterUnderTest } from '#test/fakes/router-under-test.ts';
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

async function aModel(name: string, script: ProviderScript, spec: object = {}): Promise<ScriptedProvider> {
  const provider = await startScriptedProvider(script);
  providers.push(provider);
  router.setModel(name, { endpoint: provider.url, ...spec });
  return provider;
}

/** The first is preferred to the others. */
function allow(...models: readonly string[]): void {
  router.setAgent({ allow: models.map((model, index) => ({ model, weight: index === 0 ? 1 : 0 })) });
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function ask(body: unknown = HELLO, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${router.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${AGENT_TOKEN}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const attempts = (): readonly AttemptFact[] => router.facts.filter((fact) => fact.kind === 'attempt');
const requests = (): readonly RequestFact[] => router.facts.filter((fact) => fact.kind === 'request');

describe('an attempt', () => {
  it('is told as one fact with all that is known of it, and the request as another', async () => {
    await aModel('main', honestProvider);
    allow('main');
    const answer = await ask(HELLO, {
      'x-request-id': 'caller-7',
      'x-capataz-run-id': 'run-1',
      'x-capataz-step': '3',
      'x-capataz-prompt-version': 'triage-0123456789ab',
      'x-capataz-prompt-digest': 'a'.repeat(64),
    });
    const requestId = answer.headers.get('x-request-id') ?? '';
    expect(requestId).not.toBe('caller-7');
    const shared = {
      requestId,
      callersRequestId: 'caller-7',
      run: { id: 'run-1', step: 3 },
      prompt: { name: 'triage-0123456789ab', digest: 'a'.repeat(64) },
      caller: { namespace: 'shop', agent: 'triage' },
      operation: 'chat',
      modelAsked: 'auto',
      isStream: false,
      usage: { inputTokens: 10, outputTokens: 5 },
      usageSource: 'reported',
      costNanoUsd: 20_000,
    };
    expect(attempts()).toMatchObject([
      {
        ...shared,
        attempt: 1,
        model: { namespace: 'shop', name: 'main' },
        provider: 'OpenAICompatible',
        providerModel: 'provider-model',
        outcome: 'answered',
      },
    ]);
    expect(requests()).toMatchObject([{ ...shared, outcome: 'answered', status: 200, attempts: 1 }]);
    expect(router.logLines().filter(({ msg }) => msg === 'request finished')).toMatchObject([
      { requestId, callersRequestId: 'caller-7', runId: 'run-1', step: 3 },
    ]);
  });

  it.each([
    ['x-capataz-run-id', 'a b'],
    ['x-capataz-run-id', 'x'.repeat(129)],
    ['x-capataz-step', '-1'],
    ['x-capataz-prompt-version', '../../etc'],
    ['x-capataz-prompt-digest', 'abc'],
    ['x-request-id', '"{}"'],
  ])('is made all the same when the header %s says %j, which is dropped', async (name, value) => {
    await aModel('main', honestProvider);
    allow('main');
    expect((await ask(HELLO, { [name]: value })).status).toBe(200);
    const [fact] = attempts();
    expect(fact?.run).toBeUndefined();
    expect(fact?.prompt).toBeUndefined();
    expect(fact?.callersRequestId).toBeUndefined();
  });

  it('of one request costs by itself, and the request costs what its attempts cost together', async () => {
    const slow = await aModel('slow', () => undefined, { timeouts: { totalSeconds: 0.3 } });
    await aModel('spare', honestProvider);
    allow('slow', 'spare');
    const answer = await ask();
    expect(attempts()).toMatchObject([
      { attempt: 1, outcome: 'timed_out', usageSource: 'estimated' },
      { attempt: 2, outcome: 'answered', usageSource: 'reported', costNanoUsd: 20_000 },
    ]);
    const sum = attempts().reduce((all, { costNanoUsd }) => all + (costNanoUsd ?? 0), 0);
    expect(sum).toBeGreaterThan(20_000);
    expect(answer.headers.get('x-capataz-cost-nano-usd')).toBe(String(sum));
    expect(JSON.parse(answer.text)).toMatchObject({ capataz: { attempts: 2, costNanoUsd: sum } });
    expect(requests()).toMatchObject([{ costNanoUsd: sum, usageSource: 'estimated' }]);
    expect(slow.calls).toHaveLength(1);
  });

  it('reaches every subscriber, also when the one before it throws', async () => {
    await aModel('main', honestProvider);
    allow('main');
    const seen: string[] = [];
    router.factStream.subscribe({
      name: 'broken',
      attempt: () => {
        throw new Error('a secret of the subscriber');
      },
    });
    router.factStream.subscribe({ name: 'late', attempt: ({ outcome }) => seen.push(outcome) });
    expect((await ask()).status).toBe(200);
    expect(seen).toEqual(['answered']);
    expect(router.logs()).toContain('the router made a mistake');
    expect(router.logs()).not.toContain('a secret of the subscriber');
    expect(await router.metrics()).toContain('capataz_router_mistakes_total 1');
  });
});

describe('a whole answer', () => {
  it('may take longer than the first byte of a stream may: it is made once and charged once', async () => {
    const provider = await aModel(
      'main',
      (_call, response) => void setTimeout(() => sayJson(response, 200, openAiAnswer()), 500),
      { timeouts: { firstByteSeconds: 0.1, idleSeconds: 0.1, totalSeconds: 10 } },
    );
    allow('main');
    expect((await ask()).status).toBe(200);
    expect(provider.calls).toHaveLength(1);
    expect(attempts()).toMatchObject([{ outcome: 'answered', costNanoUsd: 20_000 }]);
  });

  it('that does not come in time is charged by estimate and not asked for again at the same model', async () => {
    const provider = await aModel('main', () => undefined, { timeouts: { totalSeconds: 0.3 } });
    allow('main');
    const answer = await ask(HELLO, { 'x-capataz-deadline-ms': '5000' });
    expect(answer.status).toBe(504);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'timed_out' } });
    expect(provider.calls).toHaveLength(1);
    expect(attempts()).toMatchObject([{ outcome: 'timed_out', usageSource: 'estimated' }]);
  });

  it("is charged by estimate when the caller's deadline ends it", async () => {
    await aModel('main', () => undefined);
    allow('main');
    expect((await ask(HELLO, { 'x-capataz-deadline-ms': '200' })).status).toBe(504);
    expect(attempts()).toMatchObject([{ failureCode: 'deadline_exceeded', usageSource: 'estimated' }]);
  });

  it('costs nothing when there was no connection or the provider said no', async () => {
    router.setModel('nowhere', { endpoint: 'http://127.0.0.1:1/v1' });
    await aModel('strict', (_call, response) => sayJson(response, 400, { error: { message: 'no' } }));
    allow('nowhere', 'strict');
    expect((await ask()).status).toBe(400);
    for (const attempt of attempts()) expect(attempt).toMatchObject({ usageSource: 'none', costNanoUsd: 0 });
    expect(requests()).toMatchObject([{ costNanoUsd: 0, usageSource: 'none' }]);
  });

  it('that the provider itself could not read is charged as the provider counts it', async () => {
    const usageMetadata = { promptTokenCount: 70, candidatesTokenCount: 30, totalTokenCount: 100 };
    await aModel(
      'main',
      (_call, response) =>
        sayJson(response, 200, {
          candidates: [{ content: {}, finishReason: 'MALFORMED_FUNCTION_CALL', index: 0 }],
          usageMetadata,
        }),
      { provider: 'Gemini', model: 'gemini-test' },
    );
    allow('main');
    expect((await ask()).status).toBe(502);
    for (const attempt of attempts()) {
      expect(attempt).toMatchObject({
        outcome: 'malformed',
        usage: { inputTokens: 70, outputTokens: 30 },
        usageSource: 'reported',
      });
    }
  });
});

describe('a stream that is cut', () => {
  it('is charged what the provider told before it broke', async () => {
    const usage = { prompt_tokens: 700, completion_tokens: 300, total_tokens: 1_000 };
    await aModel('main', (_call, response) => {
      openStream(response);
      response.write(openAiChunk({ content: 'Hel' }) + openAiUsageChunk(usage));
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    });
    allow('main');
    await ask({ ...HELLO, stream: true });
    expect(attempts()).toMatchObject([
      { outcome: 'cut', usage: { inputTokens: 700, outputTokens: 300 }, usageSource: 'reported' },
    ]);
  });

  it('is charged what came of it when the provider told nothing, Chinese by the character', async () => {
    await aModel('main', (_call, response) => {
      openStream(response);
      response.write(openAiChunk({ content: '中'.repeat(300) }));
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    });
    allow('main');
    await ask({ model: 'auto', messages: [{ role: 'user', content: '文'.repeat(300) }], stream: true });
    const [fact] = attempts();
    expect(fact?.usageSource).toBe('estimated');
    for (const tokens of [fact?.usage?.inputTokens, fact?.usage?.outputTokens]) {
      expect(tokens).toBeGreaterThanOrEqual(300);
      expect(tokens).toBeLessThanOrEqual(450);
    }
  });

  it('again and again opens the breaker, so that the healthy model is asked', async () => {
    const broken = await aModel('broken', (_call, response) => {
      openStream(response);
      response.write(openAiChunk({ content: 'Hel' }));
      setTimeout(() => response.socket?.resetAndDestroy(), 5);
    });
    const healthy = await aModel('healthy', honestProvider);
    allow('broken', 'healthy');
    for (let index = 0; index < 20; index += 1) await ask({ ...HELLO, stream: true });
    expect(broken.calls.length).toBeLessThanOrEqual(6);
    expect(healthy.calls.length).toBeGreaterThanOrEqual(14);
  });

  it('spares the model again while its one trial runs, however well that began', async () => {
    const open = new Set<() => void>();
    const broken = await aModel('broken', (_call, response) => {
      openStream(response);
      response.write(openAiChunk({ content: 'Hel' }));
      open.add(() => response.destroy());
    });
    await aModel('healthy', honestProvider);
    allow('broken', 'healthy');
    const cutAll = async (): Promise<void> => {
      for (const cut of open) cut();
      await Promise.all(streams.splice(0));
      open.clear();
    };
    const streams: Promise<unknown>[] = [];
    for (let index = 0; index < 5; index += 1) streams.push(ask({ ...HELLO, stream: true }));
    await expect.poll(() => open.size).toBe(5);
    await cutAll();
    // Its rest is over after a second, then one trial begins and goes on.
    await expect
      .poll(
        async () => {
          streams.push(ask({ ...HELLO, stream: true }));
          await expect.poll(() => open.size + requests().length).toBeGreaterThan(streams.length);
          return open.size;
        },
        { timeout: 5_000, interval: 50 },
      )
      .toBe(1);
    const before = broken.calls.length;
    for (let index = 0; index < 10; index += 1) {
      expect((await ask({ ...HELLO, stream: true })).headers.get('x-capataz-model')).toBe('healthy');
    }
    expect(broken.calls.length).toBe(before);
    await cutAll();
  });

  it('stays a trial only until it begins: others may try beside it, and its true end gives the verdict', async () => {
    const failing: ProviderScript = (_call, response) => sayJson(response, 500, {});
    const provider = await aModel('main', failing);
    allow('main');
    for (let index = 0; index < 4; index += 1) await ask();
    const state = async (): Promise<string | undefined> =>
      /capataz_breaker_state\{[^}]*state="(\w+)"\} 1/.exec(await router.metrics())?.[1];
    expect(await state()).toBe('open');
    const release: (() => void)[] = [];
    provider.script = (_call, response) => {
      openStream(response);
      response.write(openAiChunk({ content: 'Hel' }));
      release.push(() => response.end(openAiChunk({}, 'stop') + DONE));
    };
    const streams = Array.from({ length: 8 }, async () => {
      const response = await fetch(`${router.url}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${AGENT_TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...HELLO, stream: true }),
      });
      return await response.text();
    });
    await expect.poll(() => release.length).toBeGreaterThanOrEqual(4);
    expect(await state()).not.toBe('closed');
    for (const end of release.splice(0)) end();
    await expect.poll(state).toBe('closed');
    const ending = setInterval(() => release.splice(0).forEach((end) => end()), 10);
    await Promise.all(streams);
    clearInterval(ending);
  });
});

describe('a provider that sends no content', () => {
  const pump =
    (text: string): ProviderScript =>
    (_call, response) => {
      openStream(response);
      const timer = setInterval(() => response.write(text), 5);
      response.on('close', () => clearInterval(timer));
    };

  it.each([
    ['chunks without content', openAiChunk({ role: 'assistant', content: '' })],
    ['comments', ': ping\n\n'],
    ['chunks of nothing', openAiChunk({})],
  ])(
    'but %s is given up after the time for the first content, and another model answers',
    async (_what, text) => {
      const timeouts = { firstByteSeconds: 0.4, idleSeconds: 5, totalSeconds: 30 };
      const endless = await aModel('endless', pump(text), { timeouts });
      await aModel('healthy', honestProvider);
      allow('endless', 'healthy');
      const answer = await ask({ ...HELLO, stream: true });
      expect(answer.headers.get('x-capataz-model')).toBe('healthy');
      expect(endless.calls[0]?.hungUp).toBe(true);
      expect(attempts()[0]).toMatchObject({ outcome: 'timed_out' });
    },
  );

  it('fills no memory: what is held back for the first content is bounded', async () => {
    const empty = openAiChunk({ role: 'assistant', content: '' }).repeat(100);
    let sent = 0;
    await aModel('endless', (_call, response) => {
      openStream(response);
      const write = (): void => {
        while (!response.destroyed && sent < 200_000_000) {
          sent += empty.length;
          if (!response.write(empty)) return void response.once('drain', write);
        }
      };
      write();
    });
    await aModel('healthy', honestProvider);
    allow('endless', 'healthy');
    expect((await ask({ ...HELLO, stream: true })).headers.get('x-capataz-model')).toBe('healthy');
    expect(attempts()[0]).toMatchObject({ outcome: 'malformed' });
    expect(sent).toBeLessThan(50_000_000);
  });

  it('any more after some is cut off after the idle time, whatever else it sends', async () => {
    const timeouts = { firstByteSeconds: 5, idleSeconds: 0.3, totalSeconds: 30 };
    await aModel(
      'main',
      (call, response, number) => {
        void pump(': ping\n\n')(call, response, number);
        response.write(openAiChunk({ content: 'Hel' }));
      },
      { timeouts },
    );
    allow('main');
    const answer = await ask({ ...HELLO, stream: true });
    expect(answer.text).toContain('"code":"timed_out"');
    expect(attempts()).toMatchObject([{ outcome: 'cut', failureCode: 'timed_out' }]);
  });
});

describe('a caller of a stream who waits', () => {
  it('hears comments before the first content, and another model may still be asked', async () => {
    await router.close();
    router = await startRouterUnderTest({ keepAliveSeconds: 0.1 });
    await aModel('slow', (_call, response) => openStream(response), {
      timeouts: { firstByteSeconds: 0.5, idleSeconds: 0.5 },
    });
    await aModel('healthy', honestProvider);
    allow('slow', 'healthy');
    const answer = await ask({ ...HELLO, stream: true });
    expect(answer.text).toMatch(/^: keep-alive\n\n/);
    expect(answer.text).toContain('Hel');
    expect(answer.text).toMatch(/data: \[DONE\]\n\n$/);
    expect(attempts().map(({ model }) => model.name)).toEqual(['slow', 'healthy']);
  });

  it('is told a failure as an event once comments have gone out', async () => {
    await router.close();
    router = await startRouterUnderTest({ keepAliveSeconds: 0.1 });
    await aModel('slow', (_call, response) => openStream(response), {
      timeouts: { firstByteSeconds: 0.4, idleSeconds: 0.4 },
    });
    allow('slow');
    const answer = await ask({ ...HELLO, stream: true });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('"code":"timed_out"');
    expect(answer.text).not.toContain('[DONE]');
    expect(requests()).toMatchObject([{ outcome: 'failed', status: 200, failureCode: 'timed_out' }]);
  });
});

describe('a model that thinks', () => {
  const think = (response: ServerResponse, thought: string): void => {
    openStream(response);
    response.write(openAiChunk({ role: 'assistant', content: '<think>' }));
    for (const word of thought.split(' ')) response.write(openAiChunk({ content: `${word} ` }));
  };

  it('keeps the caller waiting with comments, and is alive as long as it thinks', async () => {
    await router.close();
    router = await startRouterUnderTest({ keepAliveSeconds: 0.1 });
    await aModel(
      'main',
      (_call, response) => {
        think(response, 'first');
        let words = 0;
        const timer = setInterval(() => {
          words += 1;
          response.write(openAiChunk({ content: 'and then ' }));
          if (words < 6) return;
          clearInterval(timer);
          response.write(openAiChunk({ content: '</think>' }) + openAiChunk({ content: '{"a":1}' }));
          response.end(openAiChunk({}, 'stop') + openAiUsageChunk() + DONE);
        }, 100);
      },
      { timeouts: { firstByteSeconds: 0.4, idleSeconds: 0.4 } },
    );
    allow('main');
    const format = { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } };
    const { text } = await ask({ ...HELLO, stream: true, response_format: format });
    expect(text).toMatch(/^: keep-alive\n\n/);
    const chunks = [...text.matchAll(/^data: (\{.*)$/gm)].map(
      ([, json = '']) => JSON.parse(json) as { choices: { delta: { content?: string } }[] },
    );
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('{"a":1}');
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(attempts()).toMatchObject([{ outcome: 'answered', usageSource: 'reported' }]);
  });

  it('and breaks off before it answers is replaced by another, and its thought is charged', async () => {
    await aModel('thinker', (_call, response) => {
      think(response, 'word '.repeat(200));
      setTimeout(() => response.socket?.resetAndDestroy(), 30);
    });
    await aModel('healthy', honestProvider);
    allow('thinker', 'healthy');
    const answer = await ask({ ...HELLO, stream: true });
    expect(answer.headers.get('x-capataz-model')).toBe('healthy');
    expect(answer.text).not.toContain('word');
    expect(attempts()[0]).toMatchObject({ outcome: 'cut', usageSource: 'estimated' });
    expect(attempts()[0]?.usage?.outputTokens).toBeGreaterThan(200);
  });
});

describe('an answer in the dialect of the caller', () => {
  it('goes to him as it came, fields of its own included, when it is plain text', async () => {
    const own = (content: string): string =>
      sse({
        id: 'c',
        object: 'chat.completion.chunk',
        created: 1,
        model: 'm',
        choices: [{ index: 0, delta: { content }, finish_reason: null, logprobs: null }],
        system_fingerprint: 'fp_1',
      });
    await aModel('main', (_call, response) => {
      openStream(response);
      response.write(own('One'));
      setTimeout(() => response.end(own('Two') + own('Three') + openAiChunk({}, 'stop') + DONE), 20);
    });
    allow('main');
    const { text } = await ask({ ...HELLO, stream: true });
    expect(text).toContain(own('Two') + own('Three'));
  });
});

describe('an attempt that throws', () => {
  it.each([false, true])(
    'is an attempt that failed (stream: %s): told, logged with the request id, and nothing is left behind',
    async (stream) => {
      const provider = await aModel('main', (_call, response) => sayJson(response, 500, {}));
      allow('main');
      for (let index = 0; index < 4; index += 1) await ask();
      provider.script = honestProvider;
      router.breakModel('main');
      for (let index = 0; index < 6; index += 1) {
        const answer = await ask({ ...HELLO, stream });
        expect(answer.status).toBe(500);
        expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'internal_error' } });
        const line = router.logLines().findLast(({ msg }) => msg === 'the router made a mistake');
        expect(line).toMatchObject({ requestId: answer.headers.get('x-request-id') });
      }
      router.setModel('main', { endpoint: provider.url });
      expect((await ask({ ...HELLO, stream })).status).toBe(200);
      expect(router.logs()).not.toContain('a secret of the mistake');
      expect(requests()).toHaveLength(11);
    },
  );

  it('because a history nests 6,000 deep kills no model whose breaker is open', async () => {
    const provider = await aModel('main', (_call, response) => sayJson(response, 500, {}), {
      provider: 'Anthropic',
      model: 'claude-test',
    });
    allow('main');
    for (let index = 0; index < 4; index += 1) await ask();
    const deep = '{"a":'.repeat(6_000) + '1' + '}'.repeat(6_000);
    const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: deep } };
    const history = {
      model: 'auto',
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: 'done' },
      ],
    };
    for (let index = 0; index < 8; index += 1) await ask(history);
    expect(requests()).toHaveLength(12);
    provider.script = (_call, response) =>
      sayJson(response, 200, {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude-test',
        content: [{ type: 'text', text: 'Hello.' }],
        stop_reason: 'end_turn',
        usage: { input_tokens: 9, output_tokens: 3 },
      });
    expect((await ask()).status).toBe(200);
  });
});

describe('a body that multiplies in memory', () => {
  const many = (item: string, count: number): string => `[${`${item},`.repeat(count - 1)}${item}]`;

  it.each([
    ['a million messages', `{"model":"auto","messages":${many('1', 1_000_000)}}`],
    ['many wrong messages', `{"model":"auto","messages":${many('1', 150_000)}}`],
    ['100,000 levels', `{"model":"auto","messages":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    [
      'many fields that nobody knows',
      `{${Array.from({ length: 150_000 }, (_each, index) => `"f${index}":1`).join()},${JSON.stringify(HELLO).slice(1)}`,
    ],
  ])('%s is refused with one short sentence and param, and asks nobody', async (_what, body) => {
    const provider = await aModel('main', honestProvider);
    allow('main');
    const answer = await ask(body);
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(500);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'invalid_request' } });
    expect(provider.calls).toHaveLength(0);
  });

  it('does not have its name of a model said back at any length', async () => {
    allow();
    const answer = await ask({ ...HELLO, model: 'x'.repeat(1_000_000) });
    expect([answer.status, answer.text.length < 1_000]).toEqual([403, true]);
  });

  it('names the field that is to blame', async () => {
    await aModel('main', honestProvider);
    allow('main');
    const answer = await ask({ model: 'auto', messages: [{ role: 'robot', content: 'x' }] });
    expect(JSON.parse(answer.text)).toMatchObject({ error: { param: 'messages.0.role' } });
  });
});

describe('the id of a request', () => {
  it.each([
    ['a path that is not there', '/v1/nothing', {}],
    ['a caller without a token', '/v1/chat/completions', { authorization: 'none' }],
    ['a body that is not JSON', '/v1/chat/completions', {}],
  ])('goes out with the refusal of %s', async (_what, path, headers) => {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const request = httpRequest(
      `http://127.0.0.1:${router.port}${path}`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${AGENT_TOKEN}`, 'content-type': 'application/json', ...headers },
      },
      (response) => {
        response.resume();
        resolve(response.headers['x-request-id'] as string | undefined);
      },
    );
    request.end('{');
    expect(await promise).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("an event of the provider's stream", () => {
  it('that is an error ends it with the code of the cause', async () => {
    await aModel('main', (_call, response) => {
      openStream(response);
      response.end(openAiChunk({ content: 'Hel' }) + sse({ error: { message: 'x', type: 'server_error' } }));
    });
    allow('main');
    expect((await ask({ ...HELLO, stream: true })).text).toContain('"code":"unavailable"');
  });
});
