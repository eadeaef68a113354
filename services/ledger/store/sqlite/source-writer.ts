/** Keeps what each boot of each process has told (source-changes.ts). */
import type { DatabaseSync } from 'node:sqlite';
import {
  type Count,
  type Gap,
  GAPS_OF_A_LOSS_MAXIMUM,
  type SourceCounts,
  countSequences,
} from '../source-changes.ts';

interface Source {
  readonly source: number;
  readonly highest: number;
}

export class SourceWriter {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: DatabaseSync) {
    this.#statements = prepareStatements(database);
  }

  note(told: readonly SourceCounts[], seenAtMicroseconds: number): void {
    for (const { names, counts } of told) {
      const { source, highest } = this.#open(names);
      const gaps = this.#gapsOf(source, highest, counts);
      const changes = countSequences(highest, gaps, counts, seenAtMicroseconds);
      for (const first of changes.dropped) this.#statements.deleteGap.run(source, first);
      for (const gap of changes.added) {
        this.#statements.insertGap.run(source, gap.firstMissing, gap.lastMissing, gap.seenAtMicroseconds);
      }
      if (changes.highest !== highest) this.#statements.raise.run(changes.highest, source);
    }
  }

  #open(names: SourceCounts['names']): Source {
    const known = this.#statements.read.get(...names) as unknown as Source | undefined;
    if (known !== undefined) return known;
    return { source: Number(this.#statements.create.run(...names).lastInsertRowid), highest: 0 };
  }

  #gapsOf(source: number, highest: number, counts: readonly Count[]): readonly Gap[] {
    const gaps = new Map<number, Gap>();
    for (const count of counts) {
      if (count.sequence > highest) continue;
      const most = count.kind === 'seen' ? 1 : Math.min(count.records ?? 1, GAPS_OF_A_LOSS_MAXIMUM);
      const found = this.#statements.gapsFrom.all(source, count.sequence, most) as unknown as readonly Gap[];
      for (const gap of found) gaps.set(gap.firstMissing, gap);
    }
    return [...gaps.values()];
  }
}

function prepareStatements(database: DatabaseSync) {
  return {
    read: database.prepare(
      'SELECT source, highest FROM sources WHERE boot = ? AND instance = ? AND process = ? AND reporter = ?',
    ),
    create: database.prepare(
      'INSERT INTO sources (boot, instance, process, reporter, highest) VALUES (?, ?, ?, ?, 0)',
    ),
    raise: database.prepare('UPDATE sources SET highest = ? WHERE source = ?'),
    gapsFrom: database.prepare(
      `SELECT first_missing AS firstMissing, last_missing AS lastMissing, seen_at AS seenAtMicroseconds
       FROM source_gaps WHERE source = ?1 AND last_missing >= ?2 AND first_missing >= coalesce(
         (SELECT max(first_missing) FROM source_gaps WHERE source = ?1 AND first_missing <= ?2), 0)
       ORDER BY first_missing LIMIT ?3`,
    ),
    insertGap: database.prepare('INSERT INTO source_gaps VALUES (?, ?, ?, ?)'),
    deleteGap: database.prepare('DELETE FROM source_gaps WHERE source = ? AND first_missing = ?'),
  };
}
