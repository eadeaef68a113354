/** OpenAI's own client as the judge of the wire. The model does what the test says. */
import type { AddressInfo } from 'node:net';
import OpenAI, {
  APIError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai';
import { afterEach, expect, it } from 'vitest';
import type { ChatModel, GenerationPart } from '#adapters/llama/language-model.ts';
import { FAILURES, type FailureCode } from '#domain/failures/failure-codes.ts';
import { Drain } from '#process/drain.ts';
import { createLogger } from '#telemetry/logger.ts';
import { buildLocalModelApp } from './app.ts';
import { createLocalModelMetrics } from './metrics.ts';

const END: GenerationPart = {
  kind: 'end',
  reason: 'stop',
  usage: { promptTokens: 10, cachedPromptTokens: 4, outputTokens: 2 },
};
const QUESTION = { model: 'chatter', messages: [{ role: 'user' as const, content: 'Hi' }] };

let stack: AsyncDisposableStack | undefined;

afterEach(async () => {
  await stack?.disposeAsync();
});

async function* parts(...list: readonly GenerationPart[]): AsyncGenerator<GenerationPart, void> {
  yield* list;
}

async function clientOf(
  generate: ChatModel['generate'],
  shutdown = new AbortController().signal,
): Promise<OpenAI> {
  const app = buildLocalModelApp({
    chatModel: { id: 'chatter', contextTokens: 100, parallelGenerations: 1, generate },
    embeddingModel: {
      id: 'embedder',
      contextTokens: 512,
      dimensions: 2,
      embed: async (text) => ({ vector: [0.5, text.length], tokens: text.length }),
    },
    metrics: createLocalModelMetrics(),
    logger: createLogger('local-model', 'silent'),
    queueLength: 0,
    defaultOutputTokens: 64,
    newId: () => 'id',
    now: () => 5_000,
    elapsed: () => 0,
    shutdown,
    drain: new Drain(),
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  stack = new AsyncDisposableStack();
  stack.defer(async () => await app.close());
  const { port } = app.server.address() as AddressInfo;
  return new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'none', maxRetries: 0 });
}

async function refusalOf(answer: PromiseLike<unknown>): Promise<APIError> {
  const error = await Promise.resolve(answer).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof APIError)) throw new Error('the client read no error');
  expect(error.type).toBe(FAILURES[error.code as FailureCode].type);
  expect(error.status ?? FAILURES[error.code as FailureCode].status).toBe(
    FAILURES[error.code as FailureCode].status,
  );
  return error;
}

it('reads a whole answer, what it cost and the id of its request', async () => {
  const client = await clientOf(() => parts({ kind: 'text', text: 'Hello' }, END));
  const { data, request_id } = await client.chat.completions.create(QUESTION).withResponse();
  expect(request_id).toBe('id');
  expect(data).toMatchObject({
    object: 'chat.completion',
    created: 5,
    model: 'chatter',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
  });
});

it('reads a stream to its end, and puts the answer together from it', async () => {
  const client = await clientOf(() =>
    parts({ kind: 'text', text: 'Hel' }, { kind: 'text', text: 'lo\n' }, END),
  );
  const runner = client.chat.completions.stream({ ...QUESTION, stream_options: { include_usage: true } });
  expect(await runner.finalChatCompletion()).toMatchObject({
    id: 'chatcmpl-id',
    choices: [{ message: { role: 'assistant', content: 'Hello\n' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 4 } },
  });
});

it('reads embeddings as the base64 that it asks for by itself', async () => {
  const client = await clientOf(() => parts(END));
  const answer = await client.embeddings.create({ model: 'embedder', input: ['a', 'abc'] });
  expect(answer.data.map(({ embedding }) => embedding)).toEqual([
    [0.5, 1],
    [0.5, 3],
  ]);
  expect(answer.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
});

it('reads what cannot be done, is wrong, or is not there, with the code and the field', async () => {
  const { chat, models } = await clientOf(() => parts(END));
  const tools = [{ type: 'function' as const, function: { name: 'f' } }];
  const cannot = await refusalOf(chat.completions.create({ ...QUESTION, tools }));
  expect(cannot).toBeInstanceOf(BadRequestError);
  expect(cannot).toMatchObject({ code: 'unsupported', param: 'tools', requestID: 'id' });
  const wrong = await refusalOf(chat.completions.create({ ...QUESTION, temperature: 3 }));
  expect(wrong).toMatchObject({ code: 'invalid_request', param: 'temperature' });
  for (const missing of [chat.completions.create({ ...QUESTION, model: 'x' }), models.retrieve('x')]) {
    const error = await refusalOf(missing);
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toMatchObject({ code: 'model_not_found', param: 'model' });
  }
});

it('reads that the queue is full and when to come back, and gets its answer then', async () => {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const { chat } = await clientOf(async function* wait() {
    begun.resolve();
    await release.promise;
    yield END;
  });
  const running = chat.completions.create(QUESTION);
  // A request of this client is sent when somebody waits for it.
  const answered = running.then(({ choices }) => choices.length);
  await begun.promise;
  const error = await refusalOf(chat.completions.create(QUESTION));
  expect(error).toBeInstanceOf(RateLimitError);
  expect(error.code).toBe('queue_full');
  expect(Number(error.headers?.get('retry-after'))).toBeGreaterThanOrEqual(1);
  release.resolve();
  expect(await answered).toBe(1);
});

it('reads the mistake of a model before and in the middle of an answer as an error, never as an end', async () => {
  const { chat } = await clientOf(async function* fail(request) {
    if (request.maximumOutputTokens === 2) yield { kind: 'text', text: 'a' };
    throw new Error('secret detail');
  });
  const before = await refusalOf(chat.completions.create(QUESTION));
  expect(before).toBeInstanceOf(InternalServerError);
  expect(before.code).toBe('internal_error');
  const stream = await chat.completions.create({ ...QUESTION, max_tokens: 2, stream: true });
  const texts: string[] = [];
  const cut = await refusalOf(
    (async () => {
      for await (const chunk of stream) texts.push(chunk.choices[0]?.delta.content ?? '');
    })(),
  );
  expect(texts.join('')).toBe('a');
  expect(cut.code).toBe('internal_error');
  expect(cut.message).not.toContain('secret');
});

it.each([false, true])('reads that the server is stopping (streamed: %s)', async (stream) => {
  const shutdown = new AbortController();
  const { chat } = await clientOf(async function* endless(_request, signal) {
    if (stream) yield { kind: 'text', text: 'a' };
    shutdown.abort(new Error('stopping'));
    signal.throwIfAborted();
    yield END;
  }, shutdown.signal);
  const answer = chat.completions.create({ ...QUESTION, stream });
  const error = await refusalOf(
    (async () => {
      const answered = await answer;
      if (Symbol.asyncIterator in answered) for await (const _ of answered);
    })(),
  );
  expect(error.code).toBe('shutting_down');
});
