import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LedgerUnderTest } from '#test/fakes/ledger-under-test.ts';
import { type RecordedAgent, isWhole, recordsOf, startRecordedAgent } from '#test/fakes/recorded-agent.ts';

const BOOKS = { calls: [['book-room', '{"room":"blue"}']] } as const;

function books({ bench }: RecordedAgent): void {
  bench.router.answer = ({ body }) =>
    body.messages.at(-1)?.role === 'tool' ? { content: 'Booked.' } : BOOKS;
}

const FAULTS: Readonly<Record<string, (ledger: LedgerUnderTest) => Promise<void> | void>> = {
  frozen: (ledger) => ledger.setFault({ kind: 'freeze' }),
  dead: (ledger) => ledger.kill(),
  'without a token for us': (ledger) => ledger.setFault({ kind: 'status', status: 401 }),
  full: (ledger) => ledger.setFault({ kind: 'status', status: 507 }),
  'busy for a minute': (ledger) =>
    ledger.setFault({ kind: 'status', status: 503, headers: { 'retry-after': '60' } }),
  'silent after it wrote': (ledger) => ledger.setFault({ kind: 'loseAnswer' }),
  'talking nonsense': (ledger) => ledger.setFault({ kind: 'answer', body: '{"written":"all"}' }),
  'refusing intents': (ledger) =>
    ledger.setRefusal(({ type }) => (type === 'tool_intent' ? 'record_not_allowed' : undefined)),
};

describe('a tool with an effect', () => {
  it('runs only after the ledger has its intent', async () => {
    await using agent = await startRecordedAgent();
    books(agent);
    const known: boolean[] = [];
    agent.tool.onEffect = ({ callId }) =>
      known.push(recordsOf(agent.ledger.records, 'tool_intent').some((intent) => intent.callId === callId));
    const answers = await Promise.all(Array.from({ length: 10 }, () => agent.bench.run()));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(known).toEqual(answers.map(() => true));
  });

  it.each(Object.entries(FAULTS))(
    'does not run while the ledger is %s, and the run says so',
    async (_, fail) => {
      await using agent = await startRecordedAgent({ limits: { seconds: 1 } });
      books(agent);
      await fail(agent.ledger);
      const answer = await agent.bench.run();
      expect(agent.tool.effects).toEqual([]);
      expect(answer.status).toBe(503);
      expect(answer.json()).toMatchObject({
        status: 'failed',
        reason: 'not_recorded',
        error: { code: 'not_recorded', message: expect.stringContaining('it did not run') as string },
      });
    },
  );

  it('that was kept from running is told of as soon as the ledger is back', async () => {
    await using agent = await startRecordedAgent({ limits: { seconds: 2 } });
    books(agent);
    await agent.ledger.kill();
    await agent.bench.run();
    await agent.ledger.revive();
    await agent.ledger.until(isWhole);
    const { records } = agent.ledger;
    expect(recordsOf(records, 'tool_result')).toMatchObject([{ outcome: 'not_recorded' }]);
    expect(recordsOf(records, 'security_event')).toMatchObject([
      { event: 'tool_not_recorded', severity: 'high', action: 'blocked', subject: 'book-room' },
    ]);
    expect(records.at(-1)).toMatchObject({
      status: 'failed',
      reason: 'not_recorded',
      records: records.length,
    });
    expect(recordsOf(records, 'gap')).toEqual([]);
  });

  it('keeps the calls after it from running too', async () => {
    await using agent = await startRecordedAgent({ limits: { seconds: 2 } });
    agent.bench.router.answer = () => ({
      calls: ['a', 'b', 'c'].map((room) => ['book-room', JSON.stringify({ room })] as const),
    });
    agent.ledger.setRefusal((record) =>
      record.type === 'tool_intent' && record.callId.endsWith(':2') ? 'record_not_allowed' : undefined,
    );
    expect((await agent.bench.run()).json()).toMatchObject({ reason: 'not_recorded' });
    expect(agent.tool.effects.map(({ body }) => body)).toEqual(['{"room":"a"}']);
  });

  it('is done once and recorded once when an answer asks for it twice', async () => {
    await using agent = await startRecordedAgent();
    agent.bench.router.answer = (_request, index) =>
      index === 0
        ? {
            calls: [
              ['book-room', '{"room":"a"}'],
              ['book-room', '{ "room": "a" }'],
            ],
          }
        : { content: 'Booked.' };
    await agent.bench.run();
    await agent.ledger.until(isWhole);
    expect(agent.tool.effects).toHaveLength(1);
    expect(recordsOf(agent.ledger.records, 'tool_intent')).toHaveLength(1);
    expect(recordsOf(agent.ledger.records, 'tool_result')).toHaveLength(1);
  });

  it('that has run is a reason not to repeat the run, whatever ended it', async () => {
    await using agent = await startRecordedAgent();
    agent.bench.router.answer = (_request, index) =>
      index % 2 === 0 ? BOOKS : { status: 503, error: { code: 'unavailable', message: 'No model.' } };
    const answer = await agent.bench.run();
    expect(answer.json().error?.code).toBe('unavailable');
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(agent.tool.effects).toHaveLength(1);
  });

  it('has never more effects than durable intents, while the ledger comes and goes', async () => {
    await using agent = await startRecordedAgent({ limits: { seconds: 2 } });
    books(agent);
    const { ledger } = agent;
    const faults = [
      () => ledger.setFault({ kind: 'freeze' }),
      () => ledger.setFault({ kind: 'loseAnswer' }),
      () => ledger.setFault({ kind: 'status', status: 500 }),
    ];
    for (const fail of faults) {
      const running = Array.from({ length: 8 }, () => agent.bench.run());
      await ledger.untilRequests(ledger.requests() + 1);
      fail();
      await Promise.race(running);
      ledger.setFault(undefined);
      await Promise.all(running);
    }
    await ledger.until((records) => recordsOf(records, 'run_ended').length === 24);
    const intents = new Set(recordsOf(ledger.records, 'tool_intent').map(({ callId }) => callId));
    expect(agent.tool.effects.filter(({ callId }) => !intents.has(callId))).toEqual([]);
    const ran = recordsOf(ledger.records, 'tool_result').filter(({ outcome }) => outcome === 'ok');
    expect(ran).toHaveLength(agent.tool.effects.length);
    expect(recordsOf(ledger.records, 'gap')).toEqual([]);
  });
});

describe('a tool without an effect', () => {
  it('runs while the ledger is away, and is told of later', async () => {
    await using agent = await startRecordedAgent({ toolEffect: 'none' });
    books(agent);
    await agent.ledger.kill();
    expect((await agent.bench.run()).status).toBe(200);
    expect(agent.tool.effects).toHaveLength(1);
    await agent.ledger.revive();
    await agent.ledger.until(isWhole);
    expect(recordsOf(agent.ledger.records, 'tool_intent')).toMatchObject([{ effect: 'none' }]);
    expect(agent.ledger.records.at(-1)).toMatchObject({ records: agent.ledger.records.length });
  });
});

describe('a spool that is full', () => {
  it('refuses new runs on every path and says that the pod is not ready, until the ledger takes records again', async () => {
    await using agent = await startRecordedAgent({
      audit: { content: 'Full' },
      environment: { CAPATAZ_LEDGER_SPOOL_MEBIBYTES: '1' },
    });
    await agent.ledger.kill();
    let answer = await agent.bench.run({ name: 'x'.repeat(100_000) });
    for (let runs = 1; answer.status === 200 && runs < 50; runs += 1) {
      answer = await agent.bench.run({ name: 'x'.repeat(100_000) });
    }
    expect(answer.status).toBe(503);
    expect(answer.json().error?.code).toBe('audit_unavailable');
    expect(answer.headers.get('x-should-retry')).toBe('true');
    const asked = agent.bench.router.requests.length;
    const chat = await agent.bench.post('/v1/chat/completions', {
      messages: [{ role: 'user', content: 'Ada' }],
    });
    expect(chat.json().error?.code).toBe('audit_unavailable');
    expect(agent.bench.router.requests).toHaveLength(asked);
    expect(await agent.bench.readiness()).toBe(503);
    await agent.ledger.revive();
    await agent.bench.untilReady();
    expect((await agent.bench.run()).status).toBe(200);
    expect(recordsOf(agent.ledger.records, 'gap')).toEqual([]);
  });
});

it('a run whose records no disk takes is no answer: it fails and says why', async () => {
  const spool = await mkdtemp(join(tmpdir(), 'capataz-lost-spool-'));
  await using agent = await startRecordedAgent({ environment: { CAPATAZ_LEDGER_SPOOL_PATH: spool } });
  agent.bench.router.answer = () => ({ content: 'Nobody must hear this.' });
  await rm(spool, { recursive: true });
  const answer = await agent.bench.run();
  expect(answer.status).toBe(503);
  expect(answer.json()).toMatchObject({ status: 'failed', reason: 'not_recorded' });
  expect(answer.text).not.toContain('Nobody must hear this.');
  expect((await agent.bench.run()).json()).toMatchObject({ error: { code: 'audit_unavailable' } });
  // Once the disk is back, the ledger hears what the caller heard.
  await mkdir(spool);
  await agent.ledger.until((records) => records.some(({ type }) => type === 'run_ended'));
  expect(recordsOf(agent.ledger.records, 'run_ended')).toMatchObject([
    { status: 'failed', reason: 'not_recorded' },
  ]);
});
