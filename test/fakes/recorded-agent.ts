/** An agent-runtime that tells a ledger under test, with a tool that has an effect. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerRecord, RecordOf, RecordType } from '#domain/ledger/ledger-record.ts';
import { type LedgerUnderTest, startLedgerUnderTest } from './ledger-under-test.ts';
import { AgentBench } from '#services/agent-runtime/testing/agent-bench.ts';
import {
  type ConfigurationChanges,
  configurationText,
} from '#services/agent-runtime/testing/configurations.ts';
import { FakeTool } from '#services/agent-runtime/testing/fake-tool.ts';

export interface RecordedAgent extends AsyncDisposable {
  readonly bench: AgentBench;
  readonly ledger: LedgerUnderTest;
  readonly tool: FakeTool;
}

export interface RecordedAgentSettings extends Omit<ConfigurationChanges, 'tools'> {
  readonly toolEffect?: 'none' | 'external';
  readonly environment?: Readonly<Record<string, string>>;
}

export async function startRecordedAgent(settings: RecordedAgentSettings = {}): Promise<RecordedAgent> {
  const { toolEffect = 'external', environment = {}, ...changes } = settings;
  await using started = new AsyncDisposableStack();
  const ledger = started.use(await startLedgerUnderTest());
  const tool = started.use(await FakeTool.start());
  const folder = await mkdtemp(join(tmpdir(), 'capataz-agent-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'token'), 'token-of-the-agent');
  const configuration = configurationText({
    ...changes,
    tools: ['calculate', tool.configuration({ effect: toolEffect })],
  });
  const bench = started.use(
    await AgentBench.start(configuration, {
      CAPATAZ_LEDGER_URL: ledger.url,
      CAPATAZ_LEDGER_TOKEN_PATH: join(folder, 'token'),
      CAPATAZ_LEDGER_SPOOL_PATH: join(folder, 'spool'),
      CAPATAZ_ALLOW_LOOPBACK_TOOLS: 'true',
      CAPATAZ_DRAIN_SECONDS: '1',
      ...environment,
    }),
  );
  const all = started.move();
  return { bench, ledger, tool, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

export function recordsOf<Type extends RecordType>(
  records: readonly LedgerRecord[],
  type: Type,
): readonly RecordOf<Type>[] {
  return records.filter((record): record is RecordOf<Type> => record.type === type);
}

export const isWhole = (records: readonly LedgerRecord[]): boolean =>
  records.some(({ type }) => type === 'run_ended');
