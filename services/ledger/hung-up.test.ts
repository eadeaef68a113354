/** Callers who leave while the API server still looks at their tokens: nothing that is kept for a caller is kept for them. */
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type LedgerUnderTest,
  OWN_IMAGE,
  READER,
  TRIAGE,
  startLedgerUnderTest,
} from './testing/ledger-under-test.ts';
import { aRunBegun } from './testing/sample-records.ts';

let ledger: LedgerUnderTest;
beforeEach(async () => {
  ledger = await startLedgerUnderTest();
  ledger.rights.set('ana', new Set(['get runs *']));
});
afterEach(async () => {
  await ledger[Symbol.asyncDispose]();
});

async function hangUp(times: number, method: string, path: string, token: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  ledger.reviews = promise;
  const already = ledger.reviewsBegun;
  const callers = Array.from({ length: times }, () => {
    const caller = request(`${ledger.url}${path}`, {
      method,
      agent: false,
      headers: {
        authorization: `Bearer ${token}`,
        ...(method === 'GET' ? {} : { 'content-type': 'application/json', 'content-encoding': 'gzip' }),
      },
    });
    caller.on('error', () => undefined);
    if (method === 'GET') caller.end();
    else caller.write('{');
    return caller;
  });
  await expect.poll(() => ledger.reviewsBegun - already, { timeout: 60_000 }).toBe(times);
  for (const caller of callers) caller.destroy();
  await expect.poll(() => ledger.connections()).toBe(0);
  resolve();
}

describe('callers who hang up during the review of their tokens', () => {
  it('leave room for the batches of others', async () => {
    await hangUp(40, 'POST', '/v1/records', TRIAGE);
    const body = gzipSync(JSON.stringify({ records: [aRunBegun()] }));
    const headers = { 'content-encoding': 'gzip' };
    const answer = await ledger.request('POST', '/v1/records', { token: TRIAGE, body, headers });
    expect(answer).toMatchObject({ status: 200, body: { written: 1 } });
  });

  it.each(['/v1/traces', '/v1/logs'])('leave room for what others export to %s', async (path) => {
    await hangUp(40, 'POST', path, OWN_IMAGE);
    expect(await ledger.request('POST', path, { token: OWN_IMAGE, body: '{}' })).toMatchObject({
      status: 200,
    });
  });

  it('leave room for the streams of others', async () => {
    await hangUp(260, 'GET', '/v1/stream', READER);
    const stop = new AbortController();
    const { status } = await fetch(`${ledger.url}/v1/stream`, {
      headers: { authorization: `Bearer ${READER}` },
      signal: stop.signal,
    });
    stop.abort();
    expect(status).toBe(200);
  });
});
