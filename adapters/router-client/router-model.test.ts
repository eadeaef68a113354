import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type ModelAnswer, ModelError, type ModelRequest } from '#domain/conversation/model.ts';
import { type RouterModel, createRouterModel } from './router-model.ts';

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A router on 127.0.0.1 that answers every request as told, and the client for it. */
async function router(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
  tokenPath?: string,
  now: () => number = () => performance.now(),
): Promise<{ readonly model: RouterModel; readonly received: Received[]; readonly port: number }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
      received.push({ path: request.url ?? '', headers: request.headers, body });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const model = createRouterModel({ url: `http://127.0.0.1:${port}`, tokenPath, now });
  closers.push(
    async () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
    async () => model.close(),
  );
  return { model, received, port };
}

const COMPLETION = {
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'provider-name',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'Hi', refusal: null }, finish_reason: 'stop' },
  ],
  usage: {
    prompt_tokens: 9,
    completion_tokens: 2,
    total_tokens: 11,
    prompt_tokens_details: { cached_tokens: 4 },
  },
  capataz: { requestId: 'r', model: 'small', attempts: 1, costNanoUsd: 1234 },
};

function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

function chunk(delta: object, finish: string | null = null): string {
  return `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'p', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
}
const USAGE = `data: ${JSON.stringify({ choices: [], usage: COMPLETION.usage, capataz: COMPLETION.capataz })}\n\n`;
const DONE = 'data: [DONE]\n\n';

const PURPOSE = { runId: 'run-1', step: 2, prompt: { version: 'triage-0a1b', digest: 'sha256:0a1b' } };
const REQUEST: ModelRequest = {
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [],
  sampling: { temperature: 0, topK: 5 },
};

function ask(
  model: RouterModel,
  onText?: (text: string) => void,
  signal = new AbortController().signal,
  onRequestId: (requestId: string) => void = () => undefined,
): Promise<ModelAnswer> {
  return model.answer(REQUEST, {
    signal,
    purpose: PURPOSE,
    onRequestId,
    remainingMilliseconds: 5000,
    ...(onText === undefined ? {} : { onText }),
  });
}

async function errorOf(asking: Promise<unknown>): Promise<ModelError> {
  try {
    await asking;
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
  throw new Error('there was an answer');
}

describe('a whole answer', () => {
  it('carries text, tokens, the Model that answered and its cost', async () => {
    const { model, received } = await router((response) => json(response, 200, COMPLETION));
    expect(await ask(model)).toEqual({
      model: 'small',
      content: 'Hi',
      toolCalls: [],
      finishReason: 'stop',
      usage: { inputTokens: 9, cachedInputTokens: 4, outputTokens: 2 },
      costNanoUsd: 1234,
    });
    expect(received).toMatchObject([
      {
        path: '/v1/chat/completions',
        body: { model: 'auto', messages: REQUEST.messages, temperature: 0, top_k: 5 },
        headers: { 'x-capataz-deadline-ms': '7000' },
      },
    ]);
    expect(received[0]?.body).not.toHaveProperty('stream');
  });

  it("keeps tool calls whole, providers' own fields included", async () => {
    const call = {
      id: 'c',
      type: 'function',
      function: { name: 'f', arguments: '{}' },
      extra_content: { google: { thought_signature: 'sig' } },
    };
    const { model } = await router((response) =>
      json(response, 200, {
        choices: [
          { message: { role: 'assistant', content: null, tool_calls: [call] }, finish_reason: 'tool_calls' },
        ],
      }),
    );
    expect(await ask(model)).toEqual({
      model: 'unknown',
      content: null,
      toolCalls: [{ id: 'c', name: 'f', argumentsText: '{}', signature: 'sig' }],
      finishReason: 'tool_calls',
      costNanoUsd: null,
    });
  });

  it('comes with its reasoning, which goes back with the next turn as it was', async () => {
    const message = {
      role: 'assistant',
      content: 'Hi',
      reasoning_content: 'hm',
      reasoning_signature: 'sig',
    };
    const { model, received } = await router((response) =>
      json(response, 200, { choices: [{ message, finish_reason: 'stop' }] }),
    );
    const { reasoning, content } = await ask(model);
    expect(reasoning).toEqual({ text: 'hm', signature: 'sig' });
    const messages = [{ role: 'assistant' as const, content, ...(reasoning && { reasoning }) }];
    await model.answer(
      { ...REQUEST, messages },
      {
        signal: new AbortController().signal,
        purpose: PURPOSE,
        onRequestId: () => undefined,
        remainingMilliseconds: 5000,
      },
    );
    expect(received[1]?.body['messages']).toEqual([message]);
  });

  it.each([['{"choices":[]}'], ['<html>'], ['[1]'], ['']])(
    'that cannot be read is a typed error: %s',
    async (body) => {
      const { model } = await router((response) => {
        response.writeHead(200);
        response.end(body);
      });
      expect((await errorOf(ask(model))).code).toBe('answer_malformed');
    },
  );

  it('without end is given up at its bound', async () => {
    const { model } = await router((response) => {
      response.writeHead(200);
      const piece = Buffer.alloc(1024 * 1024, 0x20);
      const write = (): void => {
        while (!response.destroyed && response.write(piece));
        if (!response.destroyed) response.once('drain', write);
      };
      write();
    });
    expect((await errorOf(ask(model))).message).toContain('larger than');
  });
});

describe('the identity', () => {
  async function tokenFile(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'token-'));
    closers.push(async () => rm(folder, { recursive: true }));
    return join(folder, 'token');
  }

  it('is the token of its file, read again after a few seconds', async () => {
    const tokenPath = await tokenFile();
    let at = 0;
    const { model, received } = await router(
      (response) => json(response, 200, COMPLETION),
      tokenPath,
      () => at,
    );
    for (const token of ['first', 'second', 'third']) {
      await writeFile(tokenPath, `${token}\n`);
      await ask(model);
      at += 2_500;
    }
    expect(received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first',
      'Bearer first',
      'Bearer third',
    ]);
  });

  it('is read again at once when the router refused it', async () => {
    const tokenPath = await tokenFile();
    const refusal = { error: { message: 'The token has expired.', type: 't', code: 'unauthenticated' } };
    const { model, received } = await router(
      (response, { headers }) =>
        headers.authorization === 'Bearer old'
          ? json(response, 401, refusal)
          : json(response, 200, COMPLETION),
      tokenPath,
      () => 0,
    );
    await writeFile(tokenPath, 'old');
    await errorOf(ask(model));
    await writeFile(tokenPath, 'new');
    await ask(model);
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
  });

  it('that cannot be read is a typed error, and nothing is sent', async () => {
    const { model, received } = await router((response) => json(response, 200, COMPLETION), '/nowhere/token');
    expect((await errorOf(ask(model))).code).toBe('unauthenticated');
    expect(received).toEqual([]);
  });
});

describe('a call and its charge', () => {
  const STREAM_HEAD = { 'content-type': 'text/event-stream', 'x-request-id': 'r-7' };

  it.each<[string, (response: ServerResponse) => void, boolean]>([
    ['a whole answer', (response) => json(response, 200, COMPLETION, { 'x-request-id': 'r-7' }), false],
    [
      'an answer under the older header',
      (response) => json(response, 200, COMPLETION, { 'x-capataz-request-id': 'r-7' }),
      false,
    ],
    [
      'a refusal',
      (response) =>
        json(response, 429, { error: { message: 'm', code: 'rate_limited' } }, { 'x-request-id': 'r-7' }),
      false,
    ],
    [
      'a stream',
      (response) =>
        response.writeHead(200, STREAM_HEAD).end(`${chunk({ content: 'Hi' }, 'stop')}${USAGE}${DONE}`),
      true,
    ],
    [
      'a stream that is cut',
      (response) => response.writeHead(200, STREAM_HEAD).end(chunk({ content: 'Hi' })),
      true,
    ],
    [
      'a connection that breaks behind the head',
      (response) => {
        response.writeHead(200, STREAM_HEAD).flushHeaders();
        setTimeout(() => response.destroy(), 20);
      },
      true,
    ],
  ])("are joined by the router's id of the request: %s", async (_name, answer, isStreaming) => {
    const { model, received } = await router(answer);
    const heard: string[] = [];
    const asking = ask(model, isStreaming ? () => undefined : undefined, undefined, (id) => heard.push(id));
    await Promise.allSettled([asking]);
    expect(heard).toEqual(['r-7']);
    expect(received[0]?.headers).toMatchObject({
      'x-capataz-run-id': 'run-1',
      'x-capataz-step': '2',
      'x-capataz-prompt-version': 'triage-0a1b',
      'x-capataz-prompt-digest': 'sha256:0a1b',
    });
  });

  it('takes no id that a log line should not hold', async () => {
    const { model } = await router((response) =>
      json(response, 200, COMPLETION, { 'x-request-id': 'x'.repeat(4000) }),
    );
    const heard: string[] = [];
    await ask(model, undefined, undefined, (id) => heard.push(id));
    expect(heard).toEqual([]);
  });
});

describe('an error of the router', () => {
  it.each([
    [400, 'context_length_exceeded', 'context_length_exceeded'],
    [401, 'unauthenticated', 'unauthenticated'],
    [403, 'model_not_allowed', 'model_not_allowed'],
    [404, 'model_not_found', 'model_not_found'],
    [429, 'rate_limited', 'rate_limited'],
    [500, 'internal_error', 'internal_error'],
    [502, 'answer_malformed', 'answer_malformed'],
    [503, 'no_model_available', 'no_model_available'],
    [504, 'timed_out', 'timed_out'],
    [400, 'of_another_server', 'request_refused'],
    [403, 'of_another_server', 'unauthenticated'],
    [429, 'of_another_server', 'rate_limited'],
    [502, 'toString', 'unavailable'],
  ])(
    'with status %i and code %s is %s with its sentence and its time to wait',
    async (status, code, expected) => {
      const { model } = await router((response) =>
        json(
          response,
          status,
          { error: { message: 'One\nsentence.', type: 't', code } },
          { 'retry-after': '3', 'retry-after-ms': '2500' },
        ),
      );
      const { code: found, message, retryAfterSeconds } = await errorOf(ask(model));
      expect({ found, message, retryAfterSeconds }).toEqual({
        found: expected,
        message: 'One sentence.',
        retryAfterSeconds: 2.5,
      });
    },
  );

  it('that is no JSON is told by its status', async () => {
    const { model } = await router((response) => {
      response.writeHead(502);
      response.end('<html>Bad Gateway</html>');
    });
    expect((await errorOf(ask(model))).message).toBe('the router answered with status 502');
  });

  it('A4: that is not there at all is a typed error soon', async () => {
    const gone = createRouterModel({ url: 'http://127.0.0.1:1', now: () => 0 });
    closers.push(async () => gone.close());
    expect(await errorOf(ask(gone))).toMatchObject({
      code: 'unreachable',
      message: 'the router cannot be reached',
    });
  });

  it('that breaks the connection is not asked again, for the call may have cost money', async () => {
    const { model, received } = await router((response) => response.destroy());
    expect((await errorOf(ask(model))).code).toBe('answer_cut');
    expect(received).toHaveLength(1);
  });
});

describe('a streamed answer', () => {
  it('tells text as it comes and puts the whole together', async () => {
    const { model, received } = await router((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const text = `: comment\n\n${chunk({ role: 'assistant', content: '' })}${chunk({ content: 'Grü' })}${chunk({ content: 'ße' })}${chunk({}, 'stop')}${USAGE}${DONE}`;
      // In pieces of three bytes: events and characters are cut anywhere on the wire.
      const bytes = Buffer.from(text);
      for (let from = 0; from < bytes.length; from += 3) response.write(bytes.subarray(from, from + 3));
      response.end();
    });
    const texts: string[] = [];
    expect(await ask(model, (text) => texts.push(text))).toMatchObject({
      content: 'Grüße',
      model: 'small',
      costNanoUsd: 1234,
      finishReason: 'stop',
      usage: { inputTokens: 9 },
    });
    expect(texts.join('')).toBe('Grüße');
    expect(received[0]?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  it('puts tool calls together from their pieces', async () => {
    const { model } = await router((response) => {
      response.writeHead(200);
      response.end(
        [
          chunk({
            tool_calls: [
              {
                index: 0,
                id: 'a',
                type: 'function',
                function: { name: 'f', arguments: '' },
                extra_content: { google: { thought_signature: 'sig' } },
              },
            ],
          }),
          chunk({
            tool_calls: [{ index: 1, id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } }],
          }),
          chunk({ tool_calls: [{ index: 0, function: { arguments: '{"x"' } }] }),
          chunk({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
          chunk({}, 'tool_calls'),
          DONE,
        ].join(''),
      );
    });
    const { toolCalls, content } = await ask(model, () => undefined);
    expect(content).toBeNull();
    expect(toolCalls).toEqual([
      { id: 'a', name: 'f', argumentsText: '{"x":1}', signature: 'sig' },
      { id: 'b', name: 'g', argumentsText: '{}' },
    ]);
  });

  it.each([
    [
      'an error event',
      `${chunk({ content: 'Hi' })}data: {"error":{"message":"cut off","type":"t","code":"c"}}\n\n`,
      'answer_cut',
    ],
    ['no [DONE]', `${chunk({ content: 'Hi' })}${chunk({}, 'stop')}`, 'answer_cut'],
    ['[DONE] without a finish reason', `${chunk({ content: 'Hi' })}${DONE}`, 'answer_cut'],
    ['an event that is no JSON', `data: {"choices"\n\n${DONE}`, 'answer_malformed'],
    ['nothing at all', '', 'answer_cut'],
  ])('B19: with %s is an error and never an answer', async (_name, text, code) => {
    const { model } = await router((response) => {
      response.writeHead(200);
      response.end(text);
    });
    expect((await errorOf(ask(model, () => undefined))).code).toBe(code);
  });

  it('B19: whose connection breaks is an error', async () => {
    const { model } = await router((response) => {
      response.writeHead(200);
      response.write(chunk({ content: 'Hi' }), () => response.destroy());
    });
    expect((await errorOf(ask(model, () => undefined))).code).toBe('answer_cut');
  });
});

describe('ending a call', () => {
  it.each([['whole'], ['streamed']])(
    'closes the %s request upstream and rejects with the reason',
    async (kind) => {
      const closed = Promise.withResolvers<void>();
      const arrived = Promise.withResolvers<void>();
      const { model } = await router((response, request) => {
        if (kind === 'streamed') {
          response.writeHead(200);
          response.write(chunk({ content: 'Hi' }));
        }
        request.socket.once('close', () => closed.resolve());
        arrived.resolve();
      });
      const controller = new AbortController();
      const asking = ask(model, kind === 'streamed' ? () => undefined : undefined, controller.signal);
      asking.catch(() => undefined);
      await arrived.promise;
      const reason = new Error('enough');
      controller.abort(reason);
      await expect(asking).rejects.toBe(reason);
      await closed.promise;
    },
  );
});
