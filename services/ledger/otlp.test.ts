import { afterEach, describe, expect, it } from 'vitest';
import {
  type LedgerUnderTest,
  OTHER_AGENT,
  OWN_IMAGE,
  READER,
  ROUTER,
  startLedgerUnderTest,
} from './testing/ledger-under-test.ts';
import { aRunBegun, aRunEnded } from './testing/sample-records.ts';

const ledgers: LedgerUnderTest[] = [];
afterEach(async () => {
  await Promise.all(ledgers.splice(0).map((ledger) => ledger[Symbol.asyncDispose]()));
});

async function aLedger(): Promise<LedgerUnderTest> {
  const ledger = await startLedgerUnderTest();
  ledgers.push(ledger);
  return ledger;
}

const TRACE = 'a'.repeat(32);

function traces(spanId: string, runId?: string): unknown {
  const attributes = [
    { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } },
    { key: 'gen_ai.usage.output_tokens', value: { intValue: '7' } },
    { key: 'gen_ai.usage.cost', value: { doubleValue: 1 } },
    ...(runId === undefined ? [] : [{ key: 'capataz.run.id', value: { stringValue: runId } }]),
  ];
  const span = {
    traceId: TRACE,
    spanId,
    name: 'chat',
    startTimeUnixNano: '1764000000000000000',
    endTimeUnixNano: '1764000001000000000',
    attributes,
  };
  return { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
}

describe('an agent that tells the ledger by OTLP', () => {
  it('has a run of what it did in a trace, reported and not billed', async () => {
    const ledger = await aLedger();
    const told = { token: OWN_IMAGE, body: traces('1'.repeat(16)) };
    expect((await ledger.request('POST', '/v1/traces', told)).status).toBe(200);
    expect((await ledger.request('POST', '/v1/traces', told)).status).toBe(200);
    const rows = await ledger.store.runsOfId(`own:${TRACE}`);
    expect(rows).toMatchObject([
      { namespace: 'shop', agent: 'own', trust: 'reported', traceId: TRACE, records: 1, costNanoUsd: 0 },
    ]);
  });

  it('writes nothing into the run of another agent, whatever it calls its own', async () => {
    const ledger = await aLedger();
    await ledger.request('POST', '/v1/traces', { token: OWN_IMAGE, body: traces('1'.repeat(16), 'run-1') });
    const { status, body } = await ledger.request('POST', '/v1/traces', {
      token: OTHER_AGENT,
      body: traces('2'.repeat(16), 'run-1'),
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      partialSuccess: {
        rejectedSpans: '1',
        errorMessage: expect.stringContaining('run-1 of namespace shop is the run of another agent'),
      },
    });
    expect(await ledger.store.runsOfId('run-1')).toMatchObject([{ agent: 'own', records: 1 }]);
  });

  it('adds spans to a run that it tells records of, and the run is as complete as before', async () => {
    const ledger = await aLedger();
    const agent = { name: 'own' };
    const records = [aRunBegun({ agent }), aRunEnded({ agent })];
    await ledger.request('POST', '/v1/records', { token: OWN_IMAGE, body: { records } });
    await ledger.request('POST', '/v1/traces', { token: OWN_IMAGE, body: traces('1'.repeat(16), 'run-1') });
    expect(await ledger.store.runsOfId('run-1')).toMatchObject([{ records: 3, isComplete: true }]);
  });

  it('shares a trace with another agent, each with a run of its own', async () => {
    const ledger = await aLedger();
    await ledger.request('POST', '/v1/traces', { token: OWN_IMAGE, body: traces('1'.repeat(16)) });
    await ledger.request('POST', '/v1/traces', { token: OTHER_AGENT, body: traces('2'.repeat(16)) });
    for (const agent of ['own', 'other']) {
      expect(await ledger.store.runsOfId(`${agent}:${TRACE}`)).toMatchObject([{ agent, records: 1 }]);
    }
  });

  it('is an agent: the platform and people tell no spans', async () => {
    const ledger = await aLedger();
    for (const token of [ROUTER, READER]) {
      const answer = await ledger.request('POST', '/v1/traces', { token, body: traces('1'.repeat(16)) });
      expect(answer.status).toBe(403);
    }
  });

  it('is told to send again what could not be written', async () => {
    const ledger = await aLedger();
    ledger.faults.append = new Error('the disk has gone');
    const told = { token: OWN_IMAGE, body: traces('1'.repeat(16)) };
    expect((await ledger.request('POST', '/v1/traces', told)).status).toBe(503);
    ledger.faults.append = undefined;
    await expect
      .poll(async () => (await ledger.request('POST', '/v1/traces', told)).status, { timeout: 10_000 })
      .toBe(200);
  });
});
