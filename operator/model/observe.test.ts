import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AskRouter, createRouterClient } from './observe.ts';

const PROBE = {
  secret: 'resolved',
  price: 'table',
  reachable: 'reachable',
  key: 'accepted',
  message: 'fine',
};
const seen: string[] = [];
let answer: (response: ServerResponse) => void = () => undefined;
let directory: string;
let askRouter: AskRouter;

const server = createServer((request, response) => {
  seen.push(`${request.url} ${request.headers.authorization}`);
  answer(response);
});

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capataz-router-client-'));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const routerUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  askRouter = createRouterClient({ routerUrl, tokenPath: join(directory, 'token') });
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  await rm(directory, { recursive: true });
});

const ask = (signal = new AbortController().signal) => askRouter('ns', 'small', signal);

describe('asking the router about a Model', () => {
  it('reads the token for every request, because it is rotated', async () => {
    answer = (response) => response.end(JSON.stringify(PROBE));
    for (const token of ['first', 'second\n']) {
      await writeFile(join(directory, 'token'), token);
      expect(await ask()).toEqual({ kind: 'probed', probe: PROBE });
    }
    expect(seen).toEqual([
      '/internal/models/ns/small/probe Bearer first',
      '/internal/models/ns/small/probe Bearer second',
    ]);
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    ['refuses', (response) => response.writeHead(403).end('{}'), 'the router answered with status 403'],
    [
      'speaks of something else',
      (response) => response.end('{"a":1}'),
      'the router answered with something that is not a probe',
    ],
    ['says too much', (response) => response.end('x'.repeat(100_000)), 'the router answered with too much'],
    ['breaks off', (response) => response.destroy(), 'the router could not be asked (UND_ERR_SOCKET)'],
  ])('knows nothing when it %s', async (_, misbehave, message) => {
    answer = misbehave;
    expect(await ask()).toEqual({ kind: 'unanswered', message });
  });

  it('knows nothing without a token', async () => {
    await rm(join(directory, 'token'));
    expect(await ask()).toEqual({ kind: 'unanswered', message: 'the router could not be asked (ENOENT)' });
  });

  it('ends with the pass that asks', async () => {
    await writeFile(join(directory, 'token'), 'first');
    answer = () => undefined;
    await expect(ask(AbortSignal.timeout(50))).rejects.toThrow(/timeout/i);
  });
});
