import { describe, expect, it } from 'vitest';
import type { RecordDraft } from '#domain/ledger/ledger-record.ts';
import { NotRecordedError } from '#domain/ledger/record-writer.ts';
import { createLogger } from '#telemetry/logger.ts';
import { createLedgerTeller } from './ledger-teller.ts';

const SIGNAL = new AbortController().signal;
const logger = createLogger('test', 'silent');

function decision(id: string): RecordDraft {
  return {
    id,
    type: 'rollout_decision',
    namespace: 'ns',
    atMicroseconds: 1,
    rollout: 'triage',
    decision: 'released',
    reason: 'version_accepted',
  };
}

describe('telling the ledger of decisions', () => {
  it('tells each once, however often a pass is repeated', async () => {
    const written: string[] = [];
    const ledger = { writeDurably: async ({ id }: RecordDraft) => void written.push(id) };
    const tell = createLedgerTeller({ ledger, mayTell: () => true, logger });
    await tell([decision('a')], SIGNAL);
    await tell([decision('a'), decision('b')], SIGNAL);
    expect(written).toEqual(['a', 'b']);
  });

  it('tells nothing where another process leads', async () => {
    const written: string[] = [];
    const ledger = { writeDurably: async ({ id }: RecordDraft) => void written.push(id) };
    await createLedgerTeller({ ledger, mayTell: () => false, logger })([decision('a')], SIGNAL);
    expect(written).toEqual([]);
  });

  it('lets the work go on when the ledger is away or the spool is full', async () => {
    const ledger = { writeDurably: () => Promise.reject(new NotRecordedError('no room')) };
    const tell = createLedgerTeller({ ledger, mayTell: () => true, logger });
    await expect(tell([decision('a')], SIGNAL)).resolves.toBeUndefined();
  });
});
