import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type LedgerUnderTest,
  OTHER_AGENT,
  READER,
  ROUTER,
  TRIAGE,
  startLedgerUnderTest,
} from './testing/ledger-under-test.ts';
import { aModelAttempt } from './testing/sample-records.ts';

let ledger: LedgerUnderTest;
beforeEach(async () => {
  ledger = await startLedgerUnderTest();
});
afterEach(async () => {
  await ledger[Symbol.asyncDispose]();
});

const DAY_MICROSECONDS = 86_400_000_000;

it('an agent learns what its own probes cost today and what it spent in the week before, and nobody else does', async () => {
  const now = Date.now() * 1000;
  const probe = { id: 'probe-1', step: 1, purpose: 'probe' as const };
  const records = [
    aModelAttempt({ run: probe, atMicroseconds: now, costNanoUsd: 7 }),
    aModelAttempt({ run: { ...probe, purpose: 'evaluation' }, atMicroseconds: now, costNanoUsd: 100 }),
    aModelAttempt({ atMicroseconds: now, costNanoUsd: 1_000 }),
    aModelAttempt({ run: probe, atMicroseconds: now - DAY_MICROSECONDS, costNanoUsd: 20 }),
    aModelAttempt({ atMicroseconds: now - 2 * DAY_MICROSECONDS, costNanoUsd: 300 }),
    aModelAttempt({ atMicroseconds: now - 9 * DAY_MICROSECONDS, costNanoUsd: 40_000 }),
  ];
  const { body } = await ledger.request('POST', '/v1/records', { token: ROUTER, body: { records } });
  expect(body).toMatchObject({ written: records.length });
  const spending = async (token: string) => await ledger.request('GET', '/v1/spending', { token });
  expect(await spending(TRIAGE)).toMatchObject({
    status: 200,
    body: { probesTodayNanoUsd: 7, weekBeforeNanoUsd: 320 },
  });
  expect((await spending(OTHER_AGENT)).body).toEqual({ probesTodayNanoUsd: 0, weekBeforeNanoUsd: 0 });
  for (const stranger of [READER, ROUTER]) {
    expect(await spending(stranger)).toMatchObject({ status: 403, body: { error: { code: 'not_allowed' } } });
  }
});
