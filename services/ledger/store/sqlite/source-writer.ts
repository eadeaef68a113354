/**
 * Keeps what each boot of each process has told: how far it has counted, and the holes before. A hole closes, or is split,
 * when what was missing arrives late.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { SealedEntry } from '#domain/ledger/seal-records.ts';

interface Source {
  readonly source: number;
  readonly highest: number;
}

export class SourceWriter {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: DatabaseSync) {
    this.#statements = prepareStatements(database);
  }

  note(entries: readonly SealedEntry[], seenAtMicroseconds: number): void {
    const bySource = Map.groupBy(entries, ({ entry: { reporter, record } }) => {
      const { process, instance, boot } = record.source;
      return JSON.stringify([boot, instance, process, reporter]);
    });
    for (const [name, ofSource] of bySource) {
      const { source, highest: before } = this.#open(JSON.parse(name) as string[]);
      let highest = before;
      for (const { entry } of ofSource) {
        const { sequence } = entry.record.source;
        if (sequence <= highest) {
          this.#fill(source, sequence);
          continue;
        }
        if (sequence > highest + 1) {
          this.#statements.insertGap.run(source, highest + 1, sequence - 1, seenAtMicroseconds);
        }
        highest = sequence;
      }
      if (highest !== before) this.#statements.raise.run(highest, source);
    }
  }

  #open(names: readonly string[]): Source {
    const known = this.#statements.read.get(...names) as unknown as Source | undefined;
    if (known !== undefined) return known;
    return { source: Number(this.#statements.create.run(...names).lastInsertRowid), highest: 0 };
  }

  #fill(source: number, sequence: number): void {
    const gap = this.#statements.gapAround.get(source, sequence) as
      | { first_missing: number; last_missing: number; seen_at: number }
      | undefined;
    if (gap === undefined || gap.last_missing < sequence) return;
    this.#statements.deleteGap.run(source, gap.first_missing);
    if (gap.first_missing < sequence) {
      this.#statements.insertGap.run(source, gap.first_missing, sequence - 1, gap.seen_at);
    }
    if (sequence < gap.last_missing) {
      this.#statements.insertGap.run(source, sequence + 1, gap.last_missing, gap.seen_at);
    }
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
    gapAround: database.prepare(
      `SELECT first_missing, last_missing, seen_at FROM source_gaps
       WHERE source = ? AND first_missing <= ? ORDER BY first_missing DESC LIMIT 1`,
    ),
    insertGap: database.prepare('INSERT INTO source_gaps VALUES (?, ?, ?, ?)'),
    deleteGap: database.prepare('DELETE FROM source_gaps WHERE source = ? AND first_missing = ?'),
  };
}
