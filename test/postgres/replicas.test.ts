/** Two replicas of the ledger's own process on one PostgreSQL. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIRST_OF_CHAIN } from '#domain/ledger/ledger-entry.ts';
import { verifyLedger } from '#domain/ledger/verify/verify-ledger.ts';
import { signCheckpoint } from '#domain/transparency/checkpoint.ts';
import { encodeSignerKey, encodeVerifierKey, signerKeyOf } from '#domain/transparency/note-keys.ts';
import { parseVerifierKey } from '#domain/transparency/note-keys.ts';
import { type StartedProcess, startProcess } from '#process/testing/started-process.ts';
import type { LedgerStore } from '#services/ledger/store/ledger-store.ts';
import { LeadLostError } from '#services/ledger/store/ledger-store.ts';
import { advanceLog } from '#services/ledger/checkpoints/advance-log.ts';
import { createWitnessClient } from '#services/ledger/checkpoints/witness-client.ts';
import { firstWitnessKey } from '#services/ledger/checkpoints/witness-keys.ts';
import { attempt, RECEIVED_AT, submitted } from '#services/ledger/store/testing/sample-records.ts';
import { startKubernetesThatAgrees } from '#services/ledger/testing/kubernetes-that-agrees.ts';
import {
  type LedgerProcess,
  ROUTER_TOKEN,
  startLedgerProcess,
} from '#services/ledger/testing/ledger-process.ts';
import { newPostgresPlace } from './postgres-place.ts';
import type { PostgresPlace } from './postgres-place.ts';
import { startPostgresServer } from './postgres-server.ts';
import type { PostgresServer } from './postgres-server.ts';
import { expectWholeLedger } from './whole-ledger.ts';

const KEY = signerKeyOf('log', 'ed25519', new Uint8Array(32).fill(3));
const BATCH = 5;

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgresServer();
});
afterAll(async () => server[Symbol.asyncDispose]());

interface Installation extends AsyncDisposable {
  readonly place: PostgresPlace;
  readonly store: LedgerStore;
  readonly directory: string;
  readonly witness: StartedProcess;
  readonly startReplica: (environment?: Readonly<Record<string, string>>) => Promise<LedgerProcess>;
}

/** A database, a witness, and replicas with the same keys. */
async function install(): Promise<Installation> {
  const stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'capataz-ledger-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const place = stack.use(await newPostgresPlace(server));
  await writeFile(join(directory, 'connection'), place.connectionString);
  await writeFile(join(directory, 'signing-key'), encodeSignerKey(KEY));
  const sink = { name: 'file', type: 'JsonLines', events: 'All', path: join(directory, 'events.jsonl') };
  await writeFile(join(directory, 'sinks.json'), JSON.stringify([sink]));
  stack.use(await startKubernetesThatAgrees(join(directory, 'kubeconfig')));
  const witness = stack.use(
    startProcess('services/ledger-witness/main.ts', {
      PATH: process.env['PATH'] ?? '',
      CAPATAZ_PORT: '0',
      CAPATAZ_METRICS_PORT: '0',
      CAPATAZ_WITNESS_DIRECTORY: join(directory, 'witness'),
      CAPATAZ_LOG_KEYS: encodeVerifierKey(KEY),
    }),
  );
  const witnessUrl = `http://127.0.0.1:${(await witness.ports()).port}`;
  const store = stack.use(await place.open());
  return {
    place,
    store,
    directory,
    witness,
    startReplica: async (environment = {}) =>
      stack.use(
        await startLedgerProcess(directory, {
          CAPATAZ_DATABASE_CONNECTION_PATH: join(directory, 'connection'),
          CAPATAZ_WITNESS_URL: witnessUrl,
          CAPATAZ_TRUST_FIRST_WITNESS_KEY: 'true',
          CAPATAZ_SINKS_PATH: join(directory, 'sinks.json'),
          ...environment,
        }),
      ),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(50);
}

const LEADS = 'this replica leads: it signs, delivers and forgets';

/** A router that tells its records in order, each batch until somebody has acknowledged it. */
function startRouter(name: string, ledgers: () => readonly LedgerProcess[]) {
  const acknowledged: string[] = [];
  const ending = new AbortController();
  const run = async (): Promise<void> => {
    for (let from = 0; !ending.signal.aborted; from += BATCH) {
      const records = Array.from({ length: BATCH }, (_, place) =>
        attempt(`${name}-${from + place}`, {
          run: { id: `run-${from % 7}` },
          source: { process: 'router', instance: name, boot: name, sequence: from + place + 1 },
        }),
      );
      for (let isTold = false, turn = 0; !isTold; turn += 1) {
        const ledger = ledgers()[turn % ledgers().length];
        const answer = await ledger
          ?.request('POST', '/v1/records', { token: ROUTER_TOKEN, body: { records } })
          .catch(() => undefined);
        isTold = answer?.status === 200 && answer.body.written + answer.body.duplicates === BATCH;
        if (!isTold) await sleep(50);
      }
      acknowledged.push(...records.map(({ id }) => id));
      // As fast as it goes would be many thousands until the lead has moved.
      await sleep(30);
    }
  };
  const running = run();
  return {
    acknowledged,
    grow: () => {
      const enough = acknowledged.length + 6 * BATCH;
      return until(() => acknowledged.length >= enough);
    },
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}

async function expectVerified({ store, witness }: Installation): Promise<void> {
  const note = (await store.getDocument('witnessed-checkpoints/shop')) ?? '';
  const { size } = await store.treeHead('shop');
  const { port } = await witness.ports();
  const witnessKey = await (await fetch(`http://127.0.0.1:${port}/key`)).text();
  const served = async function* () {
    for (let index = 0; index < size; index += 200) {
      yield* await store.entriesByIndex('shop', index, Math.min(200, size - index));
    }
  };
  const report = await verifyLedger({
    origin: 'log/shop',
    namespace: 'shop',
    entries: served(),
    readTile: ({ level, index, width }) => store.tile('shop', level, index, width),
    checkpoint: note,
    otherCheckpoints: [],
    keys: { logs: [KEY], witnesses: [parseVerifierKey(witnessKey.trim())] },
  });
  expect(report).toMatchObject({ isUntouched: true, isWhole: true, size, witnessedSize: size, findings: [] });
}

async function isWitnessedWhole({ store }: Installation): Promise<boolean> {
  const note = await store.getDocument('witnessed-checkpoints/shop');
  return Number(note?.split('\n')[1]) === (await store.treeHead('shop')).size;
}

describe('two replicas of the ledger', () => {
  it('lose nothing that they acknowledged when the leader is killed, and when the next one is frozen and wakes', async () => {
    await using installation = await install();
    const first = await installation.startReplica();
    await first.line(LEADS);
    const second = await installation.startReplica();
    expect(await second.metric('capataz_ledger_leading')).toBe(0);
    let living = [first, second];
    const routers = ['a', 'b'].map((name, turn) =>
      startRouter(name, () => (turn === 0 ? living : living.toReversed())),
    );
    const grow = (): Promise<unknown> => Promise.all(routers.map((router) => router.grow()));
    await grow();
    await until(
      async () => (await installation.store.getDocument('witnessed-checkpoints/shop')) !== undefined,
    );

    first.child.kill('SIGKILL');
    const third = await installation.startReplica();
    living = [second, third];
    const [leader, follower] = await Promise.race([
      second.line(LEADS).then(() => [second, third] as const),
      third.line(LEADS).then(() => [third, second] as const),
    ]);
    await grow();

    leader.child.kill('SIGSTOP');
    await follower.line(LEADS);
    await grow();
    const atSize = (await installation.store.treeHead('shop')).size;
    await until(async () => {
      const note = await installation.store.getDocument('witnessed-checkpoints/shop');
      return Number(note?.split('\n')[1]) >= atSize;
    });
    leader.child.kill('SIGCONT');
    await leader.line('this replica leads no longer');
    await grow();
    expect(await leader.metric('capataz_ledger_leading')).toBe(0);
    expect(await follower.metric('capataz_ledger_leading')).toBe(1);

    await Promise.all(routers.map((router) => router.stop()));
    await until(() => isWitnessedWhole(installation));
    const ids = routers.flatMap(({ acknowledged }) => acknowledged);
    // No alarm is among them: what a leader that was frozen thought to know was old, not lost.
    await expectWholeLedger(installation.store, ids);
    await expectVerified(installation);
    const delivered = async (): Promise<number> => {
      const lines = (await readFile(join(installation.directory, 'events.jsonl'), 'utf8')).trim().split('\n');
      return new Set(lines.map((line) => (JSON.parse(line) as { metadata: { uid: string } }).metadata.uid))
        .size;
    };
    await until(async () => (await delivered()) === ids.length);
    process.stdout.write(`${ids.length} records acknowledged by two replicas, none of them lost.\n`);
  });

  it('answer for each other: streams, evidence and feedback of what the other one was told', async () => {
    await using installation = await install();
    const leader = await installation.startReplica();
    await leader.line(LEADS);
    const follower = await installation.startReplica();
    const streaming = new AbortController();
    const stream = await fetch(`${follower.url}/v1/stream?namespace=shop&after=0`, {
      headers: { authorization: `Bearer ${ROUTER_TOKEN}` },
      signal: streaming.signal,
    });
    const record = attempt('r-1');
    const tell = (ledger: LedgerProcess) =>
      ledger.request('POST', '/v1/records', { token: ROUTER_TOKEN, body: { records: [record] } });
    expect((await tell(leader)).body).toMatchObject({ written: 1 });
    expect((await tell(follower)).body).toMatchObject({ written: 0, duplicates: 1 });
    const body = { run: 'run-1', verdict: 'good' };
    const judge = (ledger: LedgerProcess, changes = {}) =>
      ledger.request('POST', '/v1/feedback', {
        body: { ...body, ...changes },
        headers: { 'idempotency-key': 'ticket-7' },
      });
    const statuses = await Promise.all([judge(follower), judge(leader)]);
    expect(statuses.map(({ status }) => status)).toSatisfy((given: readonly number[]) =>
      given.every((status) => status === 200 || status === 201),
    );
    expect(statuses[0]?.body).toEqual(statuses[1]?.body);
    expect((await judge(leader, { verdict: 'bad' })).status).toBe(409);
    const evidence = String((await follower.request('GET', '/v1/records/shop/r-1/evidence')).body);
    const extra = /^extra (\S+)$/m.exec(evidence)?.[1] ?? '';
    expect(Buffer.from(extra, 'base64').toString('utf8')).toContain('"id":"r-1"');
    let text = '';
    for await (const chunk of stream.body ?? []) {
      text += Buffer.from(chunk).toString('utf8');
      if (text.includes('"feedback"')) break;
    }
    streaming.abort();
    expect(text).toContain('"id":"r-1"');
    await until(async () => (await follower.request('GET', '/v1/log-keys')).body.witnesses.length === 1);
  });

  it('stop writing both when one has found a loss, and both go on when a third is told that it is known', async () => {
    await using installation = await install();
    const leader = await installation.startReplica();
    await leader.line(LEADS);
    const follower = await installation.startReplica();
    const tell = async (ledger: LedgerProcess, id: string): Promise<unknown> => {
      const body = { records: [attempt(id)] };
      const answer = await ledger.request('POST', '/v1/records', { token: ROUTER_TOKEN, body });
      return answer.status === 200 ? 'written' : answer.body.error.code;
    };
    expect(await tell(follower, 'r-1')).toBe('written');
    await until(() => isWitnessedWhole(installation));
    const root = Buffer.from(FIRST_OF_CHAIN, 'hex');
    const signed = signCheckpoint({ origin: 'log/shop', size: 999, root }, KEY);
    await installation.store.setDocument('checkpoints/shop', signed);
    let told = 1;
    for (const ledger of [leader, follower]) {
      await until(async () => (await tell(ledger, `r-${(told += 1)}`)) === 'ledger_tampered');
    }
    const third = await installation.startReplica({ CAPATAZ_ACCEPTED_LOSSES: 'shop=999' });
    for (const ledger of [third, leader, follower]) {
      await until(async () => (await tell(ledger, `r-${(told += 1)}`)) === 'written');
    }
    await until(() => isWitnessedWhole(installation));
    const note = await installation.store.getDocument('witnessed-checkpoints/shop');
    expect(note).toMatch(/^log\/shop\/since-\d+\n/);
  });

  it('are both stopped by the second at its start, where the witness has seen more than the first knows of', async () => {
    await using installation = await install();
    // It looks when it begins, and not again while this test runs.
    const leader = await installation.startReplica({ CAPATAZ_CHECKPOINT_SECONDS: '60' });
    await leader.line(LEADS);
    const tell = (ledger: LedgerProcess, id: string) =>
      ledger.request('POST', '/v1/records', { token: ROUTER_TOKEN, body: { records: [attempt(id)] } });
    expect(await tell(leader, 'r-1')).toMatchObject({ status: 200 });
    // What was written before the database was put back: the log of the same name, in another database.
    await using place = await newPostgresPlace(server);
    await using before = await place.open();
    await before.append(
      ['r-1', 'r-2', 'r-3'].map((id) => submitted(attempt(id))),
      RECEIVED_AT,
    );
    const url = `http://127.0.0.1:${(await installation.witness.ports()).port}`;
    await using witness = createWitnessClient(url, await firstWitnessKey(url, before));
    const { signal } = new AbortController();
    const parts = { store: before, key: KEY, witness };
    expect(await advanceLog(parts, 'shop', { isFirst: true, signal })).toEqual({ kind: 'advanced', size: 3 });

    const follower = await installation.startReplica();
    const { size } = await installation.store.treeHead('shop');
    for (const ledger of [follower, leader]) {
      const { status, body } = await tell(ledger, 'r-9');
      expect([status, body.error.code]).toEqual([503, 'ledger_tampered']);
      expect(body.error.message).toContain('behind or apart from what was signed or witnessed');
    }
    expect((await installation.store.treeHead('shop')).size).toBe(size);
    expect(await follower.metric('capataz_ledger_writable')).toBe(0);
  });

  it('have the same signing key: one with another ends at its start with a sentence, and the leader goes on', async () => {
    await using installation = await install();
    const leader = await installation.startReplica();
    await leader.line(LEADS);
    await until(async () => (await installation.store.getDocument('signing-key')) !== undefined);
    const other = signerKeyOf('log', 'ed25519', new Uint8Array(32).fill(4));
    const path = join(installation.directory, 'other-key');
    await writeFile(path, encodeSignerKey(other));
    await expect(installation.startReplica({ CAPATAZ_SIGNING_KEY_PATH: path })).rejects.toThrow(
      /The signing key of this replica is log\+.*mount the same key in all replicas/,
    );
    const answer = await leader.request('POST', '/v1/records', {
      token: ROUTER_TOKEN,
      body: { records: [attempt('r-1')] },
    });
    expect(answer).toMatchObject({ status: 200, body: { written: 1 } });
  });
});

describe('the lead in PostgreSQL', () => {
  it('is held by one, and what a leader alone writes is refused once it is not his any more', async () => {
    await using place = await newPostgresPlace(server, { leadSeconds: 2 });
    await using one = await place.open();
    await using other = await place.open();
    const lead = await one.takeLead();
    expect(await other.takeLead()).toBeUndefined();
    await lead?.setDocument('key', 'of the first');
    await lead?.[Symbol.asyncDispose]();
    let next = await other.takeLead();
    while (next === undefined) next = await other.takeLead();
    await next.setDocument('key', 'of the second');
    await expect(lead?.setDocument('key', 'of the first')).rejects.toThrow(LeadLostError);
    expect(lead?.lost.aborted).toBe(true);
    expect(await one.getDocument('key')).toBe('of the second');
    await next[Symbol.asyncDispose]();
  });
});
