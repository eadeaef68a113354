/** One stream a tab: what changed, for those who may see it, as long as they may. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConsoleUnderTest,
  EVERYTHING,
  type Visitor,
  startConsoleUnderTest,
} from './testing/console-under-test.ts';
import { aRow, anAgent } from './testing/sample-observations.ts';
import { NO_NEWS } from './testing/scripted-observer.ts';

const OF_SHOP = EVERYTHING.map((right) => right.replace('*', 'shop'));

let console: ConsoleUnderTest;
beforeEach(async () => {
  console = await startConsoleUnderTest();
  for (const namespace of ['shop', 'hidden']) console.kubernetes.put('agents', anAgent(namespace, 'triage'));
});
afterEach(async () => {
  await console[Symbol.asyncDispose]();
});

interface Stream extends Disposable {
  readonly status: number;
  readonly text: () => string;
  readonly isEnded: () => boolean;
}

async function openStream(person: Visitor): Promise<Stream> {
  const ends = new AbortController();
  const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await fetch(`${console.url}/v1/stream`, { headers: { cookie }, signal: ends.signal });
  let text = '';
  let isEnded = false;
  const read = async (): Promise<void> => {
    try {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString('utf8');
      isEnded = true;
    } catch {
      // The test has gone.
    }
  };
  void read();
  return {
    status: response.status,
    text: () => text,
    isEnded: () => isEnded,
    [Symbol.dispose]: () => ends.abort(),
  };
}

describe('the live stream', () => {
  it('says at once that it lives, and within a second or two what changed', async () => {
    const ana = await console.person('ana', OF_SHOP);
    using stream = await openStream(ana);
    await expect.poll(stream.text).toContain('event: beat');
    console.observer.tell({ ...NO_NEWS, isWhole: false, rows: [aRow('shop', 'triage')] });
    await expect.poll(stream.text, { timeout: 5_000 }).toContain('"agent/shop/triage"');
    expect(stream.text()).toContain('"agents"');
  });

  it('says nothing of a namespace that the person may not see', async () => {
    const ana = await console.person('ana', OF_SHOP);
    using stream = await openStream(ana);
    console.observer.tell({ ...NO_NEWS, isWhole: false, rows: [aRow('hidden', 'triage')] });
    console.kubernetes.put('agents', anAgent('hidden', 'another'));
    console.observer.tell({ ...NO_NEWS, isWhole: false, rows: [aRow('shop', 'triage')] });
    await expect.poll(stream.text, { timeout: 5_000 }).toContain('"agent/shop/triage"');
    expect(stream.text()).not.toContain('hidden');
  });

  it('tells that the observer went away', async () => {
    const ana = await console.person('ana', OF_SHOP);
    using stream = await openStream(ana);
    console.observer.isAway = true;
    console.observer.drop();
    await expect.poll(stream.text, { timeout: 5_000 }).toContain('What it knew last is shown.');
  });

  it('ends with the session', async () => {
    const ana = await console.person('ana', OF_SHOP);
    using stream = await openStream(ana);
    await expect.poll(stream.text).toContain('event: beat');
    await ana.request('DELETE', '/v1/session');
    await expect.poll(stream.isEnded, { timeout: 5_000 }).toBe(true);
  });

  it('is not opened without a session, and no more than twenty times in one', async () => {
    expect((await console.visitor().get('/v1/stream')).status).toBe(401);
    const ana = await console.person('ana', OF_SHOP);
    using streams = new DisposableStack();
    const statuses: number[] = [];
    for (let index = 0; index < 21; index += 1) statuses.push(streams.use(await openStream(ana)).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    expect(statuses.at(-1)).toBe(429);
  });
});
