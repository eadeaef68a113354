import { type ClientRequest, type Server, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TokenReviewResult } from '#adapters/kubernetes/token-reviewer.ts';
import { Drain } from '#process/drain.ts';
import { createLogger } from '#telemetry/logger.ts';
import { type AgentStreams, createAgentStreams } from './agent-streams.ts';
import { startConfigurationServer } from './server.ts';

/** An agent with a configuration such as `1`; one such as `follows /r` follows the rollout /r. */
const configurations = new Map<string, string>();
const rollouts = new Map<string, string>();
const clients: ClientRequest[] = [];
let streams: AgentStreams;
let server: Server;

function useStreams(options: Partial<Parameters<typeof createAgentStreams>[0]> = {}): void {
  streams = createAgentStreams({
    sources: {
      configuration: (key) => {
        const text = configurations.get(key);
        return text === undefined ? undefined : { text, rolloutKey: /^follows (\S+)/.exec(text)?.[1] };
      },
      formerConfiguration: (key) => configurations.get(key),
      rollout: (key) => rollouts.get(key),
    },
    maximumStreams: 3,
    maximumStreamsPerKey: 2,
    heartbeatSeconds: 0.05,
    slowReaderSeconds: 0.3,
    ...options,
  });
}

beforeEach(async () => {
  configurations.clear();
  rollouts.clear();
  useStreams();
  server = createServer((request, response) => {
    const [key = '', layout] = (request.url ?? '').split('?', 2);
    if (!streams.open(key, layout === 'former' ? 'former' : 'documents', response, 60))
      response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  streams.close();
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

interface Reader {
  text: string;
  status: number;
  hasEnded: boolean;
  readonly resume: () => void;
}

async function read(key: string, options: { readonly isPaused?: boolean } = {}): Promise<Reader> {
  const reader = { text: '', status: 0, hasEnded: false, resume: (): void => undefined };
  await new Promise<void>((resolve) => {
    const client = get({ port: (server.address() as AddressInfo).port, path: key }, (response) => {
      reader.status = response.statusCode ?? 0;
      response.on('close', () => (reader.hasEnded = true));
      response.on('error', () => undefined);
      reader.resume = () => response.on('data', (chunk) => (reader.text += String(chunk)));
      if (options.isPaused !== true) reader.resume();
      resolve();
    });
    client.on('error', () => undefined);
    clients.push(client);
  });
  return reader;
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`never true: ${isTrue.toString()}`);
    await sleep(5);
  }
}

const told = (reader: Reader, event = 'agent'): readonly string[] =>
  [...reader.text.matchAll(new RegExp(`event: ${event}\ndata: (.*)\n\n`, 'g'))].map(([, data]) => data ?? '');

function publish(key: string, configuration: string): void {
  configurations.set(key, configuration);
  streams.configurationChanged(key);
}

function release(key: string, document: string): void {
  rollouts.set(key, document);
  streams.rolloutChanged(key);
}

describe('the streams of agents', () => {
  it('tell the present configuration at once, then each change, and nothing twice', async () => {
    configurations.set('/a', '1');
    const reader = await read('/a');
    await until(() => told(reader).length === 1);
    for (const configuration of ['1', '2', '2', '3']) publish('/a', configuration);
    await until(() => told(reader).length === 3);
    expect(told(reader)).toEqual(['1', '2', '3']);
  });

  it('wait with comments for a configuration that is not there yet', async () => {
    const reader = await read('/a');
    await until(() => reader.text.split(': keep-alive\n\n').length > 3);
    publish('/a', '1');
    await until(() => told(reader).join() === '1');
    expect(told(reader)).toEqual(['1']);
  });

  it('tell nobody of the configuration of another', async () => {
    const [a, b] = [await read('/a'), await read('/b')];
    publish('/b', 'secret of b');
    await until(() => told(b).length === 1);
    await sleep(50);
    expect(a.text).not.toContain('secret');
  });

  it('tell every follower of a rollout its document, at once and with each change, and nobody else', async () => {
    for (const key of ['/a', '/b']) configurations.set(key, 'follows /r');
    configurations.set('/c', 'follows /other');
    rollouts.set('/r', 'old');
    const followers = [await read('/a'), await read('/b')];
    const other = await read('/c');
    release('/r', 'new');
    for (const reader of followers) await until(() => told(reader, 'rollout').join() === 'old,new');
    await sleep(20);
    expect(told(other, 'rollout')).toEqual([]);
    for (const reader of followers) expect(told(reader)).toEqual(['follows /r']);
  });

  it('follow another rollout as soon as the agent does', async () => {
    configurations.set('/a', 'follows /r');
    rollouts.set('/r', 'r');
    rollouts.set('/s', 's');
    const reader = await read('/a');
    publish('/a', 'follows /s');
    release('/r', 'not for it any more');
    release('/s', 's2');
    await until(() => told(reader, 'rollout').length === 3);
    expect(told(reader, 'rollout')).toEqual(['r', 's', 's2']);
  });

  it('tell pods of version 0.1 what they know, under its name', async () => {
    configurations.set('/a', '1');
    const reader = await read('/a?former');
    await until(() => told(reader, 'configuration').join() === '1');
    expect(told(reader)).toEqual([]);
  });

  it('are bounded in all and for one agent, and room that becomes free is used again', async () => {
    const readers = [await read('/a'), await read('/a')];
    expect((await read('/a')).status).toBe(503);
    readers.push(await read('/b'));
    expect((await read('/c')).status).toBe(503);
    expect(readers.map(({ status }) => status)).toEqual([200, 200, 200]);
    clients[0]?.destroy();
    await until(() => streams.count() === 2);
    expect((await read('/c')).status).toBe(200);
  });

  it('keep only the latest configuration for a reader that is slow, and tell it that one', async () => {
    useStreams({ slowReaderSeconds: 30 });
    const reader = await read('/a', { isPaused: true });
    const big = 'x'.repeat(1024 * 1024);
    for (let index = 0; index < 200; index += 1) publish('/a', `${index} ${big}`);
    reader.resume();
    await until(() => told(reader).some((data) => data.startsWith('199 ')));
    // The rest was never queued: what sockets hold is far less than 200 MiB.
    expect(told(reader).length).toBeLessThan(40);
  });

  it('cut off a reader that does not read at all', async () => {
    const reader = await read('/a', { isPaused: true });
    // More than the kernel holds for a connection.
    publish('/a', 'x'.repeat(64 * 1024 * 1024));
    await until(() => streams.count() === 0);
    expect(reader.status).toBe(200);
  });

  it('end when they are closed, so that agents come back elsewhere', async () => {
    const reader = await read('/a');
    streams.close();
    await until(() => reader.hasEnded);
    expect((await read('/a')).status).toBe(503);
    await until(() => streams.count() === 0);
  });
});

describe('the configuration server', () => {
  beforeEach(() => useStreams({ heartbeatSeconds: 30 }));

  const identity = (serviceAccount: string): TokenReviewResult => ({
    ok: true,
    identity: { namespace: 'mail', serviceAccount },
  });

  async function ask(review: TokenReviewResult, init: RequestInit = {}, path = '/v1/configuration') {
    const asked: string[] = [];
    const configurationServer = await startConfigurationServer({
      port: 0,
      host: '127.0.0.1',
      streams,
      drain: new Drain(),
      times: { drainSeconds: 1, drainLeadSeconds: 0 },
      logger: createLogger('test', 'silent'),
      random: () => 0.5,
      tokenReviewer: {
        review: (_, audience) => {
          asked.push(audience);
          return Promise.resolve(review);
        },
      },
    });
    const headers = { authorization: 'Bearer t' };
    try {
      const response = await fetch(`http://127.0.0.1:${configurationServer.port}${path}`, {
        headers,
        ...init,
      });
      const reader = response.body?.getReader();
      const first = Buffer.from((await reader?.read())?.value ?? []).toString();
      await reader?.cancel();
      return { status: response.status, first, asked, retryAfter: response.headers.get('retry-after') };
    } finally {
      await configurationServer.stop();
    }
  }

  it('gives an agent the configuration that its identity says', async () => {
    configurations.set('mail/agent-classifier', '{"agent":1}');
    const { status, first, asked } = await ask(identity('agent-classifier'));
    expect([status, first, asked]).toEqual([
      200,
      'event: agent\ndata: {"agent":1}\n\n',
      ['capataz-operator'],
    ]);
  });

  it.each<[string, TokenReviewResult, RequestInit, number]>([
    ['a token that is not accepted', { ok: false, reason: 'expired' }, {}, 401],
    ['no token', identity('agent-a'), { headers: {} }, 401],
    ['another scheme', identity('agent-a'), { headers: { authorization: 'Basic eA==' } }, 401],
    ['a ServiceAccount that is no agent’s', identity('default'), {}, 403],
    ['an API server that does not answer', { ok: false, reason: 'unavailable' }, {}, 503],
    ['another method', identity('agent-a'), { method: 'POST' }, 405],
  ])('refuses %s', async (_, review, init, status) => {
    const answer = await ask(review, init);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.first)).toHaveProperty('error.message');
    expect(answer.retryAfter && Number(answer.retryAfter) >= 2).toBe(status === 503 ? true : null);
  });

  it('serves nothing else', async () => {
    expect((await ask(identity('agent-a'), {}, '/v1/other')).status).toBe(404);
  });
});
