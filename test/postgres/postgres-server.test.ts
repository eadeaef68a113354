import { stat } from 'node:fs/promises';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { startPostgresServer } from './postgres-server.ts';

async function rowsOf(connectionString: string, statement: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

describe('the PostgreSQL of tests', () => {
  it('syncs what is committed to the disk, and serves a role that is no superuser', async () => {
    await using server = await startPostgresServer();
    expect(await rowsOf(server.connectionString, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    expect(await rowsOf(server.connectionString, 'SHOW synchronous_commit')).toEqual([
      { synchronous_commit: 'on' },
    ]);
    const role = 'SELECT usesuper FROM pg_user WHERE usename = current_user';
    expect(await rowsOf(server.connectionString, role)).toEqual([{ usesuper: false }]);
    expect(await rowsOf(server.superuserConnectionString, role)).toEqual([{ usesuper: true }]);
  });

  it('comes back from a crash on the same port with what was committed, and leaves nothing when it ends', async () => {
    let directory = '';
    {
      await using server = await startPostgresServer();
      ({ directory } = server);
      await rowsOf(server.connectionString, 'CREATE TABLE kept AS SELECT 7 AS number');
      await server.signal('SIGKILL');
      await expect(rowsOf(server.connectionString, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
      await server.start();
      expect(await rowsOf(server.connectionString, 'SELECT number FROM kept')).toEqual([{ number: 7 }]);
    }
    await expect(stat(directory)).rejects.toThrow(/ENOENT/);
  });
});
