import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import { LedgerRecord, SEVERITIES } from '#domain/ledger/ledger-record.ts';
import { SECURITY_EVENTS } from '#domain/ledger/security-events.ts';
import { toOcsfEvent } from '#domain/ocsf/ocsf-event.ts';

const envelope = {
  id: 'r-1',
  namespace: 'shop',
  atMicroseconds: 1_764_000_000_123_456,
  source: { process: 'router', instance: 'router-0', boot: 'b-1', sequence: 1 },
};
const AGENT = { name: 'clerk', uid: 'c0ffee' };
const RUN = { id: 'run-1', step: 2 };
const FINDING = {
  ...envelope,
  type: 'security_event',
  event: 'model_denied',
  severity: 'low',
  action: 'blocked',
  owasp: ['LLM06'],
  sentence: 'An agent asked for a Model that is not allowed.',
};
const ATTEMPT = {
  ...envelope,
  type: 'model_attempt',
  agent: AGENT,
  requestId: 'q-1',
  attempt: 1,
  operation: 'chat',
  model: 'fast',
  provider: 'OpenAI',
  providerModel: 'gpt-5',
  outcome: 'answered',
  usageSource: 'provider',
  durationMicroseconds: 1_234_567,
};
const TOOL_RESULT = {
  ...envelope,
  type: 'tool_result',
  agent: AGENT,
  run: RUN,
  callId: 'c-1',
  tool: 'refund',
  outcome: 'ok',
  result: { characters: 4 },
  durationMicroseconds: 5,
};

const RECORDS: readonly (readonly [string, unknown])[] = [
  ...Object.entries(SECURITY_EVENTS).map(
    ([event, { severity, owasp }]) =>
      [`the finding ${event}`, { ...FINDING, event, severity, owasp }] as const,
  ),
  ...SEVERITIES.map((severity) => [`a finding of severity ${severity}`, { ...FINDING, severity }] as const),
  [
    'a finding about an agent in a run',
    { ...FINDING, agent: AGENT, run: RUN, subject: 'fast', action: 'observed' },
  ],
  ['a call of a model that answered', ATTEMPT],
  [
    'a call of a model with all that can be told',
    {
      ...ATTEMPT,
      run: RUN,
      modelServed: 'gpt-5-2026',
      tokens: { input: 1, cachedInput: 2, cacheWrite: 3, output: 4 },
      costNanoUsd: 12,
    },
  ],
  ['a call of a model that failed', { ...ATTEMPT, outcome: 'failed', failureCode: 'unavailable' }],
  ['a tool that ran', TOOL_RESULT],
  ['a tool that failed', { ...TOOL_RESULT, outcome: 'tool_failed' }],
];

const LEAF = 'ab'.repeat(32);

function eventOf(given: unknown): Record<string, unknown> {
  const entry: LedgerEntry = {
    version: 1,
    index: 7,
    receivedAtMicroseconds: 1_764_000_000_200_000,
    reporter: 'system:serviceaccount:capataz-system:capataz-router',
    trust: 'witnessed',
    chain: { sequence: 0, previous: '0'.repeat(64) },
    record: LedgerRecord.parse(given),
  };
  return JSON.parse(JSON.stringify(toOcsfEvent(entry, LEAF))) as Record<string, unknown>;
}

async function problemsFinder(name: string): Promise<(value: unknown) => readonly string[]> {
  const text = await readFile(join(import.meta.dirname, 'ocsf', `${name}-1.8.0.json`), 'utf8');
  // Too large for the validator of Capataz, which bounds the schemas of users.
  const validate = new Ajv2020({ allErrors: true, strict: false }).compile(JSON.parse(text) as object);
  return (value) =>
    validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

let findProblems: Readonly<Record<number, (value: unknown) => readonly string[]>>;

beforeAll(async () => {
  findProblems = {
    2004: await problemsFinder('detection_finding'),
    6003: await problemsFinder('api_activity'),
  };
});

describe("an event for a SIEM, by OCSF's own schema", () => {
  it.each(RECORDS)('is right for %s', (_what, record) => {
    const event = eventOf(record);
    expect(findProblems[Number(event['class_uid'])]?.(event)).toEqual([]);
  });

  it('is refused by the schema when an attribute is misspelt, missing or of another number', () => {
    const event = eventOf(FINDING);
    const { finding_info: _, ...withoutFinding } = event;
    for (const wrong of [{ ...event, colour: 1 }, withoutFinding, { ...event, severity_id: 42 }]) {
      expect(findProblems[2004]?.(wrong)).not.toEqual([]);
    }
  });

  it('carries the leaf hash, so that one that comes twice is known and one that is doubted can be proved', () => {
    expect(eventOf(FINDING)['metadata']).toMatchObject({ uid: LEAF, sequence: 7, tenant_uid: 'shop' });
  });

  it('holds no text of a model, a tool or a user', () => {
    const event = JSON.stringify(
      eventOf({ ...TOOL_RESULT, result: { digest: 'cd'.repeat(32), characters: 4 } }),
    );
    expect(event).toContain('"characters":4');
    expect(event).not.toContain('content');
  });
});
