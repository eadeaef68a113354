/** The routes with a model that does what the test says. The real models are in local-model.test.ts. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import type { ChatModel, EmbeddingModel, GenerationPart } from '#adapters/llama/language-model.ts';
import { Drain } from '#process/drain.ts';
import { createLogger } from '#telemetry/logger.ts';
import { buildLocalModelApp } from './app.ts';
import { type LocalModelMetrics, createLocalModelMetrics } from './metrics.ts';

const END: GenerationPart = {
  kind: 'end',
  reason: 'stop',
  usage: { promptTokens: 10, cachedPromptTokens: 4, outputTokens: 2 },
};

const embeddingModel: EmbeddingModel = {
  id: 'embedder',
  contextTokens: 512,
  dimensions: 2,
  embed: async () => ({ vector: [0.6, 0.8], tokens: 3 }),
};

let app: FastifyInstance | undefined;
let metrics: LocalModelMetrics;

afterEach(async () => {
  await app?.close();
});

async function serve(
  generate: ChatModel['generate'],
  shutdown = new AbortController().signal,
): Promise<string> {
  metrics = createLocalModelMetrics();
  app = buildLocalModelApp({
    chatModel: { id: 'chatter', contextTokens: 100, parallelGenerations: 1, generate },
    embeddingModel,
    metrics,
    logger: createLogger('local-model', 'silent'),
    queueLength: 1,
    defaultOutputTokens: 64,
    newId: () => '1',
    now: () => 5_000,
    elapsed: () => 0,
    shutdown,
    drain: new Drain(),
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

async function ask(url: string, more: Record<string, unknown> = {}): Promise<Response> {
  return await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'chatter', messages: [{ role: 'user', content: 'Hi' }], ...more }),
  });
}

async function* parts(...list: readonly GenerationPart[]): AsyncGenerator<GenerationPart, void> {
  yield* list;
}

describe('the chat route', () => {
  it('gives a whole answer in one body', async () => {
    const url = await serve(() => parts({ kind: 'text', text: 'Hel' }, { kind: 'text', text: 'lo' }, END));
    expect(await (await ask(url)).json()).toEqual({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 5,
      model: 'chatter',
      choices: [
        { index: 0, message: { role: 'assistant', content: 'Hello', refusal: null }, finish_reason: 'stop' },
      ],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 2,
        total_tokens: 12,
        prompt_tokens_details: { cached_tokens: 4 },
      },
    });
  });

  it.each([false, true])(
    'says what of an answer does not fit its schema, and counts it (streamed: %s)',
    async (stream) => {
      const schema = { type: 'array', items: { type: 'integer' }, uniqueItems: true };
      const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } };
      let text = '[1, 1]';
      const url = await serve(() => parts({ kind: 'text', text }, END));
      expect(await (await ask(url, { stream, response_format })).text()).toMatch(
        /"schema_problems":\["[^"]{5,}/,
      );
      text = '[1, 2]';
      expect(await (await ask(url, { stream, response_format })).text()).not.toContain('schema_problems');
      const counted = await metrics.registry.getSingleMetricAsString('capataz_local_model_requests_total');
      expect(counted).toContain('{kind="chat",outcome="unfit"} 1');
      expect(counted).toContain('{kind="chat",outcome="answered"} 1');
    },
  );

  it('does not judge an answer that was cut', async () => {
    const response_format = { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'array' } } };
    const url = await serve(() => parts({ kind: 'text', text: '[1' }, { ...END, reason: 'length' }));
    expect(await (await ask(url, { response_format })).json()).not.toHaveProperty('schema_problems');
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['200,000 wrong messages', { messages: Array.from({ length: 190_000 }, () => 1) }, 'messages'],
    [
      'a message of 190,000 wrong parts',
      { messages: [{ role: 'user', content: Array.from({ length: 190_000 }, () => 1) }] },
      'messages.0.content',
    ],
    ['wrong parts', { messages: [{ role: 'user', content: [1, 1] }] }, 'messages.0.content.0'],
  ])('refuses %s at the first of them', async (_, more, param) => {
    const url = await serve(() => parts(END));
    const response = await ask(url, more);
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { param: string; message: string } };
    expect(error.param).toBe(param);
    expect(error.message.length).toBeLessThan(200);
  });

  it('says that token numbers of another model mean nothing to it', async () => {
    const url = await serve(() => parts(END));
    for (const input of [
      [1, 2],
      [[1, 2], [3]],
    ]) {
      const response = await fetch(`${url}/v1/embeddings`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'embedder', input }),
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { param: 'input', code: 'unsupported' } });
    }
  });

  it('gives a stream that begins with the role and ends with the reason, the usage if asked for, and [DONE]', async () => {
    const url = await serve(() => parts({ kind: 'text', text: 'a\nb' }, END));
    const response = await ask(url, { stream: true, stream_options: { include_usage: true } });
    const events = (await response.text()).split('\n\n').map((event) => event.replace('data: ', ''));
    expect(response.headers.get('content-type')).toMatch('text/event-stream');
    expect(events.slice(-2)).toEqual(['[DONE]', '']);
    expect(events.slice(0, -2).map((event) => JSON.parse(event) as unknown)).toMatchObject([
      { choices: [{ delta: { role: 'assistant' }, finish_reason: null }] },
      { choices: [{ delta: { content: 'a\nb' }, finish_reason: null }] },
      { choices: [{ delta: {}, finish_reason: 'stop' }] },
      { choices: [], usage: { total_tokens: 12 } },
    ]);
  });

  it('ends a stream that fails with an error event and without [DONE]', async () => {
    const url = await serve(async function* fail() {
      yield { kind: 'text', text: 'a' };
      throw new Error('secret detail');
    });
    const text = await (await ask(url, { stream: true })).text();
    expect(text).toContain('"error":{');
    expect(text).not.toMatch(/DONE|secret/);
  });

  it('answers 500 without the details when the model fails, and goes on', async () => {
    let calls = 0;
    const url = await serve(async function* failOnce() {
      calls += 1;
      if (calls === 1) throw new Error('secret detail');
      yield END;
    });
    const failed = await ask(url);
    expect(failed.status).toBe(500);
    expect(await failed.text()).not.toContain('secret');
    expect((await ask(url)).status).toBe(200);
  });

  it('tells the model at once when the client has gone, and counts it', async () => {
    const ended = Promise.withResolvers<unknown>();
    const url = await serve(async function* endless(_request, signal) {
      yield { kind: 'text', text: 'a' };
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      ended.resolve(signal.reason);
    });
    const gone = new AbortController();
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      signal: gone.signal,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'chatter', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
    });
    await response.body?.getReader().read();
    gone.abort();
    expect(await ended.promise).toMatchObject({ message: 'the client closed the connection' });
    await expect
      .poll(async () => await metrics.registry.getSingleMetricAsString('capataz_local_model_requests_total'))
      .toContain('{kind="chat",outcome="cancelled"} 1');
  });

  it('ends running answers when the process must end', async () => {
    const shutdown = new AbortController();
    const url = await serve(async function* endless(_request, signal) {
      yield { kind: 'text', text: 'a' };
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
      );
    }, shutdown.signal);
    const response = await ask(url, { stream: true });
    shutdown.abort(new Error('stopping'));
    expect(await response.text()).toContain('"error":{');
  });

  it.each([
    ['/v1/chat/completions', 'chatter'],
    ['/v1/embeddings', 'embedder'],
  ])('names the right model when %s is asked for another', async (path, served) => {
    const url = await serve(() => parts(END));
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt', messages: [{ role: 'user', content: 'Hi' }], input: 'a' }),
    });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: { code: 'model_not_found', message: `There is no model "gpt" here: use ${served}.` },
    });
  });

  it('says what is here when something else is asked for', async () => {
    const url = await serve(() => parts(END));
    const response = await fetch(`${url}/v1/completions?x=1`, { method: 'POST' });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining('There is no POST /v1/completions here') as string },
    });
  });
});
