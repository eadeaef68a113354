import { execFile } from 'node:child_process';
import { chown, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { StoreFullError } from '#services/ledger/store/ledger-store.ts';
import type { LedgerStore, SubmittedRecord } from '#services/ledger/store/ledger-store.ts';
import { openPostgresStore } from '#services/ledger/store/postgres/open-postgres-store.ts';
import { openSqliteStore } from '#services/ledger/store/sqlite/open-sqlite-store.ts';
import {
  attempt,
  feedback,
  RECEIVED_AT,
  rotation,
  runBegun,
  runEnded,
  submitted,
} from '#services/ledger/store/testing/sample-records.ts';
import { asSuperuser, newPostgresPlace } from './postgres-place.ts';
import { startPostgresServer } from './postgres-server.ts';
import type { PostgresServer } from './postgres-server.ts';

const run = promisify(execFile);

/** A folder that the server may use and nobody else. */
async function folderOfServer(server: PostgresServer, name: string): Promise<string> {
  const folder = join(server.directory, name);
  await mkdir(folder, { mode: 0o700 });
  if (process.getuid?.() === 0) await chown(folder, server.userId, server.userId);
  return folder;
}

/** All that proofs are made of, tiles of every width that they ever had included. */
async function proofMaterial(store: LedgerStore) {
  const { entries } = await store.entriesAfter(0, {}, 10_000);
  const trees = await Promise.all(
    (await store.namespaces()).map(async (namespace) => {
      const { size, root } = await store.treeHead(namespace);
      const tiles: (string | undefined)[] = [];
      for (const level of [0, 1]) {
        for (let index = 0; index <= size >> (8 * (level + 1)); index += 1) {
          for (let width = 1; width <= 256; width += 1) {
            const tile = await store.tile(namespace, level, index, width);
            tiles.push(tile && Buffer.from(tile).toString('hex'));
          }
        }
      }
      return { namespace, size, root: Buffer.from(root).toString('hex'), tiles };
    }),
  );
  return { entries, trees };
}

function mixedBatches(): readonly (readonly SubmittedRecord[])[] {
  return Array.from({ length: 40 }, (_, batch) =>
    Array.from({ length: 1 + ((batch * 7) % 23) }, (_each, place) => {
      const number = batch * 100 + place;
      const namespace = ['shop', 'mail', 'bank'][number % 3] ?? 'shop';
      const id = `r-${number}`;
      const runOfIt = { id: `run-${number % 5}` };
      const records = [
        attempt(id, { namespace, run: runOfIt, agent: { name: `añejo \0 "${number % 4}" 🦊` } }),
        rotation(id, { namespace }),
        feedback(id, { namespace, run: runOfIt }),
        runBegun(id, { namespace, run: runOfIt }),
        runEnded(id, { namespace, run: runOfIt, reason: 'over' }),
      ];
      const record = records[number % records.length] ?? rotation(id);
      // The second half of each batch is told again with the next one.
      return submitted(record, { trust: number % 9 === 0 ? 'reported' : 'witnessed' });
    }),
  ).map((batch, number, all) => batch.concat(all[number - 1]?.slice(3) ?? []));
}

describe('the ledger in PostgreSQL', () => {
  it('holds the same entries, tiles, roots, rows and sums as in SQLite, byte for byte', async () => {
    await using server = await startPostgresServer();
    await using place = await newPostgresPlace(server);
    const directory = await mkdtemp(join(tmpdir(), 'capataz-ledger-'));
    try {
      await using sqlite = await openSqliteStore({
        path: join(directory, 'ledger.sqlite'),
        onFailure: () => undefined,
      });
      await using postgres = await place.open();
      for (const [number, batch] of mixedBatches().entries()) {
        const received = RECEIVED_AT + number;
        expect(await postgres.append(batch, received)).toEqual(await sqlite.append(batch, received));
      }
      const expected = await proofMaterial(sqlite);
      expect(expected.entries.length).toBeGreaterThan(400);
      expect(await proofMaterial(postgres)).toEqual(expected);
      const everything = { namespaces: undefined, limit: 1000 };
      expect(await postgres.runs(everything)).toEqual(await sqlite.runs(everything));
      const costs = { ...everything, by: ['namespace', 'agent', 'model', 'hour'] } as const;
      expect(await postgres.costs(costs)).toEqual(await sqlite.costs(costs));
      const outcomes = { ...everything, by: ['agent', 'arm', 'metric', 'day'] } as const;
      expect(await postgres.outcomes(outcomes)).toEqual(await sqlite.outcomes(outcomes));
      expect(await postgres.sourceGaps()).toEqual(await sqlite.sourceGaps());
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('says that the disk is full, writes nothing of that batch, and goes on when there is room', async () => {
    await using server = await startPostgresServer();
    const folder = await folderOfServer(server, 'small-disk');
    await run('mount', ['-t', 'tmpfs', '-o', `size=6m,uid=${server.userId},mode=0700`, 'none', folder]);
    try {
      await asSuperuser(server, `CREATE TABLESPACE small LOCATION '${folder}'`);
      await asSuperuser(server, 'GRANT CREATE ON TABLESPACE small TO capataz');
      await asSuperuser(server, 'ALTER ROLE capataz SET default_tablespace = small');
      await using place = await newPostgresPlace(server);
      await using store = await place.open();
      const keyIds = {
        field: 'input',
        keyId: 'k',
        bytes: new Uint8Array(100_000),
        expiresAtMicroseconds: 9e15,
      };
      let written = 0;
      const fill = async (): Promise<void> => {
        for (; written < 200; written += 1) {
          await store.append([submitted(rotation(`r-${written}`), { texts: [keyIds] })], RECEIVED_AT);
        }
      };
      await expect(fill()).rejects.toThrow(StoreFullError);
      expect(written).toBeGreaterThan(5);
      expect(await store.lastPosition()).toBe(written);
      expect((await store.treeHead('shop')).size).toBe(written);
      await run('mount', ['-o', 'remount,size=64m', folder]);
      await store.append([submitted(rotation(`r-${written}`))], RECEIVED_AT);
      expect(await store.lastPosition()).toBe(written + 1);
    } finally {
      await server.stop();
      await run('umount', [folder]);
    }
  });

  it('is not opened on a server that does not sync to its disk', async () => {
    await using server = await startPostgresServer({ settings: { fsync: 'off' } });
    await using place = await newPostgresPlace(server);
    await expect(place.open()).rejects.toThrow(/fsync off/);
  });

  it('waits for the disk even where the role is set not to', async () => {
    await using server = await startPostgresServer();
    await asSuperuser(server, 'ALTER ROLE capataz SET synchronous_commit = off');
    await using place = await newPostgresPlace(server);
    await using store = await place.open();
    // A trigger sees the setting of the transaction that writes.
    const database = new URL(place.connectionString).pathname.slice(1);
    const ofPlace = {
      ...server,
      superuserConnectionString: server.superuserConnectionString.replace(/capataz$/, database),
    };
    await asSuperuser(ofPlace, 'CREATE TABLE seen (setting text)');
    await asSuperuser(ofPlace, 'GRANT ALL ON seen TO capataz');
    await asSuperuser(
      ofPlace,
      `CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN INSERT INTO public.seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$`,
    );
    await asSuperuser(
      ofPlace,
      'CREATE TRIGGER see AFTER INSERT ON ledger.entries FOR EACH STATEMENT EXECUTE FUNCTION see()',
    );
    await store.append([submitted(rotation('r-1'))], RECEIVED_AT);
    expect(await asSuperuser(ofPlace, 'SELECT setting FROM seen')).toEqual([{ setting: 'on' }]);
  });

  it('takes the password of the moment: after a rotation new connections use the new one', async () => {
    await using server = await startPostgresServer();
    await using place = await newPostgresPlace(server);
    let connectionString = place.connectionString;
    await using store = await openPostgresStore({ readConnectionString: async () => connectionString });
    await store.append([submitted(rotation('r-1'))], RECEIVED_AT);
    await asSuperuser(server, `ALTER ROLE capataz PASSWORD 'rotated'`);
    const rotated = new URL(connectionString);
    rotated.password = 'rotated';
    connectionString = rotated.href;
    await asSuperuser(
      server,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'capataz-ledger%'`,
    );
    await store.append([submitted(rotation('r-2'))], RECEIVED_AT);
    expect(await store.lastPosition()).toBe(2);
  });

  it('verifies the certificate of the server, and talks to no other', async () => {
    await using server = await startPostgresServer();
    const folder = await folderOfServer(server, 'certificates');
    const [key, certificate] = [join(folder, 'server.key'), join(folder, 'server.crt')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    await run('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ed25519',
      '-nodes',
      '-days',
      '1',
      ...subject,
      '-keyout',
      key,
      '-out',
      certificate,
    ]);
    await chmod(key, 0o600);
    if (process.getuid?.() === 0)
      for (const file of [key, certificate]) await chown(file, server.userId, server.userId);
    for (const setting of [`ssl_key_file = '${key}'`, `ssl_cert_file = '${certificate}'`, 'ssl = on']) {
      await asSuperuser(server, `ALTER SYSTEM SET ${setting}`);
    }
    await asSuperuser(server, 'SELECT pg_reload_conf()');
    const open = (query: string): Promise<LedgerStore> =>
      openPostgresStore({
        readConnectionString: async () => `${server.connectionString}?${query}`,
        limits: { retrySeconds: 1 },
      });
    await expect(open('sslmode=verify-full')).rejects.toThrow(/self-signed certificate/);
    const authority = join(server.directory, 'authority.crt');
    await writeFile(authority, (await run('cat', [certificate])).stdout);
    await using store = await open(`sslmode=verify-full&sslrootcert=${authority}`);
    await store.append([submitted(rotation('r-1'))], RECEIVED_AT);
    const connections = await asSuperuser(
      server,
      `SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'capataz-ledger%'`,
    );
    expect(connections).toEqual([{ ssl: true }]);
  });
});
