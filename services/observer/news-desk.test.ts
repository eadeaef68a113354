/** What readers of the news are told, over real connections. */
import { type IncomingMessage, type Server, createServer, get } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentRow } from '#domain/observation/agent-row.ts';
import { ObservedNews } from '#domain/observation/observed-news.ts';
import { EventStream } from '#process/http/event-stream.ts';
import { listen } from '#process/http/listen.ts';
import { NewsDesk } from './news-desk.ts';
import type { Judged } from './observation.ts';
import { aRow } from './testing/sample-rows.ts';

let desk: NewsDesk;
let clock: number;
let server: Server;
let port: number;
const clients: IncomingMessage[] = [];

beforeEach(async () => {
  clock = 0;
  desk = new NewsDesk(100, () => clock);
  server = createServer((_request, response) => {
    const stream = new EventStream(response, { stallSeconds: 30, onResume: () => place.caughtUp() });
    stream.open();
    const place = desk.join(stream);
    response.once('close', () => place.leave());
  });
  port = await listen(server, 0, '127.0.0.1');
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

function judged(rows: readonly AgentRow[], changes: Partial<Judged> = {}): Judged {
  return { rows, namespaces: [], attention: [], atMicroseconds: 1, problem: null, lagSeconds: 0, ...changes };
}

const row = (name: string, total = 0): AgentRow =>
  aRow({ name, runs: { total, failed: 0, fitting: 0, unfitting: 0 } });

/** Reads only when it is asked to. */
async function connect(): Promise<IncomingMessage> {
  const client = await new Promise<IncomingMessage>((resolve) => {
    get({ port, host: '127.0.0.1' }, resolve);
  });
  clients.push(client);
  return client;
}

/** The next so many, from now on. */
async function newsOf(client: IncomingMessage, count: number): Promise<readonly ObservedNews[]> {
  const heard: ObservedNews[] = [];
  let rest = '';
  client.setEncoding('utf8');
  for await (const text of client.iterator({ destroyOnReturn: false })) {
    rest += String(text);
    const events = rest.split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) heard.push(ObservedNews.parse(JSON.parse(data)));
    }
    if (heard.length >= count) return heard;
  }
  return heard;
}

const names = ({ rows }: ObservedNews): readonly string[] => rows.map(({ name }) => name);

describe('a reader of the news', () => {
  it('is told everything first, then what changed and what went, in versions that grow', async () => {
    desk.publish(judged([row('one'), row('two')]));
    const client = await connect();
    const [whole] = await newsOf(client, 1);
    expect(whole).toMatchObject({ isWhole: true, removedRows: [] });
    expect(whole && names(whole)).toEqual(['one', 'two']);
    desk.publish(judged([row('one', 5)]));
    const [changed] = await newsOf(client, 1);
    expect(changed).toMatchObject({ isWhole: false, removedRows: [{ namespace: 'shop', name: 'two' }] });
    expect(changed && names(changed)).toEqual(['one']);
    expect(changed?.version).toBeGreaterThan(whole?.version ?? Number.NaN);
  });

  it('waits for the first judgement where there is none yet', async () => {
    const client = await connect();
    desk.publish(judged([row('one')], { problem: 'The ledger has not been read yet.' }));
    const [first] = await newsOf(client, 1);
    expect(first).toMatchObject({ isWhole: true, problem: 'The ledger has not been read yet.' });
  });

  it('is told nothing while nothing changes, but every five seconds how current it is', async () => {
    desk.publish(judged([row('one')]));
    const client = await connect();
    await newsOf(client, 1);
    clock = 4_999;
    desk.publish(judged([row('one')], { atMicroseconds: 2 }));
    clock = 5_000;
    desk.publish(judged([row('one')], { atMicroseconds: 3 }));
    const [beat] = await newsOf(client, 1);
    expect(beat).toMatchObject({ isWhole: false, rows: [], asOfMicroseconds: 3 });
  });

  it('that reads slowly gets what it missed at once, and what came back before it looked was never gone', async () => {
    const stateSentence = 'x'.repeat(1_024);
    const many = Array.from({ length: 10_000 }, (_, index) => ({ ...row(`agent-${index}`), stateSentence }));
    desk.publish(judged(many));
    // The whole picture is larger than what the kernel holds for a connection: he reads nothing yet.
    const slow = await connect();
    desk.publish(judged(many.slice(1)));
    desk.publish(judged([row('agent-0', 7), ...many.slice(1)]));
    desk.publish(judged([row('agent-0', 8), ...many.slice(2)]));
    const [whole, missed] = await newsOf(slow, 2);
    expect(whole?.rows).toHaveLength(10_000);
    expect(missed).toMatchObject({ isWhole: false, removedRows: [{ name: 'agent-1' }] });
    expect(missed?.rows).toMatchObject([{ name: 'agent-0', runs: { total: 8 } }]);
  });

  it('is forgotten when he leaves', async () => {
    const client = await connect();
    expect(desk.readers).toBe(1);
    client.destroy();
    await expect.poll(() => desk.readers).toBe(0);
  });
});
