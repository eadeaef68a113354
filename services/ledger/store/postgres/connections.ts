/**
 * Connections to PostgreSQL: some that write and others that read, so that neither waits for the other. Whatever is asked
 * ends: connecting, waiting for a lock, a statement, and the wait for a server that is frozen all have an end.
 */
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError, Pool, types } from 'pg';
import type { ClientBase, PoolClient, PoolConfig, QueryResultRow } from 'pg';
import { StoreClosedError, StoreFullError } from '../ledger-store.ts';
import { parseConnectionString } from './connection-string.ts';

/** Where the tables are, so that the ledger can share a database. */
export const SCHEMA = 'ledger';

const INT8 = 20;
const DISK_FULL = '53100';
const WRITERS = 2;
const READERS = 4;
const KEEP_ALIVE_MILLISECONDS = 10_000;
const CLOSE_MILLISECONDS = 2_000;
const ATTEMPTS = 4;
const PAUSE_MILLISECONDS = 100;

export interface ConnectionLimits {
  readonly connectSeconds: number;
  /** For each statement, told to the server; the client waits a second longer, for a server that is frozen. */
  readonly statementSeconds: number;
  /** For the place at which writers wait for each other. */
  readonly lockSeconds: number;
  /** From then on a write that failed is not tried again. */
  readonly retrySeconds: number;
  /** The server takes the lead from a process that has not said a word for so long. */
  readonly leadSeconds: number;
}

export const DEFAULT_LIMITS: ConnectionLimits = {
  connectSeconds: 5,
  statementSeconds: 10,
  lockSeconds: 5,
  retrySeconds: 10,
  leadSeconds: 10,
};

export type Row = QueryResultRow;

/** Asks by a statement that is prepared once on each connection under `name`. */
export type Ask = <Answer extends Row>(
  name: string,
  text: string,
  values?: readonly unknown[],
) => Promise<readonly Answer[]>;

/** `23505` and the like, of https://www.postgresql.org/docs/current/errcodes-appendix.html; undefined: not the server's. */
function codeOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

/** Nothing is known of what became of it, or another try may succeed. */
function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof StoreClosedError) return false;
  const code = codeOf(error);
  if (code === undefined) return isOfConnection(error);
  // Connection failures, the server's end, too many connections, serialization, deadlock, a lock that was waited for too long.
  return /^(08|57P0[1-4]|53300|40001|40P01|55P03|25P0[34])/.test(code);
}

function isOfConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|ENOENT|EAI_AGAIN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH)/.test(
      (error as NodeJS.ErrnoException).code ?? '',
    ) || /terminated|timeout|timed out|not queryable|closed/i.test(error.message)
  );
}

export class PostgresConnections implements AsyncDisposable {
  readonly #writers: Pool;
  readonly #readers: Pool;
  readonly #options: PoolConfig;
  readonly #limits: ConnectionLimits;
  readonly #sockets = new Set<Socket>();
  #isClosed = false;

  /** `readConnectionString` is asked for the password of each new connection: it may have been rotated. */
  constructor(
    connectionString: string,
    readConnectionString: () => Promise<string>,
    limits: ConnectionLimits,
  ) {
    this.#limits = limits;
    const options: PoolConfig = {
      ...parseConnectionString(connectionString),
      password: async () => String(parseConnectionString(await readConnectionString()).password),
      connectionTimeoutMillis: limits.connectSeconds * 1000,
      statement_timeout: limits.statementSeconds * 1000,
      lock_timeout: limits.lockSeconds * 1000,
      idle_in_transaction_session_timeout: limits.lockSeconds * 1000,
      query_timeout: (limits.statementSeconds + 1) * 1000,
      // `on` is as durable as every stricter setting, and a role or a database may have a laxer one.
      options: `-c search_path=${SCHEMA} -c synchronous_commit=on -c timezone=GMT`,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MILLISECONDS,
      types: { getTypeParser },
      stream: () => this.#openSocket(),
    };
    this.#options = options;
    this.#writers = openPool({
      ...options,
      max: WRITERS,
      pipeline: true,
      application_name: 'capataz-ledger writer',
    });
    this.#readers = openPool({ ...options, max: READERS, application_name: 'capataz-ledger reader' });
  }

  /** One statement that reads. */
  readonly ask: Ask = (name, text, values = []) =>
    this.#withClient(this.#readers, (client) => askOn(client)(name, text, values));

  /**
   * One transaction, on the disk when this resolves. Where the connection is lost it is tried again although nobody knows
   * what became of it: `work` must be such that a second time changes nothing.
   */
  async write<Result>(work: (ask: Ask) => Promise<Result>): Promise<Result> {
    const deadline = performance.now() + this.#limits.retrySeconds * 1000;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#withClient(this.#writers, (client) => inTransaction(client, work));
      } catch (error) {
        const isLast = attempt === ATTEMPTS || performance.now() >= deadline;
        if (isLast || !isWorthAnotherTry(error)) throw explain(error);
      }
      await sleep(PAUSE_MILLISECONDS * 2 ** attempt);
    }
  }

  /**
   * A connection of its own, for what belongs to a session. The server ends it when it hears nothing for `idleSeconds`;
   * a statement on it fails after `statementSeconds`. Whoever asks for it ends it.
   */
  async openSession(idleSeconds: number, statementSeconds: number): Promise<Client> {
    if (this.#isClosed) throw new StoreClosedError('The store of the ledger was closed.');
    const client = new Client({
      ...this.#options,
      options: `${this.#options.options ?? ''} -c idle_session_timeout=${idleSeconds * 1000}`,
      statement_timeout: statementSeconds * 1000,
      query_timeout: statementSeconds * 1000,
      application_name: 'capataz-ledger leader',
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      socketOf(client).destroy();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const ended = Promise.all([this.#writers.end(), this.#readers.end()]);
    // A server that is frozen says no goodbye.
    await Promise.race([ended, sleep(CLOSE_MILLISECONDS, undefined, { ref: false })]);
    for (const socket of this.#sockets) socket.destroy();
  }

  async #withClient<Result>(pool: Pool, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw new StoreClosedError('The store of the ledger was closed.');
    const client = await pool.connect();
    let isDone = false;
    try {
      const result = await work(client);
      isDone = true;
      return result;
    } finally {
      // Whatever a failed one was in the middle of, the server undoes it when the connection is gone.
      client.release(!isDone);
      if (!isDone) socketOf(client).destroy();
    }
  }

  #openSocket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}

function openPool(options: PoolConfig): Pool {
  const pool = new Pool(options);
  // Without listeners, a connection that is lost would end the process. One in use tells it by its statement as well; one
  // that nobody uses is replaced when the next one asks.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Whatever the types of pg leave out. */
export function socketOf(client: ClientBase): { readonly destroy: () => void } {
  return (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream;
}

async function inTransaction<Result>(
  client: PoolClient,
  work: (ask: Ask) => Promise<Result>,
): Promise<Result> {
  const ask = askOn(client);
  // Not waited for: it goes out with the first statement.
  const begun = client.query('BEGIN');
  const [result] = await Promise.all([work(ask), begun]);
  const { command } = await client.query('COMMIT');
  // A server answers the COMMIT of a transaction that has failed with ROLLBACK, and calls that a success.
  if (command !== 'COMMIT') throw new Error(`PostgreSQL answered COMMIT with ${command}.`);
  return result;
}

function askOn(client: PoolClient): Ask {
  return async (name, text, values = []) => {
    const { rows } = await client.query({ name, text, values: [...values] });
    return rows;
  };
}

/** Positions, times and sums are bigints in the database and integers of a double here: none may lose a digit unseen. */
function parseBigint(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} of PostgreSQL is no safe integer.`);
  return value;
}

const getTypeParser = ((type: number, format?: 'text' | 'binary') =>
  type === INT8 ? parseBigint : types.getTypeParser(type, format)) as typeof types.getTypeParser;

function explain(error: unknown): unknown {
  if (codeOf(error) !== DISK_FULL) return error;
  return new StoreFullError('The disk of PostgreSQL is full: make room there, nothing was written.', {
    cause: error,
  });
}
