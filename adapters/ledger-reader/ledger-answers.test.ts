import { expect, it } from 'vitest';
import type { RunRow as LedgerRow } from '#domain/ledger/rollups/run-row.ts';
import { RunRow } from './ledger-answers.ts';

/** Required, so that a field which the ledger gives its rows has to be written here. */
const WHOLE: Required<LedgerRow> = {
  id: 'run-1',
  namespace: 'shop',
  agent: 'triage',
  status: 'succeeded',
  reason: 'steps',
  rollout: 'triage',
  promptVersion: 'triage-a',
  promptDigest: 'a'.repeat(64),
  arm: 'candidate',
  agentUid: 'uid-1',
  session: '0'.repeat(32),
  purpose: 'probe',
  traceId: 'b'.repeat(32),
  beganAtMicroseconds: 1,
  endedAtMicroseconds: 2,
  durationMicroseconds: 1,
  steps: 1,
  modelCalls: 1,
  attempts: 1,
  toolCalls: 0,
  inputTokens: 1,
  outputTokens: 1,
  costNanoUsd: 1,
  attemptsOfUnknownCost: 0,
  models: ['small'],
  good: 0,
  bad: 0,
  securityEvents: 0,
  records: 3,
  isComplete: true,
  trust: 'witnessed',
};

it('a row of a run is read whole: verify takes a field that is dropped for an edit of the ledger', () => {
  expect(RunRow.parse(WHOLE)).toEqual(WHOLE);
});
