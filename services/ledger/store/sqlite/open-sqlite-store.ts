/**
 * The ledger in one SQLite file on a volume of its own: one thread writes, another reads, a third moves the write-ahead log
 * into the file. The main thread never waits for SQLite.
 */
import { stat } from 'node:fs/promises';
import type { LedgerStore } from '../ledger-store.ts';
import { assertLocalFileSystem } from './local-file-system.ts';
import type { DatabaseReader } from './database-reader.ts';
import type { DatabaseWriter } from './database-writer.ts';
import type { ThreadRole } from './store-thread.ts';
import { ThreadCalls } from './thread-calls.ts';

const READ_SECONDS = 30;
const WRITE_SECONDS = 60;

export interface SqliteStoreOptions {
  /** In a folder that exists, on a local disk. The file is made where there is none. */
  readonly path: string;
  /** The most that the file may hold; appends beyond are refused with StoreFullError. Default: what the disk has. */
  readonly maximumBytes?: number;
  /**
   * Told once, when a thread that the store cannot be without has died or answers no more. All calls then reject: the
   * process should end, for whoever starts it again finds all that was acknowledged.
   */
  readonly onFailure: (error: Error) => void;
}

/** Rejects with one sentence where the file cannot be a ledger. Fences whoever has it open for writing. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<LedgerStore> {
  const { path } = options;
  await assertLocalFileSystem(path);
  const store = new SqliteThreads(options);
  await store.open();
  const write = store.write;
  const erase = store.erase;
  const read = store.read;
  return {
    append: write('append'),
    eraseTextsOfRun: erase('eraseTextsOfRun'),
    eraseExpiredTexts: erase('eraseExpiredTexts'),
    setDocument: write('setDocument'),
    deleteDocument: erase('deleteDocument'),
    prune: erase('prune'),
    // The file has one writer, who is fenced by the next one.
    takeLead: async () => ({
      lost: new AbortController().signal,
      setDocument: write('setDocument'),
      deleteDocument: erase('deleteDocument'),
      [Symbol.asyncDispose]: async () => undefined,
    }),
    namespaces: read('namespaces'),
    treeHead: read('treeHead'),
    tile: read('tile'),
    entriesByIndex: read('entriesByIndex'),
    entryOfRecord: read('entryOfRecord'),
    entriesAfter: read('entriesAfter'),
    lastPosition: read('lastPosition'),
    positionBefore: read('positionBefore'),
    texts: read('texts'),
    sourceGaps: read('sourceGaps'),
    runs: read('runs'),
    runsOfId: read('runsOfId'),
    costs: read('costs'),
    outcomes: read('outcomes'),
    histories: read('histories'),
    getDocument: read('getDocument'),
    listDocuments: read('listDocuments'),
    sizeBytes: async () => (await bytesOf(path)) + (await bytesOf(`${path}-wal`)),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

type Asynchronous<Method> = Method extends (...values: infer Values) => infer Result
  ? (...values: Values) => Promise<Result>
  : never;

class SqliteThreads {
  readonly #options: SqliteStoreOptions;
  readonly #writer: ThreadCalls;
  readonly #checkpoints: ThreadCalls;
  #reader: ThreadCalls;
  #state: 'opening' | 'open' | 'over' = 'opening';

  constructor(options: SqliteStoreOptions) {
    this.#options = options;
    this.#writer = this.#start('writer', WRITE_SECONDS);
    this.#checkpoints = this.#start('checkpoints', WRITE_SECONDS);
    this.#reader = this.#start('reader', READ_SECONDS);
  }

  async open(): Promise<void> {
    try {
      await this.#writer.open();
      await Promise.all([this.#checkpoints.open(), this.#reader.open()]);
      this.#state = 'open';
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  readonly write = <Name extends keyof DatabaseWriter>(method: Name): Asynchronous<DatabaseWriter[Name]> =>
    ((...values: readonly unknown[]) => this.#writer.call(method, ...values)) as Asynchronous<
      DatabaseWriter[Name]
    >;

  /** Resolves when it has been erased from the write-ahead log as well, where nobody reads what was before. */
  readonly erase = <Name extends keyof DatabaseWriter>(method: Name): Asynchronous<DatabaseWriter[Name]> =>
    (async (...values: readonly unknown[]) => {
      const erased = await this.#writer.call(method, ...values);
      if (erased !== 0) await this.#checkpoints.call('forget');
      return erased;
    }) as Asynchronous<DatabaseWriter[Name]>;

  readonly read = <Name extends keyof DatabaseReader>(method: Name): Asynchronous<DatabaseReader[Name]> =>
    ((...values: readonly unknown[]) => this.#livingReader().call(method, ...values)) as Asynchronous<
      DatabaseReader[Name]
    >;

  /** The writer last: the last connection to close moves the log into the file. */
  async close(): Promise<void> {
    this.#state = 'over';
    await Promise.all([this.#reader.close(), this.#checkpoints.close()]);
    await this.#writer.close();
  }

  /** It holds nothing: one that has died is replaced. */
  #livingReader(): ThreadCalls {
    if (!this.#reader.isAlive && this.#state === 'open') {
      this.#reader = this.#start('reader', READ_SECONDS);
      // Whoever calls it meanwhile comes after, and is told when this fails.
      this.#reader.open().catch(() => undefined);
    }
    return this.#reader;
  }

  #start(role: ThreadRole, callSeconds: number): ThreadCalls {
    const { path, maximumBytes, onFailure } = this.#options;
    return new ThreadCalls({
      data: { role, path, ...(maximumBytes === undefined ? {} : { maximumBytes }) },
      callSeconds,
      onDeath: (error) => {
        if (role === 'reader' || this.#state !== 'open') return;
        this.#state = 'over';
        onFailure(error);
      },
    });
  }
}

async function bytesOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
