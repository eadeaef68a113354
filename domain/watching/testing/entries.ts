/** Entries of a ledger as they would be told, in the order in which they are written here. */
import { FIRST_OF_CHAIN, type LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import type { LedgerRecord, RecordOf } from '#domain/ledger/ledger-record.ts';
import type { FleetKnowledge, KnownAgent, KnownModel } from '../fleet-knowledge.ts';

export const HOUR = 3_600_000_000;
export const DAY = 24 * HOUR;
export const DIGEST = 'a'.repeat(64);
/** Monday, 2026-01-05 00:00 UTC. */
export const BEGINNING = Date.UTC(2026, 0, 5) * 1000;

const SOURCE: LedgerRecord['source'] = {
  process: 'agent-runtime',
  instance: 'pod',
  boot: 'boot',
  sequence: 1,
};

let written = 0;

/** `receivedAtMicroseconds`: when not given, at once. */
export function entryOf(
  record: LedgerRecord,
  rest: Partial<Pick<LedgerEntry, 'trust' | 'receivedAtMicroseconds'>> = {},
): LedgerEntry {
  written += 1;
  return {
    version: 1,
    index: written,
    receivedAtMicroseconds: record.atMicroseconds,
    reporter: 'system:serviceaccount:shop:agent',
    trust: 'witnessed',
    chain: { sequence: 0, previous: FIRST_OF_CHAIN },
    record,
    ...rest,
  };
}

interface Of {
  readonly namespace?: string;
  readonly agent?: string;
  readonly at: number;
}

function envelope({
  namespace = 'shop',
  at,
}: Of): Pick<LedgerRecord, 'id' | 'namespace' | 'atMicroseconds' | 'source'> {
  written += 1;
  return { id: `record-${written}`, namespace, atMicroseconds: Math.round(at), source: SOURCE };
}

export function runEnded(of: Of, rest: Partial<RecordOf<'run_ended'>> = {}): LedgerEntry {
  return entryOf({
    ...envelope(of),
    type: 'run_ended',
    run: { id: `run-${written}` },
    agent: { name: of.agent ?? 'mailer' },
    prompt: { digest: DIGEST },
    status: 'succeeded',
    steps: 3,
    repairs: 0,
    models: ['fast'],
    output: { characters: 400 },
    firstAnswerFits: 'yes',
    isRefusal: 'no',
    toolCalls: 2,
    failedToolCalls: 0,
    durationMicroseconds: 800_000,
    records: 7,
    ...rest,
  });
}

export function probeRound(of: Of, rest: Partial<RecordOf<'probe_round'>> = {}): LedgerEntry {
  return entryOf({
    ...envelope(of),
    type: 'probe_round',
    agent: { name: of.agent ?? 'mailer' },
    round: 1,
    goldenSet: { name: 'hard-mails' },
    outcome: 'whole',
    planned: 20,
    passed: 20,
    failed: 0,
    errors: 0,
    durationMicroseconds: 60_000_000,
    ...rest,
  });
}

export function runBegun(of: Of, characters: number): LedgerEntry {
  return entryOf({
    ...envelope(of),
    type: 'run_begun',
    run: { id: `run-${written}` },
    agent: { name: of.agent ?? 'mailer' },
    content: 'Digests',
    contentRetentionDays: 30,
    input: { characters },
    tools: [],
    limits: { steps: 8, seconds: 120 },
  });
}

export function modelAttempt(of: Of, rest: Partial<RecordOf<'model_attempt'>> = {}): LedgerEntry {
  return entryOf({
    ...envelope(of),
    type: 'model_attempt',
    agent: { name: of.agent ?? 'mailer' },
    prompt: { digest: DIGEST },
    requestId: `request-${written}`,
    attempt: 1,
    operation: 'chat',
    model: 'fast',
    provider: 'OpenAI',
    providerModel: 'gpt-fast',
    modelServed: 'gpt-fast-2026-01',
    outcome: 'answered',
    tokens: { input: 1_000, cachedInput: 0, cacheWrite: 0, output: 200 },
    usageSource: 'provider',
    costNanoUsd: 2_000_000,
    durationMicroseconds: 500_000,
    ...rest,
  });
}

export function probeOutcome(of: Of, isGood: boolean): LedgerEntry {
  return entryOf({
    ...envelope(of),
    type: 'outcome',
    run: { id: `run-${written}` },
    agent: { name: of.agent ?? 'mailer' },
    judge: 'probe',
    metric: 'correct',
    verdict: isGood ? 'good' : 'bad',
  });
}

export function securityEvent(of: Of, rest: Partial<RecordOf<'security_event'>> = {}): LedgerEntry {
  return entryOf({
    ...envelope(of),
    type: 'security_event',
    run: { id: `run-${written}` },
    agent: { name: of.agent ?? 'mailer' },
    event: 'prompt_injection',
    severity: 'medium',
    action: 'blocked',
    owasp: ['LLM01'],
    subject: 'mail:evil@example.com',
    sentence: 'The quarantined reader refused an instruction.',
    ...rest,
  });
}

export function silence(of: Of, rest: Partial<RecordOf<'silence'>> & { finding: string }): LedgerEntry {
  return entryOf({
    ...envelope(of),
    type: 'silence',
    by: 'ana',
    action: 'expected',
    untilMicroseconds: of.at + DAY,
    reason: 'a load test',
    ...rest,
  });
}

export function gap(of: Of): LedgerEntry {
  return entryOf({
    ...envelope(of),
    type: 'gap',
    cause: 'lost_records',
    records: 12,
    sentence: '12 records of the router are missing.',
  });
}

export function knownAgent(rest: Partial<KnownAgent> = {}): KnownAgent {
  return {
    namespace: 'shop',
    name: 'mailer',
    uid: 'uid-1',
    state: 'ready',
    stateSentence: 'All pods are ready.',
    stateSinceMicroseconds: BEGINNING,
    prompt: { name: 'mail', digest: DIGEST },
    models: ['fast'],
    probesEverySeconds: null,
    changes: [],
    ...rest,
  };
}

export function knownModel(rest: Partial<KnownModel> = {}): KnownModel {
  return {
    namespace: 'shop',
    name: 'fast',
    isReady: 'True',
    sentence: 'The Model is ready.',
    sinceMicroseconds: BEGINNING,
    prices: { input: 1, cachedInput: 0.1, cacheWrite: 1, output: 5 },
    changes: [],
    ...rest,
  };
}

export function knowledge(now: number, rest: Partial<FleetKnowledge> = {}): FleetKnowledge {
  return {
    agents: [knownAgent()],
    models: [knownModel()],
    rollouts: [],
    ledger: { currentAtMicroseconds: now, problem: null },
    ...rest,
  };
}
