/** Questions that are not answered yet hold places: how many, and of whom. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type LedgerAnswer,
  type LedgerUnderTest,
  OTHER_AGENT,
  READER,
  ROUTER,
  TRIAGE,
  startLedgerUnderTest,
} from './testing/ledger-under-test.ts';

let ledger: LedgerUnderTest;
let resolveRights: () => void;
beforeEach(async () => {
  ledger = await startLedgerUnderTest();
  ledger.rights.set('ana', new Set(['get runs *']));
  const { promise, resolve } = Promise.withResolvers<void>();
  ledger.rightsReviews = promise;
  resolveRights = resolve;
});
afterEach(async () => {
  resolveRights();
  await ledger[Symbol.asyncDispose]();
});

const PATHS = ['/v1/runs', '/v1/records', '/v1/logs/shop/export', '/v1/costs'];

async function ask(token: string, times: number): Promise<readonly Promise<LedgerAnswer>[]> {
  const already = ledger.reviewsBegun;
  const answers = Array.from({ length: times }, (_, index) =>
    ledger.request('GET', PATHS[index % PATHS.length] ?? '', { token }),
  );
  await expect.poll(() => ledger.reviewsBegun - already, { timeout: 60_000 }).toBe(times);
  return answers;
}

it('answers so many questions at a time, of all and of one caller, and says to others when to come back', async () => {
  const asked = [...(await ask(READER, 129))];
  const refused = await Promise.race(asked);
  expect(refused).toMatchObject({ status: 503, body: { error: { code: 'too_many_questions' } } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  asked.push(...(await ask(ROUTER, 128)));
  for (const token of [TRIAGE, OTHER_AGENT]) {
    expect(await ledger.request('GET', '/v1/runs', { token })).toMatchObject({ status: 503 });
  }
  resolveRights();
  const answers = await Promise.all(asked);
  expect(answers.filter(({ status }) => status === 503)).toHaveLength(1);
  expect(await ledger.request('GET', '/v1/runs')).toMatchObject({ status: 200 });
});

it('keeps a place for those who tell while all places of those who ask are taken', async () => {
  const asked = [...(await ask(READER, 128)), ...(await ask(ROUTER, 128))];
  const body = { records: [{}] };
  expect(await ledger.request('POST', '/v1/records', { token: TRIAGE, body })).toMatchObject({ status: 200 });
  resolveRights();
  await Promise.all(asked);
});
