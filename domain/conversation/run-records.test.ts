import { expect, it } from 'vitest';
import type { RecordDraft } from '#domain/ledger/ledger-record.ts';
import { NO_LEDGER } from '#domain/ledger/record-writer.ts';
import type { RunResult } from './run-agent.ts';
import { RunRecords } from './run-records.ts';

const FIGURES: Omit<Extract<RunResult, { status: 'failed' }>, 'status' | 'reason' | 'message'> = {
  runId: 'run-1',
  steps: 2,
  repairs: 0,
  usage: null,
  costNanoUsd: null,
  effects: 0,
  models: [],
  durationMilliseconds: 1,
};

it('the end of a run that is told anew has the number of the first, whose place it takes, and one limit is told once', () => {
  const written: RecordDraft[] = [];
  const records = new RunRecords({
    writer: {
      ...NO_LEDGER,
      write: (draft) => void written.push(draft),
      writeInstead: (draft) =>
        void written.splice(
          written.findIndex(({ id }) => id === draft.id),
          1,
          draft,
        ),
    },
    namespace: 'shop',
    agent: { name: 'triage' },
    prompt: { version: 'v1', digest: 'a'.repeat(64) },
    runId: 'run-1',
    content: 'None',
    retentionDays: 1,
    commitmentKey: '0'.repeat(64),
    now: () => new Date(0),
    monotonicMilliseconds: () => 0,
  });
  records.ended({ ...FIGURES, status: 'stopped', reason: 'steps', message: 'Enough.' });
  records.ended({ ...FIGURES, status: 'failed', reason: 'not_recorded', message: 'No disk.' });
  expect(written).toMatchObject([
    { id: 'run-1:1', type: 'policy_decision', reason: 'steps' },
    { id: 'run-1:2', type: 'run_ended', status: 'failed', reason: 'not_recorded', records: 2 },
  ]);
});
