import { describe, expect, it } from 'vitest';
import { commitTo } from './commitment.ts';
import { LedgerRecord } from './ledger-record.ts';
import { SECURITY_EVENTS } from './security-events.ts';

const RECORD = {
  id: 'r-1',
  type: 'key_rotation',
  namespace: 'shop',
  atMicroseconds: 1_764_000_000_000_000,
  source: { process: 'router', instance: 'router-0', boot: 'b-1', sequence: 1 },
  model: 'fast',
  keySource: 'Secret/openai',
  version: '17',
};

describe('a record of the ledger', () => {
  it('holds integers and strings only', () => {
    expect(LedgerRecord.safeParse(RECORD).success).toBe(true);
    for (const atMicroseconds of [1.5, -1, 2 ** 53, Number.NaN, '1', null, true]) {
      expect(LedgerRecord.safeParse({ ...RECORD, atMicroseconds }).success).toBe(false);
    }
  });

  it('is refused with a field that the schema does not know, with a lone surrogate, and without a source', () => {
    const { source: _, ...withoutSource } = RECORD;
    for (const wrong of [{ ...RECORD, note: 'x' }, { ...RECORD, model: '\ud800' }, withoutSource]) {
      expect(LedgerRecord.safeParse(wrong).success).toBe(false);
    }
  });
});

describe('a commitment to a text', () => {
  it('is the same for the same text and key, and another with either of them another', () => {
    const key = 'a'.repeat(32);
    expect(commitTo('yes', key)).toEqual(commitTo('yes', key));
    expect(commitTo('yes', key).digest).not.toBe(commitTo('no', key).digest);
    expect(commitTo('yes', key).digest).not.toBe(commitTo('yes', 'b'.repeat(32)).digest);
  });
});

describe('security events', () => {
  it('name what they are in lists of OWASP', () => {
    for (const { owasp } of Object.values(SECURITY_EVENTS)) {
      for (const id of owasp) expect(id).toMatch(/^(LLM|ASI)(0\d|10)$/);
    }
  });
});
