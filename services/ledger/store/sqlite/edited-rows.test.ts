/** Rows that a ledger keeps beside its entries, edited by hand while the entries stay as they were signed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import { compareRows, type ToldSums } from '#domain/ledger/verify/compare-rows.ts';
import { COST_GROUPINGS, OUTCOME_GROUPINGS, Recount, type Sums } from '#domain/ledger/verify/recount.ts';
import { attempt, feedback, RECEIVED_AT, runBegun, runEnded, submitted } from '../testing/sample-records.ts';
import { openDatabaseReader } from './database-reader.ts';
import { DatabaseWriter } from './database-writer.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capataz-edited-rows-'));
  path = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(): void {
  const writer = new DatabaseWriter({ path });
  writer.append(
    [
      submitted(runBegun('r-1')),
      submitted(attempt('r-2')),
      submitted(attempt('r-3', { model: 'smart', costNanoUsd: 70 })),
      submitted(runEnded('r-4')),
      submitted(feedback('r-5')),
      submitted(attempt('r-6', { run: { id: 'run-2' } })),
      submitted(attempt('r-7', { namespace: 'mail' })),
    ],
    RECEIVED_AT,
  );
  writer.close();
}

function toldSums(rows: readonly { readonly group: ToldSums['group'] }[]): readonly ToldSums[] {
  return rows.map(({ group, ...sums }) => ({ group, sums: sums as Sums }));
}

function differences(): readonly string[] {
  const reader = openDatabaseReader(path);
  const scope = { namespaces: ['shop'], limit: 1000 };
  const recount = new Recount();
  for (const { canonical } of reader.entriesByIndex('shop', 0, 100)) recount.pass(canonical);
  const tally = recount.tally();
  const events = reader.entriesAfter(0, { types: ['security_event'], namespaces: ['shop'] }, 100);
  const told = {
    costs: COST_GROUPINGS.map((by) => toldSums(reader.costs({ ...scope, by: [...by] }))),
    outcomes: OUTCOME_GROUPINGS.map((by) => toldSums(reader.outcomes({ ...scope, by: [...by] }))),
    runs: reader.runs(scope).runs,
    securityEvents: events.entries.map(({ canonical }) => LedgerEntry.parse(JSON.parse(canonical)).record.id),
  };
  reader.close();
  return compareRows(tally, told, tally);
}

describe('rows that the ledger keeps beside its entries', () => {
  it('are what the entries come to', () => {
    write();
    expect(differences()).toEqual([]);
  });

  it.each([
    ['UPDATE cost_sums SET cost_nano_usd = cost_nano_usd - 1 WHERE period = 86400', 'Costs by agent'],
    ['UPDATE cost_sums SET attempts = attempts + 1 WHERE period = 3600', 'Costs by agent'],
    ['DELETE FROM cost_sums', 'Costs by agent'],
    ["UPDATE cost_sums SET namespace = 'mail' WHERE model = 'smart'", 'smart'],
    ["UPDATE cost_sums SET agent = 'other' WHERE model = 'smart'", 'other'],
    ['UPDATE cost_totals SET output_tokens = 1 WHERE period = 86400', 'Costs by model, day'],
    ['UPDATE cost_totals SET input_tokens = 1 WHERE period = 3600', 'Costs by model, hour'],
    ['UPDATE outcome_sums SET good = 5, bad = 0', 'Outcomes by agent'],
    ['DELETE FROM outcome_sums WHERE period = 3600', 'Outcomes by agent'],
    ['DELETE FROM runs', 'Run run-1 is not told'],
    ["UPDATE runs SET namespace = 'mail' WHERE run_id = 'run-2'", 'run-2'],
    [
      "UPDATE runs SET state = json_set(state, '$.row.costNanoUsd', 1)",
      'Run run-1: costNanoUsd is told as 1',
    ],
    [
      "UPDATE runs SET state = json_set(state, '$.row.status', 'failed')",
      'Run run-1: status is told as "failed"',
    ],
    ["UPDATE entries SET type = 'security_event' WHERE record_id = 'r-2'", 'Security event r-2 is told'],
  ])('are found out by them after %s', (edit, where) => {
    write();
    const database = new DatabaseSync(path);
    database.exec(edit);
    database.close();
    expect(differences().join('\n')).toContain(where);
  });
});
