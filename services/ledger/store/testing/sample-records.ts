/** Records for tests of stores: whole runs of a few agents, told as our processes tell them. */
import type { LedgerRecord, RecordOf, RecordSource } from '#domain/ledger/ledger-record.ts';
import type { SubmittedRecord } from '../ledger-store.ts';

export const RECEIVED_AT = 1_764_000_000_000_000;
export const HOUR_MICROSECONDS = 3_600_000_000;
export const DIGEST = 'd'.repeat(64);

/** What of a record a test does not care about. */
interface Common {
  readonly id: string;
  readonly namespace: string;
  readonly atMicroseconds: number;
  readonly source: RecordSource;
}

export function common(id: string, changes: Partial<Common> = {}): Common {
  const number = Number(/\d+$/.exec(id)?.[0] ?? 0);
  return {
    id,
    namespace: 'shop',
    atMicroseconds: RECEIVED_AT + number,
    source: { process: 'router', instance: 'router-0', boot: 'boot', sequence: number + 1 },
    ...changes,
  };
}

export function rotation(
  id: string,
  changes: Partial<RecordOf<'key_rotation'>> = {},
): RecordOf<'key_rotation'> {
  return {
    ...common(id),
    type: 'key_rotation',
    model: 'fast',
    keySource: 'openai',
    version: '1',
    ...changes,
  };
}

export function attempt(
  id: string,
  changes: Partial<RecordOf<'model_attempt'>> = {},
): RecordOf<'model_attempt'> {
  return {
    ...common(id),
    type: 'model_attempt',
    run: { id: 'run-1', step: 1 },
    agent: { name: 'clerk' },
    prompt: { digest: DIGEST, version: 'v1', arm: 'stable' },
    requestId: `request-${id}`,
    attempt: 1,
    operation: 'chat',
    model: 'fast',
    provider: 'openai',
    providerModel: 'gpt',
    outcome: 'answered',
    tokens: { input: 100, cachedInput: 10, cacheWrite: 1, output: 20 },
    usageSource: 'provider',
    costNanoUsd: 1_000,
    durationMicroseconds: 5_000,
    ...changes,
  };
}

export function runBegun(id: string, changes: Partial<RecordOf<'run_begun'>> = {}): RecordOf<'run_begun'> {
  return {
    ...common(id),
    type: 'run_begun',
    run: { id: 'run-1' },
    agent: { name: 'clerk' },
    prompt: { digest: DIGEST, version: 'v1', arm: 'stable' },
    content: 'Digests',
    contentRetentionDays: 30,
    input: { characters: 5 },
    tools: [],
    limits: { steps: 10, seconds: 60 },
    ...changes,
    source: changes.source ?? { process: 'agent-runtime', instance: 'clerk-0', boot: 'clerk', sequence: 1 },
  };
}

export function runEnded(id: string, changes: Partial<RecordOf<'run_ended'>> = {}): RecordOf<'run_ended'> {
  return {
    ...common(id),
    type: 'run_ended',
    run: { id: 'run-1' },
    agent: { name: 'clerk' },
    prompt: { digest: DIGEST, version: 'v1', arm: 'stable' },
    status: 'succeeded',
    steps: 2,
    repairs: 0,
    costNanoUsd: 1_000,
    models: ['fast'],
    durationMicroseconds: 7_000_000,
    records: 2,
    ...changes,
    source: changes.source ?? { process: 'agent-runtime', instance: 'clerk-0', boot: 'clerk', sequence: 2 },
  };
}

export function feedback(id: string, changes: Partial<RecordOf<'feedback'>> = {}): RecordOf<'feedback'> {
  return {
    ...common(id),
    type: 'feedback',
    run: { id: 'run-1' },
    from: 'person',
    by: 'ana',
    metric: 'helpful',
    verdict: 'good',
    ...changes,
  };
}

export function verdict(id: string, changes: Partial<RecordOf<'outcome'>> = {}): RecordOf<'outcome'> {
  return {
    ...common(id),
    type: 'outcome',
    run: { id: 'run-1' },
    agent: { name: 'clerk' },
    judge: 'probe',
    metric: 'probe_passed',
    verdict: 'good',
    ...changes,
    source: changes.source ?? { process: 'agent-runtime', instance: 'clerk-0', boot: 'clerk', sequence: 1 },
  };
}

export function submitted(record: LedgerRecord, changes: Partial<SubmittedRecord> = {}): SubmittedRecord {
  return {
    record,
    reporter: 'system:serviceaccount:capataz-system:capataz-router',
    trust: 'witnessed',
    texts: [],
    ...changes,
  };
}
