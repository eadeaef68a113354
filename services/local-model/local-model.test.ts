/** The server with its real models, which prepare-models.sh puts into the cache of this user: 200 MB, once. */
import { execFile } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import type { Llama } from 'node-llama-cpp';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoadedChatModel, loadChatModel } from '#adapters/llama/chat-model.ts';
import { type LoadedEmbeddingModel, loadEmbeddingModel } from '#adapters/llama/embedding-model.ts';
import { loadLlamaLibrary } from '#adapters/llama/llama-library.ts';
import { compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { Drain } from '#process/drain.ts';
import { createLogger } from '#telemetry/logger.ts';
import { buildLocalModelApp } from './app.ts';
import { createLocalModelMetrics } from './metrics.ts';

const CHAT = 'smollm2-135m-instruct';
const EMBEDDINGS = 'all-minilm-l6-v2';
const CONTEXT_TOKENS = 512;
const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'capataz', 'models');

let llama: Llama;
let chatModel: LoadedChatModel;
let embeddingModel: LoadedEmbeddingModel;
let app: FastifyInstance;
let url: string;
let client: OpenAI;

beforeAll(async () => {
  const paths = {
    chat: join(folder, 'smollm2-135m-instruct-q4_1.gguf'),
    embeddings: join(folder, 'all-minilm-l6-v2.gguf'),
  };
  await promisify(execFile)('bash', [join(import.meta.dirname, 'prepare-models.sh'), folder]);
  const threads = Math.max(1, availableParallelism() - 1);
  const logger = createLogger('local-model', 'silent');
  llama = await loadLlamaLibrary(threads, logger);
  chatModel = await loadChatModel(llama, {
    id: CHAT,
    modelPath: paths.chat,
    defaultSystemText: 'You are a helpful assistant.',
    contextTokens: CONTEXT_TOKENS,
    parallelGenerations: 1,
    threads,
  });
  embeddingModel = await loadEmbeddingModel(llama, { id: EMBEDDINGS, modelPath: paths.embeddings, threads });
  let ids = 0;
  app = buildLocalModelApp({
    chatModel,
    embeddingModel,
    metrics: createLocalModelMetrics(),
    logger,
    queueLength: 1,
    defaultOutputTokens: 64,
    newId: () => String((ids += 1)),
    now: Date.now,
    elapsed: () => performance.now(),
    drain: new Drain(),
    shutdown: new AbortController().signal,
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/v1`;
  client = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 });
}, 600_000);

afterAll(async () => {
  await app?.close();
  await chatModel?.dispose();
  await embeddingModel?.dispose();
  await llama?.dispose();
});

async function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

const capital = [{ role: 'user' as const, content: 'What is the capital of France?' }];

async function answersCapital(): Promise<string | null | undefined> {
  const completion = await client.chat.completions.create({
    model: CHAT,
    temperature: 0,
    max_tokens: 16,
    messages: capital,
  });
  return completion.choices[0]?.message.content;
}

async function answerTo(
  schema: Record<string, unknown>,
  text: string,
  maximumTokens = 200,
): Promise<unknown> {
  const completion = await client.chat.completions.create({
    model: CHAT,
    temperature: 0,
    max_tokens: maximumTokens,
    messages: [{ role: 'user', content: text }],
    response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } },
  });
  expect(completion.choices[0]?.finish_reason).toBe('stop');
  return JSON.parse(completion.choices[0]?.message.content ?? '');
}

describe('chat', () => {
  it('answers a question, and says what it cost', async () => {
    const completion = await client.chat.completions.create({
      model: CHAT,
      temperature: 0,
      messages: capital,
    });
    expect(completion.choices[0]?.message.content).toBe('The capital of France is Paris.');
    expect(completion.choices[0]?.finish_reason).toBe('stop');
    expect(completion.usage?.completion_tokens).toBeGreaterThan(3);
    expect(completion.usage?.total_tokens).toBe(
      (completion.usage?.prompt_tokens ?? 0) + (completion.usage?.completion_tokens ?? 0),
    );
  });

  it('streams, at temperature 0, the very text that it gives in one piece', async () => {
    const request = {
      model: CHAT,
      temperature: 0,
      max_tokens: 24,
      messages: [{ role: 'user' as const, content: 'Write a sentence about the sea.' }],
    };
    const whole = await client.chat.completions.create(request);
    const stream = await client.chat.completions.create({
      ...request,
      stream: true,
      stream_options: { include_usage: true },
    });
    const pieces: string[] = [];
    let finishReason: string | null | undefined;
    let outputTokens: number | undefined;
    for await (const chunk of stream) {
      const text = chunk.choices[0]?.delta.content;
      if (typeof text === 'string' && text !== '') pieces.push(text);
      finishReason = chunk.choices[0]?.finish_reason ?? finishReason;
      outputTokens = chunk.usage?.completion_tokens ?? outputTokens;
    }
    expect(pieces.join('')).toBe(whole.choices[0]?.message.content);
    expect(pieces.length).toBeGreaterThan(5);
    expect(finishReason).toBe('length');
    expect(outputTokens).toBe(24);
  });

  it('ends before a stop sequence and never shows a part of it', async () => {
    const completion = await client.chat.completions.create({
      model: CHAT,
      temperature: 0,
      messages: capital,
      stop: [' is Paris'],
    });
    expect(completion.choices[0]?.message.content).toBe('The capital of France');
    expect(completion.choices[0]?.finish_reason).toBe('stop');
  });

  it('gives the same answer for the same seed at a high temperature', async () => {
    const request = { model: CHAT, temperature: 1.5, top_p: 1, seed: 42, max_tokens: 12, messages: capital };
    const first = await client.chat.completions.create(request);
    const second = await client.chat.completions.create(request);
    const other = await client.chat.completions.create({ ...request, seed: 43 });
    expect(second.choices[0]?.message.content).toBe(first.choices[0]?.message.content);
    expect(other.choices[0]?.message.content).not.toBe(first.choices[0]?.message.content);
  });

  it('takes always the most likely token when top_k is 1', async () => {
    const answer = await post('/chat/completions', {
      model: CHAT,
      temperature: 2,
      top_p: 1,
      top_k: 1,
      max_tokens: 16,
      messages: capital,
    });
    expect(await answer.text()).toContain('"The capital of France is Paris."');
  });

  it('reads the beginning that two requests share only once', async () => {
    const system = {
      role: 'system' as const,
      content: `You are brief. ${'Remember this rule. '.repeat(20)}`,
    };
    const ask = async (content: string): Promise<number | undefined> => {
      const messages = [system, { role: 'user' as const, content }];
      const { usage } = await client.chat.completions.create({ model: CHAT, max_tokens: 1, messages });
      return usage?.prompt_tokens_details?.cached_tokens;
    };
    await ask('Name a colour.');
    expect(await ask('Name an animal.')).toBeGreaterThan(80);
  });

  it('takes chat markers in a message as text, so that nobody can slip in a system message', async () => {
    const count = async (content: string): Promise<number> => {
      const messages = [{ role: 'user' as const, content }];
      const { usage } = await client.chat.completions.create({ model: CHAT, max_tokens: 1, messages });
      return usage?.prompt_tokens ?? 0;
    };
    // As a marker it would be a single token.
    expect((await count('<|im_end|>')) - (await count(''))).toBeGreaterThan(3);
  });
});

describe('JSON answers', () => {
  it.each<[string, Record<string, unknown>, string]>([
    [
      'an object with an enum and an integer',
      {
        type: 'object',
        properties: { category: { enum: ['spam', 'ham'] }, confidence: { type: 'integer' } },
        required: ['category', 'confidence'],
        additionalProperties: false,
      },
      'Buy cheap pills now! Is this spam?',
    ],
    [
      'an array with a length',
      { type: 'array', items: { type: 'string', maxLength: 12 }, minItems: 2, maxItems: 2 },
      'Name two colours.',
    ],
    [
      'a reference and a nullable value',
      {
        type: 'object',
        properties: {
          person: { $ref: '#/$defs/person' },
          note: { anyOf: [{ type: 'null' }, { const: 'ok' }] },
        },
        required: ['person', 'note'],
        $defs: {
          person: {
            type: 'object',
            properties: { name: { type: 'string', maxLength: 10 }, adult: { type: 'boolean' } },
            required: ['name', 'adult'],
          },
        },
      },
      'Anna is 30 years old.',
    ],
    ['a plain boolean', { type: 'boolean' }, 'Is water wet?'],
    [
      'a list that may go on without end, and ends',
      {
        $ref: '#/$defs/step',
        $defs: {
          step: {
            type: 'object',
            properties: {
              action: { enum: ['open', 'close'] },
              next: { $ref: '#/$defs/step', description: 'The step after it, if there is one.' },
            },
            required: ['action'],
            additionalProperties: false,
          },
        },
      },
      'Open the door. Answer with one step.',
    ],
    [
      'a tree of optional references with allOf, as Pydantic writes it',
      {
        type: 'object',
        properties: {
          name: { type: 'string', pattern: '^[a-z]{1,6}$' },
          left: { anyOf: [{ allOf: [{ $ref: '#' }], description: 'A smaller one.' }, { type: 'null' }] },
        },
        required: ['name'],
        maxProperties: 2,
      },
      'Name an animal.',
    ],
    [
      'keys with characters that need escaping',
      { type: 'object', properties: { 'a"b\\c\n': { const: 'x"y' } } },
      'Go.',
    ],
  ])('fit the schema: %s', async (_, schema, text) => {
    const compiled = compileJsonSchema(schema);
    const answer = await answerTo(schema, text);
    expect(compiled.ok ? compiled.findProblems(answer) : [compiled.message]).toEqual([]);
  });

  it('are an object for json_object', async () => {
    const completion = await client.chat.completions.create({
      model: CHAT,
      temperature: 0,
      max_tokens: 12,
      messages: [{ role: 'user', content: 'Give me {"colour": "red"} as JSON.' }],
      response_format: { type: 'json_object' },
    });
    expect(completion.choices[0]?.message.content).toMatch(/^\{/);
  });

  it.each([
    [{ type: 'object', properties: { a: { $ref: 'https://example.com/other.json' } } }, /schema/],
    [{ type: 'string', minLength: 5000 }, /minLength is above 1000/],
    [{ type: 'nonsense' }, /not a valid JSON Schema/],
  ])('are refused with a sentence for a schema that has no grammar', async (schema, sentence) => {
    const response = await post('/chat/completions', {
      model: CHAT,
      messages: capital,
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } },
    });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { message: string } };
    expect(error.message).toMatch(sentence);
  });
});

describe('bounds', () => {
  it('says how long a conversation is that does not fit the context', async () => {
    const long = 'word '.repeat(CONTEXT_TOKENS + 10);
    const response = await post('/chat/completions', {
      model: CHAT,
      messages: [{ role: 'user', content: long }],
    });
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect(response.status).toBe(400);
    expect(error.code).toBe('context_length_exceeded');
    expect(error.message).toMatch(/maximum context length is 512 tokens, and your messages has 5\d\d:/);
  });

  it('ends an answer where the context ends, however many tokens were asked for', async () => {
    const response = await post('/chat/completions', {
      model: CHAT,
      temperature: 0,
      max_tokens: 2_000_000_000,
      messages: [{ role: 'user', content: 'word '.repeat(CONTEXT_TOKENS - 60) }],
    });
    const completion = (await response.json()) as { usage: { total_tokens: number } };
    expect(response.status).toBe(200);
    expect(completion.usage.total_tokens).toBeLessThanOrEqual(CONTEXT_TOKENS);
    // Five hundred tokens take a busy machine long.
  }, 90_000);

  it('frees the place at once when a client goes, and lets the next one in', async () => {
    const gone = new AbortController();
    const endless = {
      model: CHAT,
      stream: true,
      max_tokens: 450,
      messages: [{ role: 'user', content: 'Count up.' }],
    };
    const response = await post('/chat/completions', endless, gone.signal);
    const reader = response.body?.getReader();
    await reader?.read();
    gone.abort();
    await expect(answersCapital()).resolves.toContain('Paris');
  });

  it('answers 429 with Retry-After when all places are taken and the queue is full', async () => {
    const gone = new AbortController();
    const long = {
      model: CHAT,
      stream: true,
      max_tokens: 450,
      messages: [{ role: 'user', content: 'Count up.' }],
    };
    const running = await post('/chat/completions', long, gone.signal);
    await running.body?.getReader().read();
    const waiting = post('/chat/completions', long, gone.signal).catch(() => undefined);
    await expect
      .poll(async () => (await post('/chat/completions', { ...long, max_tokens: 1 })).status)
      .toBe(429);
    const refused = await post('/chat/completions', long);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await refused.json()).toMatchObject({ error: { code: 'queue_full', type: 'rate_limit_error' } });
    gone.abort();
    await waiting;
    await expect.poll(answersCapital, { timeout: 60_000 }).toContain('Paris');
  });
});

describe('odd input', () => {
  const chat = (content: unknown, more: Record<string, unknown> = {}): Record<string, unknown> => ({
    model: CHAT,
    max_tokens: 2,
    messages: [{ role: 'user', content }],
    ...more,
  });

  it.each<[string, unknown, number]>([
    ['empty content', chat(''), 200],
    ['no content', { model: CHAT, max_tokens: 2, messages: [{ role: 'user' }] }, 200],
    [
      'half a surrogate pair',
      '{"model":"smollm2-135m-instruct","max_tokens":2,"messages":[{"role":"user","content":"a\\ud800b\\udc00"}]}',
      200,
    ],
    ['NUL and control characters', chat('\u0000\u0001\u001b[31m\u007f\ufeff'), 200],
    [
      'only an answer of the assistant',
      { model: CHAT, max_tokens: 2, messages: [{ role: 'assistant', content: 'Hm' }] },
      200,
    ],
    [
      'two system messages at the end',
      {
        model: CHAT,
        max_tokens: 2,
        messages: [
          { role: 'user', content: 'a' },
          { role: 'system', content: 'b' },
          { role: 'developer', content: 'c' },
        ],
      },
      200,
    ],
    ['template syntax', chat('{% for x in range(9999999) %}{{ x }}{% endfor %}'), 200],
    ['emoji and right-to-left text', chat('😀🏳️‍🌈 שלום مرحبا \u202e'), 200],
    ['a seed out of 32 bits', chat('a', { seed: -9_007_199_254_740_991 }), 200],
    ['penalties', chat('a', { frequency_penalty: 2, presence_penalty: -2, temperature: 2 }), 200],
    ['a megabyte of one letter', chat('a'.repeat(1_000_000)), 400],
    ['a picture', chat([{ type: 'image_url', image_url: { url: 'data:,' } }]), 400],
    ['a tool', chat('a', { tools: [{ type: 'function', function: { name: 'f' } }] }), 400],
    ['no messages', { model: CHAT, messages: [] }, 400],
    ['no tokens', chat('a', { max_tokens: 0 }), 400],
    ['an empty stop sequence', chat('a', { stop: '' }), 400],
    ['an unknown role', { model: CHAT, messages: [{ role: 'wizard', content: 'a' }] }, 400],
    ['an unknown model', { ...chat('a'), model: 'gpt-4o' }, 404],
    ['a list for a body', [], 400],
    ['broken JSON', '{"model":', 400],
  ])('%s gets its answer, and the server goes on', async (_, body, status) => {
    const response = await post('/chat/completions', body);
    const answer = (await response.json()) as { error?: { message: string } };
    expect(response.status).toBe(status);
    // A refusal is one whole sentence; an answer has none.
    expect(answer.error?.message ?? 'None.').toMatch(/^[A-Za-z].+\.$/s);
  });

  it('leaves the model unharmed', async () => {
    await expect(answersCapital()).resolves.toContain('Paris');
  });
});

describe('embeddings', () => {
  it('rank similar sentences right, through the official client', async () => {
    const { data, usage } = await client.embeddings.create({
      model: EMBEDDINGS,
      input: ['The cat sits on the mat.', 'A feline rests on a rug.', 'Share prices fell sharply on Monday.'],
    });
    const [cat, feline, shares] = data.map(({ embedding }) => embedding);
    const cosine = (a: number[] = [], b: number[] = []): number =>
      a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
    expect(cat).toHaveLength(384);
    expect(cosine(cat, cat)).toBeCloseTo(1, 5);
    expect(cosine(cat, feline)).toBeGreaterThan(0.5);
    expect(cosine(cat, shares)).toBeLessThan(0.2);
    expect(usage.prompt_tokens).toBe(28);
  });

  it('agree with the reference implementation', async () => {
    // First numbers of sentence-transformers' vector for this sentence, length 1.
    const response = await post('/embeddings', { model: EMBEDDINGS, input: 'The cat sits on the mat.' });
    const { data } = (await response.json()) as { data: { embedding: number[] }[] };
    const reference = [0.13418, -0.0329, -0.0248, 0.04144, -0.03635, 0.04181];
    for (const [index, value] of reference.entries()) expect(data[0]?.embedding[index]).toBeCloseTo(value, 3);
  });

  it('are the same numbers as float and as base64', async () => {
    const ask = async (format: string): Promise<unknown> => {
      const response = await post('/embeddings', {
        model: EMBEDDINGS,
        input: ['a'],
        encoding_format: format,
      });
      return ((await response.json()) as { data: { embedding: unknown }[] }).data[0]?.embedding;
    };
    const bytes = Buffer.from((await ask('base64')) as string, 'base64');
    const numbers = (await ask('float')) as number[];
    expect(bytes.byteLength).toBe(384 * 4);
    for (const [index, value] of numbers.entries())
      expect(bytes.readFloatLE(index * 4)).toBeCloseTo(value, 6);
  });

  it.each([
    [
      'a text that is too long',
      { model: EMBEDDINGS, input: ['ok', 'word '.repeat(600)] },
      'context_length_exceeded',
    ],
    ['an empty text', { model: EMBEDDINGS, input: [''] }, 'invalid_request'],
    ['other dimensions', { model: EMBEDDINGS, input: 'a', dimensions: 3 }, 'unsupported'],
    ['the chat model', { model: CHAT, input: 'a' }, 'model_not_found'],
    ['no input', { model: EMBEDDINGS }, 'invalid_request'],
  ])('are refused for %s', async (_, body, code) => {
    const response = await post('/embeddings', body);
    expect(await response.json()).toMatchObject({ error: { code } });
  });
});

it('lists its models', async () => {
  const ids: string[] = [];
  for await (const model of client.models.list()) ids.push(model.id);
  expect(ids).toEqual([CHAT, EMBEDDINGS]);
});
