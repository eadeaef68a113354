/**
 * Who leads: the session that holds an advisory lock. The server gives it back when the session ends, and ends a session of
 * which it hears nothing: that of a process which is dead, frozen, or cut off. The leader says something far more often, and
 * gives up by himself before the server does. What a leader alone writes goes by the same session, so that it fails when the
 * lock is gone.
 */
import type { Client } from 'pg';
import { type Lead, LeadLostError, type LedgerStore } from '../ledger-store.ts';
import { toColumn } from './column-text.ts';
import { type PostgresConnections, socketOf } from './connections.ts';
import { DELETE_DOCUMENT, setDocumentStatement } from './document-statements.ts';

/** "CPTL" as a number. One for a database, as there is one ledger in it. */
const LEAD_LOCK = 0x43_50_54_4c;

export class Leadership implements AsyncDisposable {
  readonly #connections: PostgresConnections;
  readonly #leadSeconds: number;
  /** Kept between attempts of one that does not lead. */
  #session: Client | undefined;

  constructor(connections: PostgresConnections, leadSeconds: number) {
    this.#connections = connections;
    this.#leadSeconds = leadSeconds;
  }

  /** One call at a time, and none while the lead that it gave is held. */
  readonly take: LedgerStore['takeLead'] = async () => {
    const session = (this.#session ??= await this.#open());
    try {
      const { rows } = await session.query<{ leads: boolean }>('SELECT pg_try_advisory_lock($1) AS leads', [
        LEAD_LOCK,
      ]);
      return rows[0]?.leads === true ? this.#lead(session) : undefined;
    } catch (error) {
      this.#drop(session);
      throw error;
    }
  };

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#session !== undefined) this.#drop(this.#session);
  }

  async #open(): Promise<Client> {
    const session = await this.#connections.openSession(this.#leadSeconds, (2 * this.#leadSeconds) / 5);
    session.once('end', () => this.#drop(session));
    return session;
  }

  /** The lock goes with the session, and nobody can be told that he leads who does not. */
  #drop(session: Client): void {
    if (this.#session === session) this.#session = undefined;
    socketOf(session).destroy();
  }

  #lead(session: Client): Lead {
    const lost = new AbortController();
    const giveUp = (): void => {
      clearInterval(heartbeat);
      lost.abort(
        new LeadLostError('This replica leads no longer: the connection that held the lead is gone.'),
      );
      this.#drop(session);
    };
    const heartbeat = setInterval(
      () => void session.query('SELECT 1').catch(giveUp),
      (this.#leadSeconds / 5) * 1000,
    );
    session.once('end', giveUp);
    const change = async (statement: string, ...values: readonly string[]): Promise<void> => {
      lost.signal.throwIfAborted();
      await session.query(statement, values.map(toColumn));
    };
    return {
      lost: lost.signal,
      setDocument: (key, value) => change(setDocumentStatement(key).text, key, value),
      deleteDocument: (key) => change(DELETE_DOCUMENT, key),
      [Symbol.asyncDispose]: async () => giveUp(),
    };
  }
}
