/** Places for the ledger's stores: databases of their own on one server. */
import { Client } from 'pg';
import { openPostgresStore } from '#services/ledger/store/postgres/open-postgres-store.ts';
import type { PostgresStoreOptions } from '#services/ledger/store/postgres/open-postgres-store.ts';
import type { StorePlace } from '#services/ledger/store/testing/store-place.ts';
import type { PostgresServer } from './postgres-server.ts';

let places = 0;

export interface PostgresPlace extends StorePlace {
  readonly connectionString: string;
}

export async function newPostgresPlace(
  server: PostgresServer,
  limits: PostgresStoreOptions['limits'] = {},
): Promise<PostgresPlace> {
  places += 1;
  const name = `place_${places}`;
  await asSuperuser(server, `CREATE DATABASE ${name} OWNER capataz`);
  const connectionString = server.connectionString.replace(/\/capataz$/, `/${name}`);
  return {
    connectionString,
    open: () => openPostgresStore({ readConnectionString: async () => connectionString, limits }),
    async [Symbol.asyncDispose]() {
      await asSuperuser(server, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

export async function asSuperuser(server: PostgresServer, statement: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: server.superuserConnectionString });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}
