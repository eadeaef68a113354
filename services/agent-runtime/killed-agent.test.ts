import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startProcess } from '#process/testing/started-process.ts';
import { startLedgerUnderTest } from '#test/fakes/ledger-under-test.ts';
import { recordsOf } from '#test/fakes/recorded-agent.ts';
import { until } from './testing/agent-bench.ts';
import { configurationText } from './testing/configurations.ts';
import { FakeOperator } from './testing/fake-operator.ts';
import { FakeRouter } from './testing/fake-router.ts';
import { FakeTool } from './testing/fake-tool.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const BOOKS = { calls: [['book-room', '{"room":"blue"}']] } as const;

it('a process that is killed in the middle of tool calls has no effect without an intent, and no answer without its records', async () => {
  await using left = new AsyncDisposableStack();
  const ledger = left.use(await startLedgerUnderTest());
  const tool = left.use(await FakeTool.start());
  const router = left.adopt(await FakeRouter.start(), (started) => started.close());
  const operator = left.adopt(
    await FakeOperator.start(configurationText({ tools: [tool.configuration()] })),
    (started) => started.close(),
  );
  const folder = await mkdtemp(join(tmpdir(), 'capataz-killed-'));
  left.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'token'), 'token');
  router.answer = ({ body }) => (body.messages.at(-1)?.role === 'tool' ? { content: 'Booked.' } : BOOKS);
  const environment = {
    CAPATAZ_PORT: '0',
    CAPATAZ_METRICS_PORT: '0',
    CAPATAZ_DRAIN_LEAD_SECONDS: '0',
    CAPATAZ_ROUTER_URL: router.url,
    CAPATAZ_CONFIGURATION_URL: operator.url,
    CAPATAZ_ALLOW_LOOPBACK_TOOLS: 'true',
    CAPATAZ_LEDGER_URL: ledger.url,
    CAPATAZ_LEDGER_TOKEN_PATH: join(folder, 'token'),
    CAPATAZ_LEDGER_SPOOL_PATH: join(folder, 'spool'),
  };
  const answered: string[] = [];
  for (const effectsBeforeTheEnd of [3, 9]) {
    await using agent = startProcess(MAIN, environment);
    await agent.line('a configuration is served');
    const { port } = await agent.ports();
    const ask = async (): Promise<void> => {
      for (;;) {
        const answer = await fetch(`http://127.0.0.1:${port}/v1/runs`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"input":{"name":"Ada"}}',
        });
        answered.push(((await answer.json()) as { readonly runId: string }).runId);
      }
    };
    const asking = Array.from({ length: 4 }, () => ask().catch(() => undefined));
    await until(() => tool.effects.length >= effectsBeforeTheEnd);
    agent.child.kill('SIGKILL');
    await agent.exited;
    await Promise.all(asking);
  }
  // The spool outlives the process; the next one delivers it.
  await using next = startProcess(MAIN, environment);
  await next.line('a configuration is served');
  await ledger.until((records) => {
    const ended = new Set(recordsOf(records, 'run_ended').map(({ run }) => run.id));
    return answered.every((runId) => ended.has(runId));
  });
  const intents = new Set(recordsOf(ledger.records, 'tool_intent').map(({ callId }) => callId));
  expect(tool.effects.length).toBeGreaterThanOrEqual(9);
  expect(tool.effects.filter(({ callId }) => !intents.has(callId))).toEqual([]);
  // Nobody invents the end of what was killed.
  const results = new Set(recordsOf(ledger.records, 'tool_result').map(({ callId }) => callId));
  expect([...results].filter((callId) => !intents.has(callId))).toEqual([]);
}, 60_000);
