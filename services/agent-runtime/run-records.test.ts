import { describe, expect, it } from 'vitest';
import { commitTo } from '#domain/ledger/commitment.ts';
import type { ContentMode } from '#crds/agent.ts';
import type { LedgerUnderTest } from '#test/fakes/ledger-under-test.ts';
import { until } from './testing/agent-bench.ts';
import { type RecordedAgent, isWhole, recordsOf, startRecordedAgent } from '#test/fakes/recorded-agent.ts';

const BOOKS = {
  content: 'I book the room.',
  calls: [['book-room', '{"room":"blue"}']],
  headers: { 'x-request-id': 'router-1' },
} as const;

/** Books a room with the first answer and says so with the second. */
function books({ bench }: RecordedAgent): void {
  bench.router.answer = (_request, index) => (index % 2 === 0 ? BOOKS : { content: 'Booked.' });
}

describe('the records of a run', () => {
  it('tell it whole and in order, each intent before its result, and their number stands in the last', async () => {
    await using agent = await startRecordedAgent();
    books(agent);
    const answer = await agent.bench.post(
      '/v1/runs',
      { input: { name: 'Ada' } },
      { 'x-request-id': 'caller-1' },
    );
    expect(answer.status).toBe(200);
    const { runId } = answer.json();
    await agent.ledger.until(isWhole);
    const { records } = agent.ledger;
    expect(records.map(({ type }) => type)).toEqual([
      'run_begun',
      'cycle',
      'tool_intent',
      'tool_result',
      'cycle',
      'outcome',
      'run_ended',
    ]);
    const agentReference = { name: 'greeter', uid: 'uid-1', generation: 1 };
    for (const record of records) {
      expect(record).toMatchObject({ namespace: 'shop', run: { id: runId }, agent: agentReference });
      expect(record.source).toMatchObject({ process: 'agent-runtime', instance: 'pod-1' });
    }
    expect(records[0]).toMatchObject({
      callerRequestId: 'caller-1',
      prompt: { name: 'greeting', arm: 'stable' },
      content: 'Digests',
      contentRetentionDays: 30,
      tools: ['calculate', 'book-room'],
      limits: { steps: 4, seconds: 30 },
    });
    expect(recordsOf(records, 'cycle')).toMatchObject([
      {
        phase: 'action',
        outcome: 'ok',
        run: { step: 1 },
        toolCalls: 1,
        model: 'small',
        requestId: 'router-1',
      },
      { phase: 'answer', outcome: 'ok', run: { step: 2 }, toolCalls: 0 },
    ]);
    const [intent] = recordsOf(records, 'tool_intent');
    expect(intent).toMatchObject({ tool: 'book-room', effect: 'external', run: { step: 1 } });
    expect(recordsOf(records, 'tool_result')).toMatchObject([{ callId: intent?.callId, outcome: 'ok' }]);
    expect(agent.tool.effects).toEqual([{ callId: intent?.callId, body: '{"room":"blue"}' }]);
    expect(recordsOf(records, 'outcome')).toMatchObject([{ metric: 'output_text', verdict: 'good' }]);
    expect(records.at(-1)).toMatchObject({
      status: 'succeeded',
      steps: 2,
      repairs: 0,
      costNanoUsd: 3000,
      models: ['small'],
      records: records.length,
    });
  });

  it('tell of an answer that had to be repaired, and of one that never fitted', async () => {
    await using agent = await startRecordedAgent({
      outputSchema: { type: 'object', required: ['label'] },
      limits: { outputRepairs: 1 },
    });
    agent.bench.router.answer = (_request, index) => ({ content: index === 0 ? 'No JSON' : '{"label":1}' });
    expect((await agent.bench.run()).status).toBe(200);
    agent.bench.router.answer = () => ({ content: '{}' });
    expect((await agent.bench.run()).status).toBe(422);
    await agent.ledger.until((records) => recordsOf(records, 'run_ended').length === 2);
    const { records } = agent.ledger;
    expect(recordsOf(records, 'outcome')).toMatchObject([
      { judge: 'output-check', metric: 'output_schema', verdict: 'good', label: 'repairs: 1' },
      { judge: 'output-check', metric: 'output_schema', verdict: 'bad', label: 'repairs: 1' },
    ]);
    expect(recordsOf(records, 'cycle').map(({ phase }) => phase)).toEqual([
      'repair',
      'answer',
      'repair',
      'failure',
    ]);
    expect(recordsOf(records, 'run_ended')).toMatchObject([
      { status: 'succeeded', repairs: 1 },
      { status: 'failed', reason: 'output_invalid', repairs: 1 },
    ]);
  });

  it('tell which limit ended it', async () => {
    await using agent = await startRecordedAgent({ limits: { steps: 1 } });
    agent.bench.router.answer = () => BOOKS;
    expect((await agent.bench.run()).status).toBe(422);
    await agent.ledger.until(isWhole);
    expect(recordsOf(agent.ledger.records, 'policy_decision')).toMatchObject([
      { policy: 'run_limits', verdict: 'denied', reason: 'steps' },
    ]);
    expect(recordsOf(agent.ledger.records, 'cycle')).toMatchObject([{ phase: 'stop', outcome: 'steps' }]);
    expect(agent.tool.effects).toEqual([]);
  });

  it('tell of tools that there are not, and of more calls than a step may have', async () => {
    await using agent = await startRecordedAgent();
    const many = Array.from(
      { length: 40 },
      (_, index) => ['calculate', `{"expression":"1+${index}"}`] as const,
    );
    agent.bench.router.answer = (_request, index) =>
      index === 0
        ? { calls: [['rm -rf /', '{}'], ['x'.repeat(300), '{}'], ['book-room', '{"room":7}'], ...many] }
        : { content: 'Done.' };
    expect((await agent.bench.run()).status).toBe(200);
    await agent.ledger.until(isWhole);
    const { records } = agent.ledger;
    expect(recordsOf(records, 'policy_decision')).toMatchObject([
      { policy: 'tools_of_the_agent', reason: 'unknown_tool', subject: '(unknown_tool)' },
      { policy: 'tools_of_the_agent', reason: 'unknown_tool', subject: '(unknown_tool)' },
      { policy: 'tool_calls_per_step', reason: 'too_many_calls', subject: 'calculate' },
    ]);
    expect(recordsOf(records, 'security_event').map(({ event, action }) => [event, action])).toEqual([
      ['unknown_tool_called', 'blocked'],
      ['unknown_tool_called', 'blocked'],
    ]);
    expect(JSON.stringify(records)).not.toMatch(/rm -rf|xxx/);
    // Only what is run has an intent, and what is run has one.
    expect(recordsOf(records, 'tool_intent')).toHaveLength(13);
    expect(recordsOf(records, 'tool_result').filter(({ outcome }) => outcome === 'ok')).toHaveLength(13);
    expect(recordsOf(records, 'tool_result').map(({ outcome }) => outcome)).toContain('invalid_arguments');
    expect(records.at(-1)).toMatchObject({ records: records.length });
    expect(recordsOf(records, 'gap')).toEqual([]);
  });

  it.each(['None', 'Digests'] as const)(
    'and its trace hold no word that a model wrote for the name of a tool, with the content %s',
    async (content) => {
      await using agent = await startRecordedAgent({ audit: { content } });
      const calls = Array.from({ length: 17 }, (_, index) => [`secret ${index}\r\n`, '{}'] as const);
      agent.bench.router.answer = (_request, index) => (index === 0 ? { calls } : { content: 'Done.' });
      expect((await agent.bench.run()).status).toBe(200);
      await agent.ledger.until(isWhole);
      const { records } = agent.ledger;
      const denied = recordsOf(records, 'policy_decision');
      expect(denied.map(({ reason }) => reason)).toContain('too_many_calls');
      expect(new Set(denied.map(({ subject }) => subject))).toEqual(new Set(['(unknown_tool)']));
      expect(JSON.stringify([records, agent.bench.traces])).not.toContain('secret');
    },
  );

  it('say of a tool that the run left behind that nobody knows what it did', async () => {
    await using agent = await startRecordedAgent();
    books(agent);
    const leaving = new AbortController();
    agent.tool.respond = () => leaving.abort();
    await fetch(`${agent.bench.url}/v1/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"input":{"name":"Ada"}}',
      signal: leaving.signal,
    }).catch(() => undefined);
    await agent.ledger.until(isWhole);
    const { records } = agent.ledger;
    expect(recordsOf(records, 'tool_intent')).toHaveLength(1);
    expect(recordsOf(records, 'tool_result')).toMatchObject([{ outcome: 'interrupted' }]);
    expect(records.at(-1)).toMatchObject({ status: 'stopped', reason: 'cancelled', records: records.length });
  });

  it('are all at the ledger when the process has ended in order', async () => {
    await using agent = await startRecordedAgent();
    await agent.bench.run();
    await agent.bench.stop();
    expect(isWhole(agent.ledger.records)).toBe(true);
  });

  it('are out of the hands of the process before the answer leaves', async () => {
    await using agent = await startRecordedAgent();
    await agent.ledger.kill();
    const answers = await Promise.all(Array.from({ length: 20 }, () => agent.bench.run()));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    await agent.ledger.revive();
    await agent.ledger.until((records) => recordsOf(records, 'run_ended').length === 20);
    expect(recordsOf(agent.ledger.records, 'gap')).toEqual([]);
  });
});

/** Texts that come by every way: from the caller, from the model, from the tool. */
const CANARIES = {
  input: 'CANARY-INPUT',
  answer: 'CANARY-THOUGHT',
  arguments: 'CANARY-ARGUMENT',
  result: 'CANARY-RESULT',
  output: 'CANARY-OUTPUT',
};

async function runWithCanaries(content: ContentMode): Promise<LedgerUnderTest> {
  await using agent = await startRecordedAgent({ audit: { content, retentionDays: 7 } });
  agent.tool.respond = (response) => response.end(CANARIES.result);
  agent.bench.router.answer = (_request, index) =>
    index === 0
      ? { content: CANARIES.answer, calls: [['book-room', JSON.stringify({ room: CANARIES.arguments })]] }
      : { content: CANARIES.output };
  expect((await agent.bench.run({ name: CANARIES.input })).status).toBe(200);
  await agent.ledger.until(isWhole);
  return agent.ledger;
}

describe('what the ledger is told of the texts of a run', () => {
  it.each<[ContentMode, readonly string[]]>([
    ['None', []],
    ['Digests', ['commitment_key']],
  ])('is no word of them with %s', async (content, fields) => {
    const { records, texts } = await runWithCanaries(content);
    expect(JSON.stringify([records, texts])).not.toContain('CANARY');
    expect(texts.map(({ field }) => field)).toEqual(fields);
    const digests = JSON.stringify(records).match(
      /"(input|sent|answer|arguments|result|output)":\{"digest"/g,
    );
    expect(digests ?? []).toHaveLength(content === 'None' ? 0 : 8);
  });

  it('is all of them with Full, beside the records, and opens every commitment in them', async () => {
    const { records, texts } = await runWithCanaries('Full');
    expect(JSON.stringify(records)).not.toContain('CANARY');
    const key = texts.find(({ field }) => field === 'commitment_key')?.text ?? '';
    expect(key).toMatch(/^[0-9a-f]{32}$/);
    for (const canary of Object.values(CANARIES)) expect(JSON.stringify(texts)).toContain(canary);
    for (const { recordId, field, text, retentionDays } of texts) {
      expect(retentionDays).toBe(7);
      if (field === 'commitment_key') continue;
      const record = records.find(({ id }) => id === recordId) as unknown as Record<string, unknown>;
      expect(record[field]).toEqual(commitTo(text, key));
    }
  });

  it('is each message once, however many cycles it went to the model with', async () => {
    const { texts } = await runWithCanaries('Full');
    const sent = texts.filter(({ field }) => field === 'sent').map(({ text }) => text);
    expect(sent).toHaveLength(2);
    expect(sent[0]).toContain(CANARIES.input);
    expect(sent[1]).toContain(CANARIES.result);
    expect(sent[1]).not.toContain(CANARIES.input);
  });

  it('is the beginning of one that is too long, and the record says how much', async () => {
    await using agent = await startRecordedAgent({ audit: { content: 'Full', retentionDays: 7 } });
    const long = 'x'.repeat(1_048_575) + '\u{1f40c}'.repeat(10);
    agent.bench.router.answer = () => ({ content: long });
    await agent.bench.run();
    await agent.ledger.until(isWhole);
    const [ended] = recordsOf(agent.ledger.records, 'run_ended');
    const key = agent.ledger.texts.find(({ field }) => field === 'commitment_key')?.text ?? '';
    expect(ended?.output).toEqual({ ...commitTo(long, key), keptCharacters: 1_048_575 });
    expect(agent.ledger.texts.find(({ field }) => field === 'output')?.text).toBe('x'.repeat(1_048_575));
  });

  it('is under another key in every run', async () => {
    await using agent = await startRecordedAgent();
    await Promise.all([agent.bench.run(), agent.bench.run()]);
    await agent.ledger.until((records) => recordsOf(records, 'run_ended').length === 2);
    const [one, other] = recordsOf(agent.ledger.records, 'run_begun').map(({ input }) => input.digest);
    expect(one).not.toBe(other);
  });

  it('changes with the configuration, without a restart', async () => {
    await using agent = await startRecordedAgent({ audit: { content: 'None' } });
    await agent.bench.run();
    const served = JSON.parse(agent.bench.operator.configuration ?? '') as {
      revision: number;
      agent: object;
    };
    const changed = {
      ...served,
      revision: 2,
      agent: { ...served.agent, generation: 2 },
      audit: { content: 'Full', retentionDays: 3 },
    };
    agent.bench.operator.publish(JSON.stringify(changed));
    await until(async () => (await agent.bench.get('/v1/agent')).text.includes('"generation":2'));
    await agent.bench.run();
    await agent.ledger.until((records) => recordsOf(records, 'run_ended').length === 2);
    expect(recordsOf(agent.ledger.records, 'run_begun').map(({ content }) => content)).toEqual([
      'None',
      'Full',
    ]);
  });
});
