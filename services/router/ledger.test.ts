import { afterEach, describe, expect, it } from 'vitest';
import { LedgerRecord, type RecordDraft } from '#domain/ledger/ledger-record.ts';
import { NO_LEDGER, type RecordWriter } from '#domain/ledger/record-writer.ts';
import type { RoutableModel } from '#domain/routing/routable-model.ts';
import { AGENT_TOKEN, type RouterUnderTest, startRouterUnderTest } from '#test/fakes/router-under-test.ts';
import {
  type ProviderScript,
  honestProvider,
  openAiAnswer,
  sayJson,
  startScriptedProvider,
} from '#test/fakes/scripted-provider.ts';
import { createKeyRotations } from './key-rotations.ts';
import { RepeatedEvents } from './security-events.ts';

const SOURCE = { process: 'router', instance: 'router-0', boot: 'b', sequence: 1 } as const;

interface Book extends RecordWriter {
  readonly drafts: RecordDraft[];
  hasRoomNow: boolean;
}

function aBook(): Book {
  const book: Book = {
    ...NO_LEDGER,
    drafts: [],
    hasRoomNow: true,
    hasRoom: () => book.hasRoomNow,
    write: (draft) => void book.drafts.push(draft),
  };
  return book;
}

/** As the ledger reads them: whatever does not fit throws. */
function recordsIn({ drafts }: Book): readonly LedgerRecord[] {
  return drafts.map((draft) => LedgerRecord.parse(JSON.parse(JSON.stringify({ ...draft, source: SOURCE }))));
}

const PRICE = { inputUsdPerMillionTokens: '1', outputUsdPerMillionTokens: '2' };
const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function aRouter(
  ledger: RecordWriter,
  models: Readonly<Record<string, { readonly script: ProviderScript; readonly spec?: object }>>,
): Promise<RouterUnderTest> {
  const securityEvents = new RepeatedEvents({
    write: ledger.write,
    newId: () => 'e-1',
    now: () => 0,
    epochMilliseconds: () => 0,
  });
  const router = await startRouterUnderTest({ ledger, securityEvents });
  open.push(router);
  for (const [name, { script, spec }] of Object.entries(models)) {
    const provider = await startScriptedProvider(script);
    open.push(provider);
    router.setModel(name, { endpoint: provider.url, price: PRICE, ...spec }, 'sk-1');
  }
  router.setAgent({
    allow: Object.keys(models).map((model, place) => ({ model, weight: place === 0 ? 1 : 0 })),
  });
  return router;
}

async function ask(
  router: RouterUnderTest,
  model = 'auto',
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const response = await fetch(`${router.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${AGENT_TOKEN}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }),
  });
  await response.arrayBuffer();
  return response;
}

describe('what the router tells the ledger of a request', () => {
  it('is each attempt with what it cost, and the request with how it ended, under ids that follow from its own', async () => {
    const book = aBook();
    const router = await aRouter(book, {
      broken: { script: (_call, response) => sayJson(response, 500, {}) },
      main: { script: honestProvider },
    });
    const response = await ask(router, 'auto', {
      'x-capataz-run-id': 'run-1',
      'x-capataz-step': '3',
      'x-capataz-prompt-version': 'triage-v1',
      'x-capataz-prompt-digest': 'a'.repeat(64),
      traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
    });
    const requestId = response.headers.get('x-request-id') ?? '';
    const records = recordsIn(book);
    const last = records.length - 1;
    expect(records.map(({ id }) => id)).toEqual([
      ...records.slice(0, last).map((_, place) => `${requestId}:${place + 1}`),
      `${requestId}:call`,
    ]);
    const shared = {
      namespace: 'shop',
      agent: { name: 'triage' },
      requestId,
      run: { id: 'run-1', step: 3 },
      prompt: { version: 'triage-v1', digest: 'a'.repeat(64) },
      trace: { traceId: '1'.repeat(32) },
    };
    expect(records[0]).toMatchObject({
      ...shared,
      type: 'model_attempt',
      attempt: 1,
      model: 'broken',
      failureCode: 'unavailable',
      costNanoUsd: 0,
    });
    expect(records[last - 1]).toMatchObject({
      ...shared,
      type: 'model_attempt',
      model: 'main',
      outcome: 'answered',
      tokens: { input: 10, output: 5 },
      costNanoUsd: 20_000,
    });
    expect(records[last]).toMatchObject({
      ...shared,
      type: 'model_call',
      outcome: 'answered',
      httpStatus: 200,
      isStream: 'no',
      modelAsked: 'auto',
      attempts: last,
    });
  });

  it('fits the schema whatever a provider calls its model, and leaves out a cost that is not known', async () => {
    const book = aBook();
    const router = await aRouter(book, {
      main: {
        script: (_call, response) =>
          sayJson(response, 200, { ...openAiAnswer('Hi'), model: '\ud800'.repeat(999) }),
      },
    });
    await ask(router);
    const [fact] = router.facts;
    if (fact?.kind === 'attempt') router.factStream.publish({ ...fact, requestId: 'r-2', costNanoUsd: null });
    const attempt = recordsIn(book).find(({ id }) => id === 'r-2:1');
    expect(attempt).toMatchObject({ type: 'model_attempt', tokens: { input: 10 } });
    expect(attempt).not.toHaveProperty('costNanoUsd');
  });

  it('is, for a Model that the policy does not allow, the denial and one security event, without the name that was asked for', async () => {
    const book = aBook();
    const router = await aRouter(book, { main: { script: honestProvider } });
    for (let count = 0; count < 5; count += 1) {
      expect((await ask(router, 'secret-words-of-a-caller')).status).toBe(403);
    }
    const records = recordsIn(book);
    expect(records.filter(({ type }) => type === 'policy_decision')).toHaveLength(5);
    expect(records.filter(({ type }) => type === 'security_event')).toMatchObject([
      { event: 'model_denied', namespace: 'shop', agent: { name: 'triage' }, action: 'blocked' },
    ]);
    expect(JSON.stringify(records)).not.toContain('secret-words');
  });

  it('is, for a Model that is denied in runs, one event of each run', async () => {
    const book = aBook();
    const router = await aRouter(book, { main: { script: honestProvider } });
    for (const run of ['run-1', 'run-1', 'run-2']) {
      await ask(router, 'another', { 'x-capataz-run-id': run, 'x-capataz-step': '1' });
    }
    expect(recordsIn(book).filter(({ type }) => type === 'security_event')).toMatchObject([
      { event: 'model_denied', agent: { name: 'triage' }, run: { id: 'run-1', step: 1 } },
      { event: 'model_denied', agent: { name: 'triage' }, run: { id: 'run-2', step: 1 } },
    ]);
  });

  it('is one security event when a provider refuses the key, which stands in no record', async () => {
    const book = aBook();
    const router = await aRouter(book, {
      main: { script: (_call, response) => sayJson(response, 401, { error: { message: 'no' } }) },
    });
    await ask(router);
    await ask(router);
    const events = recordsIn(book).filter(({ type }) => type === 'security_event');
    expect(events).toMatchObject([{ event: 'provider_key_refused', namespace: 'shop', subject: 'main' }]);
    expect(JSON.stringify(book.drafts)).not.toContain('sk-1');
  });
});

describe('the meter of the router', () => {
  it('stands in each attempt, and moves by exactly what the attempts cost', async () => {
    const book = aBook();
    const router = await aRouter(book, { main: { script: honestProvider } });
    for (let count = 0; count < 3; count += 1) await ask(router);
    const meters = recordsIn(book).flatMap((record) =>
      record.type === 'model_attempt' ? [record.meter] : [],
    );
    expect(meters).toEqual([1, 2, 3].map((attempts) => ({ attempts, costNanoUsd: 20_000 * attempts })));
  });
});

describe('a router whose spool is full', () => {
  it('begins nothing, says why and when to ask again, and tells nothing more', async () => {
    const book = aBook();
    const router = await aRouter(book, { main: { script: honestProvider } });
    book.hasRoomNow = false;
    const response = await ask(router);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).not.toBeNull();
    expect(book.drafts).toEqual([]);
    expect(router.facts).toEqual([]);
    book.hasRoomNow = true;
    expect((await ask(router)).status).toBe(200);
  });
});

describe('an answer', () => {
  it('leaves only once its records are out of the hands of the process', async () => {
    const recorded = Promise.withResolvers<void>();
    const told = Promise.withResolvers<number>();
    const book = aBook();
    const router = await aRouter(
      { ...book, settled: () => (told.resolve(book.drafts.length), recorded.promise) },
      { main: { script: honestProvider } },
    );
    let hasLeft = false;
    const answer = ask(router).finally(() => (hasLeft = true));
    expect(await told.promise).toBeGreaterThanOrEqual(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasLeft).toBe(false);
    recorded.resolve();
    expect((await answer).status).toBe(200);
  });

  it.each(['whole', 'as a stream'])('is none when no disk takes its records: %s', async (way) => {
    const book = { ...aBook(), settled: () => Promise.reject(new Error('no room')) };
    const router = await aRouter(book, { main: { script: honestProvider } });
    const response = await fetch(`${router.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${AGENT_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'auto',
        messages: [{ role: 'user', content: 'Hi' }],
        stream: way !== 'whole',
      }),
    });
    const text = await response.text();
    expect(text).toContain('not_recorded');
    expect(text).not.toContain('[DONE]');
    expect(response.status).toBe(way === 'whole' ? 503 : 200);
  });
});

describe('callers who are refused', () => {
  it('are two events a minute, however many they are', async () => {
    const book = aBook();
    const router = await aRouter(book, { main: { script: honestProvider } });
    for (let count = 0; count < 40; count += 1) {
      expect((await ask(router, 'auto', { authorization: `Bearer wrong-${count}` })).status).toBe(401);
    }
    expect(recordsIn(book)).toMatchObject([{ event: 'caller_refused', namespace: 'capataz-system' }]);
    expect(JSON.stringify(book.drafts)).not.toContain('wrong-');
  });

  it('are no events when the API server is to blame', async () => {
    const book = aBook();
    const router = await aRouter(book, { main: { script: honestProvider } });
    expect((await ask(router, 'auto', { authorization: 'Bearer outage-token' })).status).toBe(503);
    expect(book.drafts).toEqual([]);
  });

  it('are counted to the end of the minute, and bounded when no two are alike', () => {
    const book = aBook();
    let now = 0;
    const events = new RepeatedEvents({
      write: book.write,
      newId: () => `e-${book.drafts.length}`,
      now: () => now,
      epochMilliseconds: () => 0,
    });
    const refuse = (sentence: string): void =>
      events.happened({ event: 'caller_refused', namespace: 'shop', action: 'blocked', sentence });
    for (let count = 0; count < 10_000; count += 1) refuse(`Caller ${count} is refused.`);
    refuse('Caller 7 is refused.');
    const atOnce = book.drafts.length;
    expect(atOnce).toBeLessThan(600);
    now = 59_999;
    events.sweep();
    expect(book.drafts).toHaveLength(atOnce);
    now = 60_000;
    events.sweep();
    const sentences = recordsIn(book)
      .slice(atOnce)
      .map((record) => (record.type === 'security_event' ? record.sentence : ''));
    expect(sentences).toContain('Caller 7 is refused. It happened 1 more time(s) within a minute.');
    events.end();
    expect(book.drafts).toHaveLength(atOnce + sentences.length);
  });

  it('are told with their run for so many runs in a minute, and the rest is counted as of no run', () => {
    const book = aBook();
    const events = new RepeatedEvents({
      write: book.write,
      newId: () => `e-${book.drafts.length}`,
      now: () => 0,
      epochMilliseconds: () => 0,
    });
    for (let run = 0; run < 1_000; run += 1) {
      events.happened({
        event: 'model_denied',
        namespace: 'shop',
        agent: 'triage',
        run: { id: `run-${run}` },
        action: 'blocked',
        sentence: 'It was denied.',
      });
    }
    events.end();
    const records = recordsIn(book);
    expect(records).toHaveLength(33);
    expect(records.map((record) => 'run' in record)).toEqual([...Array<boolean>(32).fill(true), false]);
    expect(records[32]).toMatchObject({
      sentence: 'It was denied. It happened 968 more time(s) within a minute.',
    });
  });
});

describe('key rotations', () => {
  const modelWith = (digest: string | undefined, version = '1'): ReadonlyMap<string, RoutableModel> => {
    const key =
      digest === undefined
        ? { state: 'notFound', problem: '' }
        : { state: 'resolved', value: 'sk', digest, source: 'Secret/openai', version };
    return new Map([
      ['shop/main', { id: 'shop/main', namespace: 'shop', name: 'main', key } as RoutableModel],
    ]);
  };

  it('are told once a change, and not when a Model is first seen, rewritten with the same key, or back after a gap', () => {
    const book = aBook();
    const look = createKeyRotations({ write: book.write, newId: () => 'k-1', epochMilliseconds: () => 5 });
    look(modelWith('a'));
    look(modelWith('a', '2'));
    look(modelWith(undefined));
    look(modelWith('a', '3'));
    expect(book.drafts).toEqual([]);
    look(modelWith('b', '4'));
    look(modelWith('b', '4'));
    expect(recordsIn(book)).toMatchObject([
      { type: 'key_rotation', namespace: 'shop', model: 'main', keySource: 'Secret/openai', version: '4' },
    ]);
  });
});
