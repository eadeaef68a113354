/** The informer against an API server that misbehaves in every way that is known of real ones. */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '#telemetry/logger.ts';
import { createKubeClient } from './kube-client.ts';
import type { KubeObject } from './kube-object.ts';
import { type InformerOptions, createResilientInformer } from './resilient-informer.ts';

const PATH = '/api/v1/configmaps';
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function object(name: string, resourceVersion: number, value = 'x'): object {
  return {
    metadata: { namespace: 'ns', name, uid: `uid-${name}`, resourceVersion: String(resourceVersion) },
    value,
  };
}

const event = (type: string, content: object): string => `${JSON.stringify({ type, object: content })}\n`;
const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };

/** What is listed now, and what each watch does: `undefined` keeps it open and silent. */
class FakeApiServer {
  readonly lists: URL[] = [];
  readonly watches: URL[] = [];
  items: object[] = [];
  resourceVersion = 1;
  onWatch: (response: ServerResponse, index: number) => void = () => undefined;
  onRequest: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  port = 0;
  readonly #open = new Set<ServerResponse>();

  readonly server = createServer((request, response) => {
    if (this.onRequest(request, response)) return;
    const url = new URL(request.url ?? '', 'http://server');
    response.writeHead(200, { 'content-type': 'application/json' });
    if (url.searchParams.get('watch') === 'true') {
      this.watches.push(url);
      this.#open.add(response);
      response.on('close', () => this.#open.delete(response));
      response.flushHeaders();
      this.onWatch(response, this.watches.length);
      return;
    }
    this.lists.push(url);
    const metadata = { resourceVersion: String(this.resourceVersion) };
    response.end(JSON.stringify({ metadata, items: this.items }));
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  send(text: string): void {
    for (const response of this.#open) response.write(text);
  }

  cut(): void {
    for (const response of this.#open) response.destroy();
  }
}

type Options = Partial<InformerOptions<KubeObject>>;

async function start(server: FakeApiServer, options: Options = {}) {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'fake', server: `http://127.0.0.1:${server.port}`, skipTLSVerify: true },
    { name: 'nobody' },
  );
  const kubeClient = createKubeClient(kubeConfig);
  const changes: string[] = [];
  const informer = createResilientInformer({
    kubeClient,
    path: PATH,
    logger: createLogger('test', 'silent'),
    random: () => 0.5,
    backoff: { minimumSeconds: 0.05, maximumSeconds: 0.2 },
    onChange: (key, { current, previous }) => {
      changes.push(`${current === undefined ? 'gone' : previous === undefined ? 'new' : 'changed'} ${key}`);
    },
    ...options,
  });
  const stop = new AbortController();
  const stopped = informer.start(stop.signal);
  cleanups.push(async () => {
    stop.abort();
    await stopped;
    await kubeClient.close();
  });
  return { informer, changes };
}

async function fakeApiServer(): Promise<FakeApiServer> {
  const server = await new FakeApiServer().start();
  cleanups.push(() => server.stop());
  return server;
}

const names = (objects: readonly KubeObject[]): readonly string[] =>
  objects.map(({ metadata }) => metadata.name).toSorted();

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`never true: ${isTrue.toString()}`);
    await sleep(5);
  }
}

describe('an informer', () => {
  it('holds what was listed, then follows additions, changes and deletions', async () => {
    const server = await fakeApiServer();
    server.items = [object('a', 1)];
    const { informer, changes } = await start(server);
    expect(informer.synced()).toBe(false);
    expect(informer.secondsSinceLastContact()).toBe(Infinity);
    await until(() => informer.synced() && server.watches.length === 1);
    expect(server.watches[0]?.searchParams.get('allowWatchBookmarks')).toBe('true');
    server.send(
      event('ADDED', object('b', 2)) +
        event('MODIFIED', object('a', 3, 'y')) +
        event('DELETED', object('b', 4)),
    );
    await until(() => changes.length === 4);
    expect(changes).toEqual(['new ns/a', 'new ns/b', 'changed ns/a', 'gone ns/b']);
    expect(informer.get('ns/a')).toMatchObject({ value: 'y' });
    expect(informer.secondsSinceLastContact()).toBeLessThan(5);
  });

  it('finds objects by their indexes, through events and through a list that repairs what events lost', async () => {
    const server = await fakeApiServer();
    server.items = [object('a', 1, 'red'), object('b', 1, 'red')];
    const { informer } = await start(server, {
      indexes: { value: (found: KubeObject) => [(found as KubeObject & { value: string }).value] },
    });
    const named = (value: string): string[] =>
      (informer.by as (index: string, value: string) => readonly KubeObject[])('value', value).map(
        ({ metadata }) => metadata.name,
      );
    await until(() => server.watches.length === 1);
    expect(named('red')).toEqual(['a', 'b']);
    server.send(event('MODIFIED', object('a', 2, 'blue')) + event('DELETED', object('b', 3, 'red')));
    await until(() => named('red').length === 0);
    expect(named('blue')).toEqual(['a']);
    server.items = [object('c', 4, 'blue')];
    server.resourceVersion = 5;
    server.send(event('ERROR', gone));
    await until(() => named('blue').join() === 'c');
  });

  it('sees an event whose line arrives in pieces, also inside of a letter', async () => {
    const server = await fakeApiServer();
    const { informer } = await start(server);
    await until(() => server.watches.length === 1);
    const bytes = Buffer.from(event('ADDED', object('a', 2, 'ñandú')));
    const middle = bytes.indexOf(0xc3) + 1;
    for (const response of [bytes.subarray(0, middle), bytes.subarray(middle)]) {
      server.send(response as unknown as string);
      await sleep(20);
    }
    await until(() => informer.list().length === 1);
    expect(informer.get('ns/a')).toMatchObject({ value: 'ñandú' });
  });

  it('watches on from the last version, bookmarks included, after a cut', async () => {
    const server = await fakeApiServer();
    await start(server);
    await until(() => server.watches.length === 1);
    server.send(event('BOOKMARK', { metadata: { resourceVersion: '77' } }));
    await sleep(60);
    server.cut();
    await until(() => server.watches.length === 2);
    expect(server.watches[1]?.searchParams.get('resourceVersion')).toBe('77');
    expect(server.lists).toHaveLength(1);
  });

  it.each([
    ['a line that is no JSON', '{"type":"ADDED","object":{"metadata":{"na\n'],
    ['a line that is no event', '{"hello":1}\n'],
  ])('lists again after %s, for what it said is lost (B04)', async (_, line) => {
    const server = await fakeApiServer();
    const { informer } = await start(server);
    await until(() => server.watches.length === 1);
    server.items = [object('lost', 5)];
    server.resourceVersion = 5;
    server.send(line);
    await until(() => informer.list().length === 1);
    expect(server.lists).toHaveLength(2);
  });

  it('lists again when a watch ends inside of a line (B04)', async () => {
    const server = await fakeApiServer();
    server.onWatch = (response, index) => {
      if (index > 1) return;
      server.items = [object('half', 2)];
      server.resourceVersion = 2;
      response.end(event('ADDED', object('half', 2)).slice(0, -20));
    };
    const { informer } = await start(server);
    await until(() => names(informer.list()).includes('half'));
    expect(server.lists).toHaveLength(2);
  });

  it('lists again after 410, be it a status or an event, and repairs what it missed (B03)', async () => {
    const server = await fakeApiServer();
    server.items = [object('a', 1), object('b', 1)];
    const { informer, changes } = await start(server);
    await until(() => server.watches.length === 1);
    server.items = [object('a', 1), object('c', 9)];
    server.resourceVersion = 9;
    server.send(event('ERROR', gone));
    await until(() => names(informer.list()).join() === 'a,c');
    expect(changes.slice(2).toSorted()).toEqual(['gone ns/b', 'new ns/c']);
    server.items = [object('d', 12)];
    server.resourceVersion = 12;
    let refusals = 0;
    server.onRequest = (request, response) => {
      if (!(request.url ?? '').includes('watch=true') || refusals > 0) return false;
      refusals += 1;
      response.writeHead(410, { 'content-type': 'application/json' }).end(JSON.stringify(gone));
      return true;
    };
    server.cut();
    await until(() => names(informer.list()).join() === 'd');
  });

  it('makes no storm when every watch is answered with 410 (B04)', async () => {
    const server = await fakeApiServer();
    server.onWatch = (response) => response.end(event('ERROR', gone));
    await start(server);
    await sleep(1000);
    // Waits of 0.05 to 0.2 s: about a dozen rounds of a list and a watch, not hundreds.
    expect(server.lists.length + server.watches.length).toBeLessThan(40);
    expect(server.lists.length).toBeGreaterThan(3);
  });

  it('makes no storm when every watch ends after one event', async () => {
    const server = await fakeApiServer();
    server.onWatch = (response, index) => response.end(event('ADDED', object(`o${index}`, 10 + index)));
    await start(server);
    await sleep(1000);
    expect(server.watches.length).toBeLessThan(40);
  });

  it.each([401, 403, 429, 500, 503])(
    'recovers from status %d without being started again (B04)',
    async (status) => {
      const server = await fakeApiServer();
      let refusals = 0;
      server.onRequest = (_, response) => {
        refusals += 1;
        if (refusals > 5) return false;
        response.writeHead(status, { 'content-type': 'application/json' }).end('{"kind":"Status"}');
        return true;
      };
      server.items = [object('a', 1)];
      const { informer } = await start(server);
      await until(() => informer.synced());
      expect(names(informer.list())).toEqual(['a']);
    },
  );

  it('survives an outage in which the server is gone, and says how long it has not heard of it', async () => {
    const server = await fakeApiServer();
    server.items = [object('a', 1)];
    const { informer } = await start(server);
    await until(() => server.watches.length === 1);
    await server.stop();
    await sleep(300);
    expect(informer.secondsSinceLastContact()).toBeGreaterThan(0.25);
    expect(names(informer.list())).toEqual(['a']);
    const revived = new FakeApiServer();
    revived.port = server.port;
    revived.items = [object('b', 5)];
    revived.resourceVersion = 5;
    await revived.start();
    cleanups.push(() => revived.stop());
    await until(() => names(informer.list()).join() === 'b');
    expect(informer.secondsSinceLastContact()).toBeLessThan(1);
  });

  it('lists again from time to time, and so repairs an event that never came (B03)', async () => {
    const server = await fakeApiServer();
    server.onWatch = (response, index) => {
      if (index > 1) setTimeout(() => response.end(), 600);
      else setTimeout(() => response.end(), 900);
    };
    const { informer } = await start(server, { relistSeconds: 0.5, watchSeconds: 1 });
    await until(() => server.watches.length === 1);
    server.items = [object('silent', 3)];
    server.resourceVersion = 3;
    await until(() => informer.list().length === 1);
    expect(names(informer.list())).toEqual(['silent']);
  });

  it('refuses states older than those it holds: late events and stale lists (B02)', async () => {
    const server = await fakeApiServer();
    server.items = [object('a', 50, 'new')];
    server.resourceVersion = 50;
    const { informer, changes } = await start(server);
    await until(() => server.watches.length === 1);
    server.send(event('MODIFIED', object('a', 40, 'old')) + event('DELETED', object('a', 45)));
    server.send(event('MODIFIED', object('a', 50, 'new')));
    server.items = [];
    server.resourceVersion = 30;
    server.send('garbage\n');
    await until(() => server.lists.length > 2);
    expect(informer.get('ns/a')).toMatchObject({ value: 'new' });
    expect(changes).toEqual(['new ns/a']);
    // An etcd that was restored from a backup starts lower for good: after some refusals it is believed.
    await until(() => informer.list().length === 0);
  });

  it('goes on when a handler throws', async () => {
    const server = await fakeApiServer();
    server.items = [object('a', 1)];
    const { informer } = await start(server, {
      onChange: () => {
        throw new Error('handler');
      },
    });
    await until(() => server.watches.length === 1);
    server.send(event('ADDED', object('b', 2)));
    await until(() => informer.list().length === 2);
    expect(names(informer.list())).toEqual(['a', 'b']);
  });

  it('leaves out an object that cannot be read, and keeps the others', async () => {
    const server = await fakeApiServer();
    server.items = [{ metadata: { name: 'no-uid' } }, object('a', 1)];
    const { informer } = await start(server);
    await until(() => informer.synced());
    expect(names(informer.list())).toEqual(['a']);
  });

  it('lists page by page', async () => {
    const server = await fakeApiServer();
    server.onRequest = (request, response) => {
      const url = new URL(request.url ?? '', 'http://server');
      if (url.searchParams.get('watch') === 'true') return false;
      const isFirst = !url.searchParams.has('continue');
      const metadata = { resourceVersion: '8', ...(isFirst ? { continue: 'more' } : {}) };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ metadata, items: [object(isFirst ? 'a' : 'b', 1)] }));
      return true;
    };
    const { informer } = await start(server);
    await until(() => informer.synced());
    expect(names(informer.list())).toEqual(['a', 'b']);
  });

  it('asks the server for objects by label and field', async () => {
    const server = await fakeApiServer();
    await start(server, { labelSelector: 'team=x', fieldSelector: 'metadata.name=a' });
    await until(() => server.watches.length === 1);
    for (const url of [...server.lists, ...server.watches]) {
      expect(url.searchParams.get('labelSelector')).toBe('team=x');
      expect(url.searchParams.get('fieldSelector')).toBe('metadata.name=a');
    }
  });
});
