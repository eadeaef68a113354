import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type LedgerAnswer,
  type LedgerUnderTest,
  OTHER_AGENT,
  READER,
  ROUTER,
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

async function tell(token: string, ...records: readonly unknown[]): Promise<void> {
  const { body } = await ledger.request('POST', '/v1/records', { token, body: { records } });
  expect(body).toEqual({ written: records.length, duplicates: 0, refused: [] });
}

async function aWholeRun(): Promise<void> {
  await tell(TRIAGE, aRunBegun());
  await tell(ROUTER, aModelAttempt(), aSecurityEvent({ run: { id: 'run-1' } }));
  await tell(TRIAGE, aRunEnded());
}

/** Rights such as `get runs shop` of a person. */
function give(...rights: readonly string[]): void {
  ledger.rights.set('ana', new Set(rights));
}

async function get(path: string): Promise<LedgerAnswer> {
  return await ledger.request('GET', path, { token: READER });
}

describe('reading', () => {
  it.each([
    ['/v1/runs', 'get runs'],
    ['/v1/outcomes', 'get runs'],
    ['/v1/records', 'get runs'],
    ['/v1/costs', 'get costs'],
    ['/v1/security-events', 'get securityevents'],
  ])('%s needs the right "%s", in the namespace that is asked for or in all', async (path, right) => {
    await aWholeRun();
    expect(await get(`${path}?namespace=shop`)).toMatchObject({
      status: 403,
      body: { error: { code: 'not_allowed' } },
    });
    give(`${right} shop`);
    expect((await get(`${path}?namespace=shop`)).status).toBe(200);
    expect((await get(path)).status).toBe(403);
    expect((await get(`${path}?namespace=bank`)).status).toBe(403);
    give(`${right} *`);
    expect((await get(path)).status).toBe(200);
    expect((await get(`${path}?namespace=bank`)).status).toBe(200);
  });

  it('is closed while the API server cannot be asked', async () => {
    give('get runs *');
    ledger.isApiServerAway = true;
    expect((await get('/v1/runs')).status).toBe(503);
  });

  it('shows a run with what it cost, and its entries in the order in which they were written', async () => {
    await aWholeRun();
    give('get runs shop', 'get costs shop');
    expect((await get('/v1/runs?namespace=shop')).body.runs).toMatchObject([
      { id: 'run-1', agent: 'triage', status: 'succeeded', costNanoUsd: 20_000, attempts: 1 },
    ]);
    const { body } = await get('/v1/runs/run-1');
    expect(body.run).toMatchObject({ id: 'run-1', namespace: 'shop' });
    expect(
      body.entries.map(({ entry }: { entry: { record: { type: string } } }) => entry.record.type),
    ).toEqual(['run_begun', 'model_attempt', 'security_event', 'run_ended']);
    expect((await get('/v1/costs?namespace=shop&by=agent,model')).body.costs).toMatchObject([
      { group: { agent: 'triage', model: 'fast' }, costNanoUsd: 20_000 },
    ]);
  });

  it('tells nobody of a run who may not see it: it is as if there were none', async () => {
    await aWholeRun();
    give('get runs bank');
    const hidden = await get('/v1/runs/run-1');
    const missing = await get('/v1/runs/run-2');
    expect(hidden).toMatchObject({ status: 404, body: { error: { code: 'run_not_found' } } });
    expect(hidden.body).toEqual(missing.body);
  });

  it('leaves security events out of what somebody sees who may see runs only', async () => {
    await aWholeRun();
    const types = async (): Promise<readonly string[]> =>
      (await get('/v1/records?namespace=shop')).body.entries.map(
        ({ entry }: { entry: { record: { type: string } } }) => entry.record.type,
      );
    give('get runs shop');
    expect(await types()).toEqual(['run_begun', 'model_attempt', 'run_ended']);
    give('get runs shop', 'get securityevents shop');
    expect(await types()).toContain('security_event');
    give('get securityevents shop');
    expect((await get('/v1/records?namespace=shop&types=security_event')).body.entries).toHaveLength(1);
    expect((await get('/v1/records?namespace=shop&types=security_event,run_begun')).status).toBe(403);
  });

  it('refuses a cursor that it has not made, whatever it is', async () => {
    give('get runs *');
    const forged = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const cursor of [
      '',
      'garbage',
      forged([-1, 'run-1', 'shop']),
      forged([null, 'run-1', 'shop']),
      forged([9_007_199_254_740_992, 'run-1', 'shop']),
      forged([1, '\u0000', 'shop']),
      forged([1, 'run-1', '..']),
    ]) {
      expect(await get(`/v1/runs?cursor=${cursor}`)).toMatchObject({
        status: 400,
        body: { error: { code: 'invalid_request', param: 'cursor' } },
      });
    }
  });

  it('finds a run and the evidence of a record whose id is as long as ids may be', async () => {
    give('get runs *', 'get audit *');
    const id = 'r'.repeat(128);
    await tell(TRIAGE, aRunBegun({ id, run: { id } }));
    expect((await get(`/v1/runs/${id}`)).body.entries).toHaveLength(1);
    expect((await get(`/v1/records/shop/${id}/evidence`)).status).toBe(200);
    expect((await get(`/v1/runs/${'r'.repeat(2_000)}`)).status).toBe(400);
  });

  it('gives a page of a run that is light enough to hold, and all of it page by page', async () => {
    give('get runs *');
    const tools = Array.from({ length: 64 }, (_, place) => `${'\u6f22'.repeat(250)}${place}`);
    for (let batch = 0; batch < 3; batch += 1) {
      await tell(TRIAGE, ...Array.from({ length: 40 }, () => aRunBegun({ tools })));
    }
    const ids = new Set<string>();
    let pages = 0;
    for (let after: number | undefined = 0; after !== undefined; pages += 1) {
      const { body } = await get(`/v1/runs/run-1?limit=5000&after=${after}`);
      expect(JSON.stringify(body).length).toBeLessThan(2_000_000);
      for (const { entry } of body.entries) ids.add(entry.record.id);
      after = body.nextAfter;
    }
    expect(pages).toBe(2);
    expect(ids.size).toBe(120);
  });

  it('goes on after a position', async () => {
    await aWholeRun();
    give('get runs *', 'get securityevents *');
    const first = (await get('/v1/records?limit=3')).body;
    expect(first).toMatchObject({ isEnd: false, entries: [{}, {}, {}] });
    const second = (await get(`/v1/records?after=${first.position}`)).body;
    expect(second).toMatchObject({ isEnd: true, entries: [{ position: 4 }] });
  });

  it.each([
    '/v1/runs?limit=0',
    '/v1/runs?limit=501',
    '/v1/runs?from=yesterday',
    '/v1/runs?surprise=1',
    '/v1/runs?limit=1&limit=2',
    '/v1/runs?status=odd',
    '/v1/costs?by=colour',
    '/v1/records?types=everything',
    '/v1/records?after=-1',
    '/v1/runs?namespace=Not%20One',
  ])('refuses a query that is not one: %s', async (path) => {
    give('get runs *', 'get costs *');
    expect(await get(path)).toMatchObject({ status: 400, body: { error: { code: 'invalid_request' } } });
  });

  it('takes times as microseconds and as people write them', async () => {
    await aWholeRun();
    give('get runs *');
    expect((await get('/v1/runs?from=2025-11-24T15:00:00Z')).body.runs).toHaveLength(1);
    expect((await get('/v1/runs?from=2025-11-24T17:00:00Z')).body.runs).toHaveLength(0);
    expect((await get('/v1/runs?to=1764000000000000')).body.runs).toHaveLength(0);
    expect((await get('/v1/runs?from=2025-11-24T17:30:00.5%2B01:00')).body.runs).toHaveLength(0);
    expect((await get('/v1/runs?from=2025-11-24')).body.runs).toHaveLength(1);
    // Read by the zone of the machine, or by what somebody might have meant.
    for (const time of ['2025-11-24T15:00:00', 'March 7', '1e3', '+012026-01-01T00:00:00Z', '2025-13-01']) {
      expect((await get(`/v1/runs?from=${encodeURIComponent(time)}`)).status).toBe(400);
    }
  });
});

describe('the live stream', () => {
  interface Event {
    readonly id: number;
    readonly type: string;
  }

  /** The events that come, until there are so many. */
  async function follow(
    path: string,
    count: number,
    headers: Record<string, string> = {},
  ): Promise<readonly Event[]> {
    const stop = new AbortController();
    const response = await fetch(`${ledger.url}${path}`, {
      headers: { authorization: `Bearer ${READER}`, ...headers },
      signal: stop.signal,
    });
    expect(response.status).toBe(200);
    const events: Event[] = [];
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString('utf8');
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const [, id, data] = /^id: (\d+)\nevent: entry\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
        if (data !== undefined) events.push({ id: Number(id), type: JSON.parse(data).entry.record.type });
        text = text.slice(end + 2);
      }
      if (events.length >= count) break;
    }
    stop.abort();
    return events;
  }

  it('brings entries as they are written, and after a break all that were missed, each once', async () => {
    give('get runs *', 'get securityevents *');
    const live = follow('/v1/stream?after=0', 2);
    await aWholeRun();
    const first = await live;
    expect(first.slice(0, 2).map(({ id }) => id)).toEqual([1, 2]);
    const rest = await follow('/v1/stream', 2, { 'last-event-id': '2' });
    expect(rest.map(({ id }) => id)).toEqual([3, 4]);
  });

  it('brings only what is asked for', async () => {
    give('get runs *', 'get securityevents *');
    await aWholeRun();
    expect(await follow('/v1/stream?after=0&types=run_ended', 1)).toEqual([{ id: 4, type: 'run_ended' }]);
  });

  it('answers at once, before there is anything to tell', async () => {
    give('get runs *');
    const response = await fetch(`${ledger.url}/v1/stream`, {
      headers: { authorization: `Bearer ${READER}` },
      signal: AbortSignal.timeout(10_000),
    });
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });

  it.each(['-1', 'abc', '1e3', '99999999999999999999', '2, 3'])(
    'refuses to resume after %j, which is no event: the client would miss what he came back for',
    async (id) => {
      give('get runs *');
      const headers = { 'last-event-id': id };
      expect(await ledger.request('GET', '/v1/stream?after=0', { token: READER, headers })).toMatchObject({
        status: 400,
        body: { error: { param: 'Last-Event-ID' } },
      });
    },
  );

  it('says so when there is nothing yet at the position after which a client would go on', async () => {
    give('get runs *');
    await aWholeRun();
    const headers = { 'last-event-id': '999999999999999' };
    expect(await ledger.request('GET', '/v1/stream', { token: READER, headers })).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('no position beyond 4') } },
    });
    expect((await get('/v1/stream?after=5')).status).toBe(400);
  });

  it('is not followed by HEAD, and no text is revealed to it', async () => {
    give('get runs *', 'get texts *');
    await aWholeRun();
    const last = await ledger.store.lastPosition();
    for (const path of ['/v1/stream?after=0', '/v1/runs/run-1/texts']) {
      expect((await ledger.request('HEAD', path, { token: READER }).catch(() => undefined))?.status).not.toBe(
        200,
      );
    }
    expect(await ledger.store.lastPosition()).toBe(last);
  });

  it('is for those who may see runs', async () => {
    expect((await get('/v1/stream')).status).toBe(403);
  });

  it('ends when the process begins to go, so that its readers go elsewhere', async () => {
    give('get runs *');
    const response = await fetch(`${ledger.url}/v1/stream`, {
      headers: { authorization: `Bearer ${READER}` },
    });
    ledger.drain.begin();
    await expect(response.text()).resolves.toBeDefined();
    expect((await get('/v1/stream')).status).toBe(503);
  });
});

describe('feedback', () => {
  const good = { run: 'run-1', verdict: 'good', score: 0.75, comment: 'Well done.' };

  async function judge(body: unknown, headers: Record<string, string> = {}): Promise<LedgerAnswer> {
    return await ledger.request('POST', '/v1/feedback', { token: READER, body, headers });
  }

  it('is a record of the run, by whoever the API server says he is, and its comment a text apart', async () => {
    await aWholeRun();
    give('create feedback shop', 'get runs shop', 'get texts shop');
    expect((await judge(good)).status).toBe(201);
    const { run, entries } = (await get('/v1/runs/run-1')).body;
    expect(run).toMatchObject({ good: 1, bad: 0 });
    const { entry, texts } = entries.at(-1);
    expect(entry.record).toMatchObject({
      type: 'feedback',
      by: 'ana',
      from: 'person',
      metric: 'helpful',
      verdict: 'good',
      scoreBasisPoints: 7_500,
      comment: { characters: 10 },
    });
    expect(JSON.stringify(entry)).not.toContain('Well done');
    expect(texts).toContain('comment');
    expect((await get('/v1/runs/run-1/texts')).body.texts).toContainEqual({
      recordId: entry.record.id,
      field: 'comment',
      text: 'Well done.',
    });
  });

  it('is told once under one Idempotency-Key, and refused under it when it is other feedback', async () => {
    await aWholeRun();
    give('create feedback shop', 'get runs shop');
    const key = { 'idempotency-key': 'mail-7' };
    const both = await Promise.all([judge(good, key), judge(good, key)]);
    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 201]));
    expect(both[0].body).toEqual(both[1].body);
    expect((await judge({ ...good, verdict: 'bad' }, key)).status).toBe(409);
    expect((await get('/v1/runs/run-1')).body.run).toMatchObject({ good: 1, bad: 0 });
  });

  it('is refused on a run that is not there, or where it may not be given', async () => {
    await aWholeRun();
    expect((await judge(good)).status).toBe(404);
    give('create feedback shop');
    expect((await judge({ ...good, run: 'run-2' })).status).toBe(404);
  });

  it.each([
    { run: 'run-1' },
    { ...good, verdict: 'great' },
    { ...good, score: 1.01 },
    { ...good, surprise: 1 },
    { ...good, comment: 'x'.repeat(20_001) },
    [],
  ])('is refused when it does not fit: %j', async (body) => {
    give('create feedback shop');
    expect(await judge(body)).toMatchObject({ status: 400, body: { error: { code: 'invalid_request' } } });
  });
});

describe('texts', () => {
  async function aRunWithTexts(): Promise<void> {
    const begun = aRunBegun();
    const texts = [
      { recordId: begun.id, field: 'input', text: 'Where is my parcel?', retentionDays: 30 },
      { recordId: begun.id, field: 'commitment_key', text: 'ab'.repeat(16), retentionDays: 30 },
    ];
    const { body } = await ledger.request('POST', '/v1/records', {
      token: TRIAGE,
      body: { records: [begun], texts },
    });
    expect(body).toMatchObject({ written: 1, refused: [] });
  }

  async function types(): Promise<readonly string[]> {
    const { entries } = await ledger.store.entriesAfter(0, {}, 100);
    return entries.map(({ canonical }) => JSON.parse(canonical).record.type);
  }

  it('are for those who may read texts, and that they were read is written down first', async () => {
    await aRunWithTexts();
    give('get runs shop');
    expect((await get('/v1/runs/run-1/texts')).status).toBe(404);
    expect(await types()).toEqual(['run_begun']);
    give('get texts shop');
    const { body } = await get('/v1/runs/run-1/texts?reason=A%20complaint');
    expect(body.texts).toContainEqual(
      expect.objectContaining({ field: 'input', text: 'Where is my parcel?' }),
    );
    expect(await types()).toEqual(['run_begun', 'content_access', 'security_event']);
    const [, access] = (await ledger.store.entriesAfter(0, {}, 100)).entries;
    expect(JSON.parse(access?.canonical ?? '').record).toMatchObject({
      action: 'revealed',
      by: 'ana',
      texts: 1,
      reason: 'A complaint',
      run: { id: 'run-1' },
    });
  });

  it('count without the key that stands beside them, and that it alone was read is written down too', async () => {
    const begun = aRunBegun();
    const key = { recordId: begun.id, field: 'commitment_key', text: 'ab'.repeat(16), retentionDays: 30 };
    await ledger.request('POST', '/v1/records', { token: TRIAGE, body: { records: [begun], texts: [key] } });
    give('get texts shop');
    expect((await get('/v1/runs/run-1/texts')).body.texts).toMatchObject([{ text: key.text }]);
    const { entries } = await ledger.store.entriesAfter(0, {}, 100);
    expect(entries.slice(1).map(({ canonical }) => JSON.parse(canonical).record)).toMatchObject([
      { type: 'content_access', action: 'revealed', texts: 0 },
      { type: 'security_event', sentence: expect.stringContaining('the key to the commitments') },
    ]);
  });

  it('are not shown when that they were read cannot be written down', async () => {
    await aRunWithTexts();
    give('get texts shop');
    ledger.faults.append = new Error('disk on fire');
    const answer = await get('/v1/runs/run-1/texts');
    expect(answer.status).toBe(503);
    expect(JSON.stringify(answer.body)).not.toContain('parcel');
  });

  it('are gone when they were erased, which is written down, and the records stay', async () => {
    await aRunWithTexts();
    give('delete texts shop', 'get texts shop', 'get runs shop');
    expect((await ledger.request('DELETE', '/v1/runs/run-1/texts')).body).toEqual({ erased: 1 });
    expect((await get('/v1/runs/run-1/texts')).body.texts).toEqual([]);
    expect((await get('/v1/runs/run-1')).body.entries).toHaveLength(2);
    expect(await types()).toEqual(['run_begun', 'content_access']);
  });

  it('stand in no entry and not in the file of the store', async () => {
    await aRunWithTexts();
    const { entries } = await ledger.store.entriesAfter(0, {}, 100);
    expect(JSON.stringify(entries)).not.toContain('parcel');
    const [sealed] = await ledger.store.texts('shop', JSON.parse(entries[0]?.canonical ?? '').record.id);
    expect(Buffer.from(sealed?.bytes ?? []).toString('latin1')).not.toContain('parcel');
  });
});

it('an agent of the same namespace sees nothing without a right', async () => {
  await aWholeRun();
  expect((await ledger.request('GET', '/v1/runs?namespace=shop', { token: OTHER_AGENT })).status).toBe(403);
});
