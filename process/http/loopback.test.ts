import { once } from 'node:events';
import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import { createLogger } from '#telemetry/logger.ts';
import { Drain } from '../drain.ts';
import { createHttpApp } from './http-service.ts';
import { startHttpServiceAt } from './loopback.ts';

let app: FastifyInstance;
let port: number;
beforeEach(async () => {
  const drain = new Drain();
  app = createHttpApp({
    logger: createLogger('test', 'silent', { write: () => undefined }),
    drain,
    paths: 'GET /secret',
    largestBodyBytes: 1024,
    body: 'json',
    refuse: ({ code, message }, _request, reply) => reply.code(FAILURES[code].status).send({ message }),
  });
  app.get('/secret', async () => 'secret');
  // The router's routes stand in plugins of their own.
  void app.register(async (within) => {
    within.get('/within', async () => 'secret');
  });
  const times = { drainSeconds: 0, drainLeadSeconds: 0 };
  ({ port } = await startHttpServiceAt({ host: '127.0.0.1' }, { app, port: 0, drain, times }));
});
afterEach(async () => {
  app.server.closeAllConnections();
  await app.close();
});

async function ask(host: string, path: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(`GET ${path} HTTP/1.1\r\nhost: ${host}:${port}\r\nconnection: close\r\n\r\n`);
  return (await socket.setEncoding('utf8').toArray()).join('');
}

describe.each(['/secret', '/within'])('a service for this machine alone, asked for %s', (path) => {
  it.each(['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]', '127.9.9.9'])(
    'answers who asks %s',
    async (name) => {
      expect(await ask(name, path)).toMatch(/^HTTP\/1\.1 200 [\s\S]*secret$/);
    },
  );

  it.each([
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '10.0.0.1',
    '0x7f.1',
    '[::2]',
  ])('refuses who asks %s: a name of somebody else that was let mean this machine', async (name) => {
    const answer = await ask(name, path);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('ask 127.0.0.1 or localhost');
  });
});

it('is not there for other addresses of the machine', async () => {
  const socket = connect(port, '127.0.0.2');
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain('ECONNREFUSED');
});
