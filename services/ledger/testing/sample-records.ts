/** Records as they are told, one of each kind that tests need. */
import { randomUUID } from 'node:crypto';
import type { LedgerRecord, RecordOf } from '#domain/ledger/ledger-record.ts';

const AT_MICROSECONDS = 1_764_000_000_000_000;
let sequence = 0;

function envelope(
  process: 'agent-runtime' | 'router',
): Pick<LedgerRecord, 'id' | 'namespace' | 'atMicroseconds' | 'source'> {
  sequence += 1;
  return {
    id: randomUUID(),
    namespace: 'shop',
    atMicroseconds: AT_MICROSECONDS + sequence,
    source: { process, instance: `${process}-0`, boot: 'boot-1', sequence },
  };
}

export function aRunBegun(changes: Partial<RecordOf<'run_begun'>> = {}): RecordOf<'run_begun'> {
  return {
    ...envelope('agent-runtime'),
    type: 'run_begun',
    run: { id: 'run-1' },
    agent: { name: 'triage' },
    content: 'Full',
    contentRetentionDays: 30,
    input: { characters: 5 },
    tools: [],
    limits: { steps: 8, seconds: 60 },
    ...changes,
  };
}

export function aRunEnded(changes: Partial<RecordOf<'run_ended'>> = {}): RecordOf<'run_ended'> {
  return {
    ...envelope('agent-runtime'),
    type: 'run_ended',
    run: { id: 'run-1' },
    agent: { name: 'triage' },
    status: 'succeeded',
    steps: 1,
    repairs: 0,
    models: ['fast'],
    durationMicroseconds: 1_000_000,
    records: 2,
    ...changes,
  };
}

export function aModelAttempt(changes: Partial<RecordOf<'model_attempt'>> = {}): RecordOf<'model_attempt'> {
  return {
    ...envelope('router'),
    type: 'model_attempt',
    run: { id: 'run-1', step: 1 },
    agent: { name: 'triage' },
    requestId: 'request-1',
    attempt: 1,
    operation: 'chat',
    model: 'fast',
    provider: 'openai',
    providerModel: 'gpt',
    outcome: 'answered',
    tokens: { input: 10, cachedInput: 0, cacheWrite: 0, output: 5 },
    usageSource: 'provider',
    costNanoUsd: 20_000,
    durationMicroseconds: 900_000,
    ...changes,
  };
}

export function aSecurityEvent(
  changes: Partial<RecordOf<'security_event'>> = {},
): RecordOf<'security_event'> {
  return {
    ...envelope('router'),
    type: 'security_event',
    agent: { name: 'triage' },
    event: 'model_denied',
    severity: 'low',
    action: 'blocked',
    owasp: ['LLM06'],
    sentence: 'An agent asked for a Model that its policy does not allow.',
    ...changes,
  };
}
