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

function recordsInto(written: RecordDraft[]): RunRecords {
  return new RunRecords({
    writer: { ...NO_LEDGER, write: (draft) => void written.push(draft) },
    namespace: 'shop',
    agent: { name: 'triage' },
    prompt: { name: 'triage', version: 'v1', digest: 'a'.repeat(64), arm: 'candidate' },
    runId: 'run-1',
    session: '0'.repeat(32),
    content: 'None',
    retentionDays: 1,
    commitmentKey: '0'.repeat(64),
    now: () => new Date(0),
    monotonicMilliseconds: () => 0,
  });
}

it('the end of a run says what judges of its prompt want to know', () => {
  const written: RecordDraft[] = [];
  const records = recordsInto(written);
  const outcomes = ['ok', 'tool_failed', 'unknown_tool', 'interrupted'] as const;
  for (const outcome of outcomes) {
    const call = { step: 1, callId: outcome, tool: 'lookup' };
    records.recorder.toolResult(call, { outcome, text: '', durationMilliseconds: 1 });
  }
  records.ended({ ...FIGURES, status: 'succeeded', output: '', firstAnswerFits: false, isRefusal: true });
  expect(written.at(-1)).toMatchObject({
    type: 'run_ended',
    run: { session: '0'.repeat(32) },
    prompt: { name: 'triage', arm: 'candidate' },
    firstAnswerFits: 'no',
    isRefusal: 'yes',
    toolCalls: 3,
    failedToolCalls: 2,
  });
  expect(written.find(({ type }) => type === 'security_event')).toMatchObject({
    prompt: { name: 'triage', arm: 'candidate' },
  });
});

it('the end of a run by a fault of ours says of answers nothing', () => {
  const written: RecordDraft[] = [];
  recordsInto(written).faulted();
  expect(written.at(-1)).toMatchObject({ status: 'failed', toolCalls: 0, failedToolCalls: 0 });
  expect(written.at(-1)).not.toHaveProperty('firstAnswerFits');
  expect(written.at(-1)).not.toHaveProperty('isRefusal');
});

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
    { id: 'run-1.1', type: 'policy_decision', reason: 'steps' },
    { id: 'run-1.2', type: 'run_ended', status: 'failed', reason: 'not_recorded', records: 2 },
  ]);
});
