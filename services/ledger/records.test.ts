import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunRecords } from '#domain/conversation/run-records.ts';
import type { RecordDraft } from '#domain/ledger/ledger-record.ts';
import { BATCH_MAXIMUM_BYTES, BATCH_MAXIMUM_RECORDS } from '#domain/ledger/record-batch.ts';
import { NO_LEDGER } from '#domain/ledger/record-writer.ts';
import { StoreFencedError, StoreFullError } from './store/ledger-store.ts';
import {
  type LedgerUnderTest,
  OTHER_AGENT,
  OWN_IMAGE,
  READER,
  ROUTER,
  STRANGER,
  TRIAGE,
  startLedgerUnderTest,
} from './testing/ledger-under-test.ts';
import { aModelAttempt, aRunBegun, aRunEnded, aSecurityEvent } from './testing/sample-records.ts';

let ledger: LedgerUnderTest;
beforeEach(async () => {
  ledger = await startLedgerUnderTest();
});
afterEach(async () => {
  await ledger[Symbol.asyncDispose]();
});

type Answer = Awaited<ReturnType<LedgerUnderTest['request']>>;

async function tell(
  token: string,
  records: readonly unknown[],
  texts: readonly unknown[] = [],
): Promise<Answer> {
  return await ledger.request('POST', '/v1/records', { token, body: { records, texts } });
}

async function entriesHeld(): Promise<
  readonly { readonly trust: string; readonly record: { readonly id: string } }[]
> {
  const { entries } = await ledger.store.entriesAfter(0, {}, 1000);
  return entries.map(({ canonical }) => JSON.parse(canonical) as never);
}

describe('telling records', () => {
  it('answers with how many are written, and the same batch again with as many duplicates', async () => {
    const records = [aRunBegun(), aRunEnded()];
    expect(await tell(TRIAGE, records)).toMatchObject({
      status: 200,
      body: { written: 2, duplicates: 0, refused: [] },
    });
    expect(await tell(TRIAGE, records)).toMatchObject({
      status: 200,
      body: { written: 0, duplicates: 2, refused: [] },
    });
    expect(await entriesHeld()).toHaveLength(2);
  });

  it('judges each record by itself: what is wrong never holds up what is right', async () => {
    const right = aRunBegun();
    const answer = await tell(TRIAGE, [
      { ...aRunBegun(), surprise: 1 },
      right,
      'no record',
      { ...aRunEnded(), records: 1.5 },
      { ...aRunBegun(), id: 'not an id' },
    ]);
    expect(answer).toMatchObject({ status: 200, body: { written: 1, duplicates: 0 } });
    expect(
      answer.body.refused.map(({ index, code }: { index: number; code: string }) => [index, code]),
    ).toEqual([
      [0, 'record_invalid'],
      [2, 'record_invalid'],
      [3, 'record_invalid'],
      [4, 'record_invalid'],
    ]);
    expect((await entriesHeld()).map(({ record }) => record.id)).toEqual([right.id]);
  });

  it('refuses the id of another record with another content', async () => {
    const first = aRunBegun();
    await tell(TRIAGE, [first]);
    expect((await tell(TRIAGE, [{ ...first, contentRetentionDays: 7 }])).body.refused).toMatchObject([
      { id: first.id, index: 0, code: 'record_conflict' },
    ]);
  });

  it('refuses a body that is not UTF-8 rather than keep another record than the one that was told', async () => {
    const json = JSON.stringify({ records: [aRunBegun({ agent: { name: 'triage' }, tools: ['a'] })] });
    const body = Buffer.from(json.replace('"a"', '"\u00ff"'), 'latin1');
    expect(await ledger.request('POST', '/v1/records', { token: TRIAGE, body })).toMatchObject({
      status: 400,
      body: { error: { message: 'The body is not UTF-8.' } },
    });
    expect(await entriesHeld()).toEqual([]);
  });

  it('says in a bounded sentence what is wrong, however long the names in a record are', async () => {
    const { body } = await tell(TRIAGE, [{ ...aRunBegun(), ['x'.repeat(100_000)]: 1 }]);
    expect(body.refused[0].message.length).toBeLessThan(400);
  });
});

describe('who may tell what', () => {
  it.each([
    ['an agent what only the router knows', TRIAGE, () => aModelAttempt()],
    ['an agent as another process', TRIAGE, () => ({ ...aRunBegun(), source: aModelAttempt().source })],
    ['an agent of another namespace', TRIAGE, () => aRunBegun({ namespace: 'bank' })],
    ["an agent the id of a router's attempt", TRIAGE, () => aRunBegun({ id: 'request-1:1' })],
    ["an agent the id of a router's call", TRIAGE, () => aRunBegun({ id: 'request-1:call' })],
    ['an agent the id of a span', TRIAGE, () => aRunBegun({ id: 'span:triage:a:b' })],
    ['an agent the id of feedback', TRIAGE, () => aRunBegun({ id: 'feedback:1' })],
    ['an agent of another agent', TRIAGE, () => aRunBegun({ agent: { name: 'other' } })],
    [
      'an agent a security event of nobody',
      TRIAGE,
      () => {
        const { agent: _, ...event } = aSecurityEvent({ source: aRunBegun().source });
        return event;
      },
    ],
    ['the router what only agents know', ROUTER, () => aRunBegun({ source: aModelAttempt().source })],
    ['the router as another process', ROUTER, () => aModelAttempt({ source: aRunBegun().source })],
  ])('refuses %s', async (_what, token, record) => {
    const { status, body } = await tell(token, [record()]);
    expect({ status, written: body.written, code: body.refused[0]?.code }).toEqual({
      status: 200,
      written: 0,
      code: 'record_not_allowed',
    });
    expect(await entriesHeld()).toEqual([]);
  });

  it('lets no agent tell of the run of another, and the router of all', async () => {
    await tell(TRIAGE, [aRunBegun()]);
    const { body } = await tell(OTHER_AGENT, [
      aRunEnded({ agent: { name: 'other' } }),
      aRunBegun({ agent: { name: 'other' }, run: { id: 'run-2' } }),
    ]);
    expect(body).toMatchObject({ written: 1, refused: [{ index: 0, code: 'record_not_allowed' }] });
    expect((await tell(ROUTER, [aModelAttempt()])).body.written).toBe(1);
  });

  it('gives an agent its run, though another has named it to the router before, and whoever of both is faster', async () => {
    await tell(ROUTER, [aModelAttempt({ agent: { name: 'other' } })]);
    const [own, others] = await Promise.all([
      tell(TRIAGE, [aRunBegun()]),
      tell(OTHER_AGENT, [aRunBegun({ agent: { name: 'other' } })]),
    ]);
    expect(own.body.written + others.body.written).toBe(1);
    const owner = own.body.written === 1 ? 'triage' : 'other';
    expect(await ledger.store.runsOfId('run-1')).toMatchObject([{ agent: owner }]);
  });

  it('takes what the router tells of a request whose id the agent has known before', async () => {
    await tell(TRIAGE, [aRunBegun({ id: 'request-1:1' })]);
    expect((await tell(ROUTER, [aModelAttempt({ id: 'request-1:1' })])).body).toMatchObject({ written: 1 });
  });

  it('refuses whoever is neither an agent nor of the platform', async () => {
    for (const token of [STRANGER, READER]) {
      expect(await tell(token, [aRunBegun()])).toMatchObject({
        status: 403,
        body: { error: { code: 'not_a_teller' } },
      });
    }
    expect((await tell('nobody', [aRunBegun()])).status).toBe(401);
    expect(await entriesHeld()).toEqual([]);
  });

  it('believes a pod that runs our runtime, and takes all else that an agent says as reported', async () => {
    const own = { agent: { name: 'own' } };
    await tell(TRIAGE, [aRunBegun({ run: { id: 'ours' } })]);
    await tell(TRIAGE, [
      aRunBegun({ run: { id: 'says-external' }, source: { ...aRunBegun().source, process: 'external' } }),
    ]);
    await tell(OWN_IMAGE, [aRunBegun({ ...own, run: { id: 'own-image' } })]);
    await tell('triage-by-hand', [aRunBegun({ run: { id: 'token-without-pod' } })]);
    await tell(ROUTER, [aModelAttempt()]);
    expect((await entriesHeld()).map(({ trust }) => trust)).toEqual([
      'witnessed',
      'reported',
      'reported',
      'reported',
      'witnessed',
    ]);
  });

  it('takes the token from the header that the service proxy leaves alone', async () => {
    const answer = await ledger.request('POST', '/v1/records', {
      token: 'eaten',
      body: { records: [aRunBegun()] },
      headers: { 'x-capataz-authorization': `Bearer ${TRIAGE}` },
    });
    expect(answer).toMatchObject({ status: 200, body: { written: 1 } });
  });

  it('closes while the API server cannot be asked, and says when to come back', async () => {
    ledger.isApiServerAway = true;
    const answer = await tell(TRIAGE, [aRunBegun()]);
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'token_review_unavailable' } } });
    expect(answer.headers.get('retry-after')).not.toBeNull();
  });
});

describe('the bounds of a batch', () => {
  it('takes what gzip has made small', async () => {
    const answer = await ledger.request('POST', '/v1/records', {
      token: TRIAGE,
      body: gzipSync(JSON.stringify({ records: [aRunBegun()] })),
      headers: { 'content-encoding': 'gzip' },
    });
    expect(answer).toMatchObject({ status: 200, body: { written: 1 } });
  });

  it.each([
    [
      'a bomb of gzip',
      () => gzipSync(Buffer.alloc(BATCH_MAXIMUM_BYTES + 1, 0x20)),
      'gzip',
      413,
      'body_too_large',
    ],
    ['what is no gzip', () => Buffer.from('{}'), 'gzip', 400, 'invalid_request'],
    ['another compression', () => Buffer.from('{}'), 'br', 415, 'unsupported_media_type'],
    [
      'a body above 4 MiB',
      () => Buffer.alloc(BATCH_MAXIMUM_BYTES + 1, 0x20),
      'identity',
      413,
      'body_too_large',
    ],
    ['deep nesting', () => Buffer.from('['.repeat(100_000)), 'identity', 400, 'invalid_request'],
    [
      'more records than fit',
      () =>
        Buffer.from(JSON.stringify({ records: Array.from({ length: BATCH_MAXIMUM_RECORDS + 1 }, () => 0) })),
      'identity',
      400,
      'invalid_request',
    ],
    ['no records', () => Buffer.from('{"records":[]}'), 'identity', 400, 'invalid_request'],
    ['no JSON', () => Buffer.from('{"records":'), 'identity', 400, 'invalid_request'],
  ])('refuses %s', async (_what, body, encoding, status, code) => {
    const answer = await ledger.request('POST', '/v1/records', {
      token: TRIAGE,
      body: body(),
      headers: { 'content-encoding': encoding },
    });
    expect(answer).toMatchObject({ status, body: { error: { code } } });
  });
});

describe('a text', () => {
  it('goes with a record of its batch that has such a text, once', async () => {
    const begun = aRunBegun();
    const text = { recordId: begun.id, field: 'input', text: 'Hello', retentionDays: 30 };
    const { body } = await tell(TRIAGE, [begun], [text, { ...text, recordId: 'elsewhere' }]);
    expect(body).toMatchObject({
      written: 1,
      refused: [{ id: 'elsewhere', index: -1, code: 'record_invalid' }],
    });
    for (const wrong of [
      [{ ...text, field: 'output' }],
      [text, text],
      [{ ...text, retentionDays: 0 }],
      [{ ...text, text: 7 }],
    ]) {
      const other = aRunBegun({ run: { id: 'run-3' } });
      const texts = wrong.map((each) => Object.assign({}, each, { recordId: other.id }));
      expect((await tell(TRIAGE, [other], texts)).body).toMatchObject({
        written: 0,
        refused: [{ id: other.id, code: 'record_invalid' }],
      });
    }
  });
});

describe('a store that cannot write', () => {
  it.each([
    ['is full', new StoreFullError('full'), 'ledger_full'],
    ['belongs to another', new StoreFencedError('fenced'), 'ledger_fenced'],
    ['fails', new Error('disk on fire'), 'store_failed'],
  ])('that %s is told of with 503 and when to come back', async (_what, error, code) => {
    ledger.faults.append = error;
    const answer = await tell(TRIAGE, [aRunBegun()]);
    expect(answer).toMatchObject({ status: 503, body: { error: { code } } });
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect(ledger.gate.readiness().ready).toBe(code === 'store_failed');
  });

  it('goes on serving readers while nothing can be written', async () => {
    await tell(TRIAGE, [aRunBegun()]);
    ledger.faults.append = new StoreFullError('full');
    await tell(TRIAGE, [aRunEnded()]);
    ledger.rights.set('ana', new Set(['get runs shop']));
    expect((await ledger.request('GET', '/v1/runs?namespace=shop')).body.runs).toHaveLength(1);
  });
});

it('refuses whoever can tell nothing before his body has come, so that no stranger takes the room of those who can', async () => {
  const { hostname, port } = new URL(ledger.url);
  for (let stranger = 0; stranger < 20; stranger += 1) {
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /v1/records HTTP/1.1\r\nhost: ledger\r\ncontent-type: application/json\r\ncontent-length: 4194304\r\nauthorization: Bearer ${STRANGER}\r\n\r\n{`,
    );
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain('"not_a_teller"');
    socket.destroy();
  }
});

it('takes from an agent what our runtime tells of a run', async () => {
  const drafts: RecordDraft[] = [];
  const records = new RunRecords({
    writer: { ...NO_LEDGER, write: (draft) => void drafts.push(draft) },
    namespace: 'shop',
    agent: { name: 'triage' },
    prompt: { name: 'triage', version: 'v1', digest: 'a'.repeat(64), arm: 'candidate' },
    runId: 'run-of-the-runtime',
    session: '0'.repeat(32),
    content: 'None',
    retentionDays: 1,
    commitmentKey: '0'.repeat(64),
    now: () => new Date(0),
    monotonicMilliseconds: () => 0,
  });
  records.begun({ input: '{}', callerRequestId: 'r', tools: [], limits: { steps: 1, seconds: 1 } });
  records.faulted();
  const source = { process: 'agent-runtime', instance: 'agent-triage-7d-x', boot: 'boot-of-the-runtime' };
  const told = drafts.map((draft, index) =>
    Object.assign(draft, { source: { ...source, sequence: index + 1 } }),
  );
  expect(told.length).toBeGreaterThan(1);
  expect(await tell(TRIAGE, told)).toMatchObject({
    status: 200,
    body: { written: told.length, refused: [] },
  });
});
