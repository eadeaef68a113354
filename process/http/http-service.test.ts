import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import { createLogger } from '#telemetry/logger.ts';
import { Drain } from '../drain.ts';
import { eventStreamOf } from './event-stream.ts';
import { createHttpApp, startHttpService } from './http-service.ts';
import { requestIdOf } from './request-id.ts';

let app: FastifyInstance;
let port: number;
let lines: string[];
const cleanUps: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  lines = [];
  const drain = new Drain();
  app = createHttpApp({
    logger: createLogger('test', 'info', { write: (line) => void lines.push(line) }),
    drain,
    requestId: ({ headers }) => requestIdOf(headers['x-request-id'], () => 'made'),
    paths: 'POST /echo',
    largestBodyBytes: 1024 * 1024,
    body: 'json',
    limits: { headersMilliseconds: 100, requestMilliseconds: 200, checkMilliseconds: 20 },
    refuse: (refusal, _request, reply) =>
      reply.code(FAILURES[refusal.code].status).send({ error: { param: null, ...refusal } }),
  });
  app.post('/echo', (request, reply) => reply.send({ body: request.body }));
  app.get('/fault', () => {
    throw new Error('secret detail');
  });
  const times = { drainSeconds: 0, drainLeadSeconds: 0 };
  ({ port } = await startHttpService({ app, port: 0, drain, times }));
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  app.server.closeAllConnections();
  await app.close();
});

/** What comes back for bytes on a connection, until the other side ends it. */
async function exchange(bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

describe('an HTTP service', () => {
  it.each<[string, string, RequestInit, number, string]>([
    ['another path', '/other', {}, 404, 'There is no GET /other here: use POST /echo.'],
    ['a path that is none', '/%zz', {}, 400, 'The request could not be read.'],
    ['a body that is no JSON', '/echo', { method: 'POST', body: '{' }, 400, 'The body is not valid JSON'],
    ['no body', '/echo', { method: 'POST', body: '' }, 400, 'The body is'],
    ['a body too deep', '/echo', { method: 'POST', body: '['.repeat(1000) }, 400, 'nests deeper'],
    ['a body too large', '/echo', { method: 'POST', body: `"${'x'.repeat(2e6)}"` }, 413, 'larger than 1 MiB'],
    [
      'another type',
      '/echo',
      { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } },
      415,
      'must be JSON',
    ],
    ['a fault of ours', '/fault', {}, 500, 'its log says why'],
  ])('refuses %s with a sentence and an id', async (_name, path, init, status, sentence) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      ...init,
      headers: init.headers ?? (init.method === undefined ? {} : { 'content-type': 'application/json' }),
    });
    const text = await response.text();
    expect(response.status).toBe(status);
    expect(JSON.parse(text)).toMatchObject({
      error: { message: expect.stringContaining(sentence) as string },
    });
    expect(text).not.toContain('secret');
    expect(response.headers.get('x-request-id')).toBe('made');
  });

  it.each(['content-length: 1073741824', 'transfer-encoding: chunked'])(
    'refuses an upload to a path that is none by its head alone, and ends the connection: %s',
    async (length) => {
      const head = `POST /other HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n${length}\r\n\r\n`;
      expect(await exchange(head)).toMatch(
        /^HTTP\/1.1 404 [^]*connection: close[^]*There is no POST \/other here/,
      );
    },
  );

  it('serves on where a short body was sent to a path that is none', async () => {
    const post = (path: string, end = ''): string =>
      `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n${end}content-length: 2\r\n\r\n{}`;
    expect(await exchange(post('/other') + post('/echo', 'connection: close\r\n'))).toMatch(
      /^HTTP\/1.1 404 [^]*HTTP\/1.1 200 [^]*\{"body":\{\}\}$/,
    );
  });

  it('writes a fault of ours into the log, under the id that the caller was told', async () => {
    await fetch(`http://127.0.0.1:${port}/fault`, { headers: { 'x-request-id': 'mine' } });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'error', requestId: 'mine', error: { message: 'secret detail' } },
    ]);
  });

  it.each([
    ['bytes that are no HTTP', 'hello\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    ['a head that does not come whole', 'GET / HTTP/1.1\r\nhost:', 408],
  ])('answers %s in the shape of its errors and ends the connection', async (_name, bytes, status) => {
    const answer = await exchange(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({
      error: { code: 'invalid_request', param: null },
    });
  });
});

describe('an HTTP service that gives up what does not move', () => {
  const LARGER_THAN_THE_KERNEL_HOLDS = 'x'.repeat(32 * 1024 * 1024);

  async function stalling(): Promise<{ readonly url: string; readonly server: Server }> {
    const drain = new Drain();
    const started = createHttpApp({
      logger: createLogger('test', 'silent'),
      drain,
      paths: 'GET /large and GET /events',
      largestBodyBytes: 1024,
      body: 'json',
      stallMilliseconds: 300,
      refuse: (refusal, _request, reply) => reply.code(500).send(refusal),
    });
    started.get('/large', (_request, reply) => reply.send(LARGER_THAN_THE_KERNEL_HOLDS));
    started.get('/events', (_request, reply) => {
      const stream = eventStreamOf(reply, { stallSeconds: 30, keepAliveSeconds: 0.05 });
      stream.open();
      setTimeout(() => stream.end('data: end\n\n'), 1_000);
    });
    const service = await startHttpService({
      app: started,
      port: 0,
      drain,
      times: { drainSeconds: 0, drainLeadSeconds: 0 },
    });
    cleanUps.push(() => {
      started.server.closeAllConnections();
      return started.close();
    });
    return { url: `http://127.0.0.1:${service.port}`, server: started.server };
  }

  it('ends the connection of a client that never reads its answer', async () => {
    const { url, server } = await stalling();
    const asked = once(server, 'request');
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    socket.write('GET /large HTTP/1.1\r\nhost: a\r\n\r\n');
    await asked;
    const connections = promisify(server.getConnections.bind(server));
    await expect.poll(() => connections(), { timeout: 60_000 }).toBe(0);
    socket.destroy();
  });

  it('leaves a stream open that has nothing to say but comments', async () => {
    const { url } = await stalling();
    const text = await (await fetch(`${url}/events`)).text();
    expect(text).toMatch(/^(: keep-alive\n\n){3,}data: end\n\n$/);
  });
});
