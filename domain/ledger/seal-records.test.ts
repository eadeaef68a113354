import { describe, expect, it } from 'vitest';
import { canonicalJson } from '#domain/canonical-json/canonical-json.ts';
import { leafOf } from '#domain/transparency/testing/recursive-tree.ts';
import { ENTRY_MAXIMUM_BYTES, FIRST_OF_CHAIN, LedgerEntry } from './ledger-entry.ts';
import type { LedgerRecord } from './ledger-record.ts';
import { sealRecords } from './seal-records.ts';
import type { SealingHeads, ToldRecord } from './seal-records.ts';

const NOTHING: SealingHeads = {
  lastPosition: 0,
  treeSize: () => 0,
  chainHead: () => undefined,
  knownRecord: () => undefined,
  runOwner: () => undefined,
};

function tell(id: string, model = 'fast', run?: string): ToldRecord {
  const record: LedgerRecord = {
    id,
    type: 'policy_decision',
    namespace: 'shop',
    atMicroseconds: 1,
    source: { process: 'router', instance: 'router-0', boot: 'b', sequence: 1 },
    policy: 'model_allowed',
    verdict: 'allowed',
    reason: 'listed',
    subject: model,
    ...(run === undefined ? {} : { run: { id: run } }),
  };
  return { record, reporter: 'who "told" it \u{1f40c}', trust: 'witnessed' };
}

describe('sealing records', () => {
  it('writes an entry as its canonical JSON, with a chain and without, and hashes that', () => {
    const { entries } = sealRecords([tell('r-1'), tell('r-2', '"\\\u0000\u{1f40c}', 'run-1')], NOTHING, 7);
    for (const { entry, canonical, leafHash } of entries) {
      expect(canonical).toBe(canonicalJson(entry));
      expect(LedgerEntry.parse(JSON.parse(canonical))).toEqual(entry);
      expect(Buffer.from(leafHash)).toEqual(Buffer.from(leafOf(canonical)));
    }
    expect(entries.map(({ entry }) => entry.chain)).toEqual([
      undefined,
      { sequence: 0, previous: FIRST_OF_CHAIN },
    ]);
  });

  it('goes on from the heads: position, index and chain', () => {
    const heads: SealingHeads = {
      lastPosition: 10,
      treeSize: (namespace) => (namespace === 'shop' ? 5 : 0),
      chainHead: (_, runId) => (runId === 'run-1' ? { sequence: 3, leafHash: 'a'.repeat(64) } : undefined),
      knownRecord: () => undefined,
      runOwner: () => undefined,
    };
    const { entries, outcomes } = sealRecords(
      [tell('r-1', 'm', 'run-1'), tell('r-2', 'm', 'run-1')],
      heads,
      7,
    );
    expect(outcomes).toEqual([
      { kind: 'written', position: 11, index: 5 },
      { kind: 'written', position: 12, index: 6 },
    ]);
    const [first, second] = entries;
    expect(first?.entry.chain).toEqual({ sequence: 4, previous: 'a'.repeat(64) });
    const previous = Buffer.from(first?.leafHash ?? []).toString('hex');
    expect(second?.entry.chain).toEqual({ sequence: 5, previous });
  });

  it('takes an entry of 65,535 bytes and refuses one of a byte more', () => {
    const { entries } = sealRecords([tell('r-1', '')], NOTHING, 7);
    const room = ENTRY_MAXIMUM_BYTES - Buffer.byteLength(entries[0]?.canonical ?? '');
    expect(sealRecords([tell('r-1', 'x'.repeat(room))], NOTHING, 7).outcomes).toMatchObject([
      { kind: 'written' },
    ]);
    const refused = sealRecords([tell('r-1', 'x'.repeat(room + 1)), tell('r-2', 'm', 'run-1')], NOTHING, 7);
    expect(refused.outcomes).toMatchObject([
      { kind: 'refused', code: 'record_too_large', message: expect.stringContaining('65536 bytes') },
      { kind: 'written', position: 1, index: 0 },
    ]);
    expect(refused.entries).toHaveLength(1);
  });
});
