import { afterAll, beforeAll } from 'vitest';
import { describeWritersTogether } from '#services/ledger/store/testing/contract-of-writers.ts';
import { describeLedgerStore } from '#services/ledger/store/testing/store-contract.ts';
import { newPostgresPlace } from './postgres-place.ts';
import { startPostgresServer } from './postgres-server.ts';
import type { PostgresServer } from './postgres-server.ts';

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgresServer();
});
afterAll(async () => server[Symbol.asyncDispose]());

describeLedgerStore('PostgreSQL', () => newPostgresPlace(server));
describeWritersTogether(() => newPostgresPlace(server));
