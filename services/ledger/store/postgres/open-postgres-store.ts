/**
 * openPostgresStore: the ledger in a PostgreSQL, for more than one replica or more than one machine holds. Several
 * processes may write at a time; they take turns at one row, so that it is one order for all.
 */
import type { LedgerStore } from '../ledger-store.ts';
import { fromColumn, toColumn } from './column-text.ts';
import { DEFAULT_LIMITS, PostgresConnections, SCHEMA } from './connections.ts';
import type { Ask, ConnectionLimits } from './connections.ts';
import { DELETE_DOCUMENT, setDocumentStatement } from './document-statements.ts';
import { entryReads } from './entry-reader.ts';
import { appendBatch } from './entry-writer.ts';
import { historyReads } from './judged-outcomes.ts';
import { Leadership } from './leadership.ts';
import { runReads } from './run-reader.ts';
import { upgradeSchema } from './schema.ts';
import { sumReads } from './sum-reader.ts';

/** Texts that one transaction erases. */
const ERASED_AT_ONCE_MAXIMUM = 1000;

export interface PostgresStoreOptions {
  /** Asked at the start, and for the password of each later connection (connection-string.ts). */
  readonly readConnectionString: () => Promise<string>;
  readonly limits?: Partial<ConnectionLimits>;
}

/**
 * Rejects with a sentence when the string is wrong, the server cannot be reached, does not sync to its disk, or holds a
 * ledger of a newer Capataz; the database is then as it was.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<LedgerStore> {
  const { readConnectionString } = options;
  const connections = new PostgresConnections(await readConnectionString(), readConnectionString, {
    ...DEFAULT_LIMITS,
    ...options.limits,
  });
  try {
    await connections.write(async (ask) => {
      await assertDurable(ask);
      await upgradeSchema(ask);
    });
  } catch (error) {
    await connections[Symbol.asyncDispose]();
    throw error;
  }
  const { ask } = connections;
  const change = async (name: string, text: string, values: readonly unknown[]): Promise<number> =>
    (await connections.write((within) => within(name, text, values))).length;
  const leadership = new Leadership(connections, options.limits?.leadSeconds ?? DEFAULT_LIMITS.leadSeconds);

  return {
    append: (batch, receivedAtMicroseconds) =>
      connections.write((within) => appendBatch(within, batch, receivedAtMicroseconds)),
    ...entryReads(ask),
    ...runReads(ask),
    ...sumReads(ask),
    ...historyReads(ask),
    ...documents(ask, change),
    eraseTextsOfRun: (namespace, runId) =>
      change(
        'erase texts of run',
        `DELETE FROM texts USING entries, trees WHERE texts.position = entries.position AND run_id = $2
           AND entries.tree = trees.tree AND namespace = $1 RETURNING 1`,
        [namespace, runId],
      ),
    eraseExpiredTexts: async (nowMicroseconds) => {
      let erased = 0;
      for (;;) {
        const count = await change(
          'erase expired texts',
          `DELETE FROM texts WHERE (position, field) IN
             (SELECT position, field FROM texts WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING 1`,
          [nowMicroseconds, ERASED_AT_ONCE_MAXIMUM],
        );
        erased += count;
        if (count < ERASED_AT_ONCE_MAXIMUM) return erased;
      }
    },
    prune: (receivedBeforeMicroseconds, maximumEntries) =>
      change(
        'prune',
        `WITH due AS (
           SELECT position FROM entries WHERE canonical IS NOT NULL AND received_at < $1
           ORDER BY received_at, position LIMIT $2),
         erased AS (DELETE FROM texts USING due WHERE texts.position = due.position)
         UPDATE entries SET canonical = NULL FROM due WHERE entries.position = due.position RETURNING 1`,
        [receivedBeforeMicroseconds, maximumEntries],
      ),
    sizeBytes: async () => {
      const [size] = await ask<{ bytes: number }>(
        'size',
        `SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint AS bytes
         FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace($1)`,
        [SCHEMA],
      );
      return size?.bytes ?? 0;
    },
    takeLead: leadership.take,
    [Symbol.asyncDispose]: async () => {
      await leadership[Symbol.asyncDispose]();
      await connections[Symbol.asyncDispose]();
    },
  };
}

function documents(
  ask: Ask,
  change: (name: string, text: string, values: readonly unknown[]) => Promise<number>,
): Pick<LedgerStore, 'getDocument' | 'setDocument' | 'deleteDocument' | 'listDocuments'> {
  return {
    getDocument: async (key) => {
      const rows = await ask<{ value: string }>(
        'get document',
        'SELECT value FROM documents WHERE key = $1',
        [toColumn(key)],
      );
      return rows[0] && fromColumn(rows[0].value);
    },
    setDocument: async (key, value) => {
      const { name, text } = setDocumentStatement(key);
      await change(name, text, [toColumn(key), toColumn(value)]);
    },
    deleteDocument: async (key) => {
      await change('delete document', DELETE_DOCUMENT, [toColumn(key)]);
    },
    listDocuments: async (prefix) =>
      (
        await ask<{ key: string; value: string }>(
          'list documents',
          'SELECT key, value FROM documents WHERE starts_with(key, $1) ORDER BY key',
          [toColumn(prefix)],
        )
      ).map(({ key, value }) => ({ key: fromColumn(key), value: fromColumn(value) })),
  };
}

/** An acknowledged record must be on a disk: with fsync off, a power cut would take it back and corrupt the rest. */
async function assertDurable(ask: Ask): Promise<void> {
  const [setting] = await ask<{ fsync: string }>('', 'SHOW fsync');
  if (setting?.fsync !== 'on') {
    throw new Error('PostgreSQL runs with fsync off and may lose what it has acknowledged: set fsync = on.');
  }
}
