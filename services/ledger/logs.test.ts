import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import { openCheckpoint } from '#domain/transparency/checkpoint.ts';
import { verifyEvidence } from '#domain/transparency/evidence.ts';
import { parseVerifierKey, signerKeyOf } from '#domain/transparency/note-keys.ts';
import { isConsistent } from '#domain/transparency/proof-verification.ts';
import { hashLeaf } from '#domain/transparency/tree-hashes.ts';
import {
  type LedgerAnswer,
  type LedgerUnderTest,
  type LedgerUnderTestOptions,
  READER,
  TRIAGE,
  startLedgerUnderTest,
} from './testing/ledger-under-test.ts';
import { aRunBegun } from './testing/sample-records.ts';
import { type WitnessInMemory, witnessInMemory } from './testing/witness-in-memory.ts';

const LOG_KEY = signerKeyOf('test-ledger', 'ed25519', new Uint8Array(32));

let directory: string;
let path: string;
let witness: WitnessInMemory;
let open: LedgerUnderTest | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capataz-logs-'));
  path = join(directory, 'ledger.sqlite');
  witness = witnessInMemory(LOG_KEY);
});
afterEach(async () => {
  await close();
  await rm(directory, { recursive: true });
});

async function start(options: LedgerUnderTestOptions = {}): Promise<LedgerUnderTest> {
  await close();
  open = await startLedgerUnderTest({ path, witness, ...options });
  open.rights.set('ana', new Set(['get audit shop', 'get runs shop', 'get securityevents shop']));
  return open;
}

async function close(): Promise<void> {
  await open?.[Symbol.asyncDispose]();
  open = undefined;
}

let runs = 0;
async function tell(ledger: LedgerUnderTest, count: number): Promise<LedgerAnswer> {
  const records = Array.from({ length: count }, () => aRunBegun({ run: { id: `run-${(runs += 1)}` } }));
  return await ledger.request('POST', '/v1/records', { token: TRIAGE, body: { records } });
}

async function get(ledger: LedgerUnderTest, url: string): Promise<LedgerAnswer> {
  return await ledger.request('GET', url, { token: READER });
}

async function untilWitnessed(size: number): Promise<void> {
  await vi.waitUntil(() => Math.max(0, ...Object.values(witness.sizes())) >= size, {
    timeout: 60_000,
    interval: 10,
  });
}

async function recordsOf(ledger: LedgerUnderTest): Promise<readonly LedgerEntry['record'][]> {
  const { entries } = await ledger.store.entriesAfter(0, {}, 1000);
  return entries.map(({ canonical }) => LedgerEntry.parse(JSON.parse(canonical)).record);
}

describe('the export of a log', () => {
  it('goes on behind bodies that were pruned, however many', async () => {
    const ledger = await start();
    for (let batch = 0; batch < 3; batch += 1) await tell(ledger, 400);
    await ledger.store.prune(Number.MAX_SAFE_INTEGER, 1_190);
    const { body } = await get(ledger, '/v1/logs/shop/export?from=0&count=10000');
    const lines = String(body).trimEnd().split('\n');
    const indexes = lines.map((line) => (JSON.parse(line) as LedgerEntry).index);
    expect(indexes).toEqual([1190, 1191, 1192, 1193, 1194, 1195, 1196, 1197, 1198, 1199]);
  });
});

describe('the log of a namespace', () => {
  it('is signed and witnessed a moment after it has grown', async () => {
    const ledger = await start();
    await tell(ledger, 5);
    await untilWitnessed(5);
    await ledger.logs.nextTurn(5_000);
    const keys = (await get(ledger, '/v1/log-keys')).body;
    const checkpoint = openCheckpoint((await get(ledger, '/v1/logs/shop/checkpoint')).body, {
      logs: keys.logs.map(parseVerifierKey),
      witnesses: keys.witnesses.map(parseVerifierKey),
    });
    expect(checkpoint).toMatchObject({ origin: 'test-ledger/shop', size: 5, cosignatures: [{}] });
    expect(ledger.logs.witnessLagSeconds()).toBe(0);
  });

  it('gives evidence of a record that whoever has the keys can judge, also of one that was told just now', async () => {
    const ledger = await start();
    const record = aRunBegun();
    await ledger.request('POST', '/v1/records', { token: TRIAGE, body: { records: [record] } });
    const { status, body } = await get(ledger, `/v1/records/shop/${record.id}/evidence`);
    expect(status).toBe(200);
    const proven = verifyEvidence(body, { logs: [LOG_KEY], witnesses: witness.keys });
    expect(JSON.parse(proven.entry).record).toEqual(record);
    // The first may have been made between the signing and the answer of the witness.
    await vi.waitFor(async () => {
      const later = await get(ledger, `/v1/records/shop/${record.id}/evidence`);
      const { checkpoint } = verifyEvidence(later.body, { logs: [LOG_KEY], witnesses: witness.keys });
      expect(checkpoint.cosignatures).toHaveLength(1);
    }, 60_000);
    expect((await get(ledger, '/v1/records/shop/nowhere/evidence')).status).toBe(404);
    expect((await get(ledger, `/v1/records/bank/${record.id}/evidence`)).status).toBe(403);
  });

  it('proves that it has only grown, and shows its tiles and entries', async () => {
    const ledger = await start();
    await tell(ledger, 300);
    const { body } = await get(ledger, '/v1/logs/shop/consistency?from=7&to=300');
    const hash = (base64: string): Uint8Array => Buffer.from(base64, 'base64');
    const claim = {
      fromSize: 7,
      fromRoot: hash(body.fromRoot),
      toSize: 300,
      toRoot: hash(body.toRoot),
      proof: body.proof.map(hash),
    };
    expect(isConsistent(claim)).toBe(true);
    expect(claim.toRoot).toEqual(Buffer.from((await ledger.store.treeHead('shop')).root));
    const lines = (await ledger.request('GET', '/v1/logs/shop/export?from=1&count=280')).body;
    const exported: readonly string[] = lines.trimEnd().split('\n');
    expect(exported).toHaveLength(280);
    const response = await fetch(`${ledger.url}/v1/logs/shop/tile/0/000`, {
      headers: { authorization: `Bearer ${READER}` },
    });
    const tile = Buffer.from(await response.arrayBuffer());
    expect(tile.length).toBe(256 * 32);
    expect(tile.subarray(32, 64)).toEqual(Buffer.from(hashLeaf(exported[0] ?? '')));
    for (const nowhere of [
      'tile/0/002',
      'tile/9/000',
      'tile/0/000.p/999',
      'tile/..%2f',
      'consistency?from=1&to=301',
    ]) {
      expect((await get(ledger, `/v1/logs/shop/${nowhere}`)).status).toBe(404);
    }
  });

  it('goes on while the witness is away, says for how long, and catches up', async () => {
    const ledger = await start();
    witness.isAway = true;
    expect((await tell(ledger, 3)).status).toBe(200);
    await vi.waitUntil(() => ledger.logs.witnessLagSeconds() > 0, { timeout: 60_000, interval: 10 });
    expect((await tell(ledger, 3)).status).toBe(200);
    witness.isAway = false;
    await untilWitnessed(6);
    await vi.waitUntil(() => ledger.logs.witnessLagSeconds() === 0, { timeout: 60_000, interval: 10 });
  });

  it('goes on from where it was when the process starts again', async () => {
    await tell(await start(), 3);
    await untilWitnessed(3);
    const ledger = await start();
    expect((await tell(ledger, 1)).status).toBe(200);
    await untilWitnessed(4);
    expect(Object.keys(witness.sizes())).toEqual(['test-ledger/shop']);
  });
});

describe('a store that has lost something', () => {
  /** Three entries that were witnessed, of which only two are left in the store. */
  async function rollBack(): Promise<void> {
    await tell(await start(), 2);
    await untilWitnessed(2);
    await close();
    await cp(path, `${path}.backup`);
    await tell(await start(), 1);
    await untilWitnessed(3);
    await close();
    await Promise.all([`${path}-wal`, `${path}-shm`].map((file) => rm(file, { force: true })));
    await cp(`${path}.backup`, path);
  }

  it('is not written to: everybody is told, and readers are still served', async () => {
    await rollBack();
    const ledger = await start();
    expect(ledger.gate.readiness()).toMatchObject({
      ready: false,
      reason: expect.stringMatching(/rolled back.*CAPATAZ_ACCEPTED_LOSSES=shop=3/),
    });
    const answer = await tell(ledger, 1);
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'ledger_tampered' } } });
    // Whoever tells may have no right to know of that namespace.
    expect(answer.body.error.message).not.toContain('shop');
    expect(await recordsOf(ledger)).toContainEqual(
      expect.objectContaining({ type: 'security_event', event: 'ledger_tampered', severity: 'critical' }),
    );
    expect(ledger.logs.alarms).toBe(1);
    expect((await get(ledger, '/v1/runs?namespace=shop')).body.runs).toHaveLength(2);
  });

  it('goes on as a log of another name once an operator says that he knows, with a gap that says so', async () => {
    await rollBack();
    const ledger = await start({ acceptedLosses: new Map([['shop', 3]]) });
    expect(ledger.gate.readiness()).toEqual({ ready: true });
    expect((await tell(ledger, 1)).status).toBe(200);
    expect(await recordsOf(ledger)).toContainEqual(
      expect.objectContaining({ type: 'gap', cause: 'restored_backup' }),
    );
    await untilWitnessed(4);
    expect(Object.keys(witness.sizes())[1]).toMatch(/^test-ledger\/shop\/since-\d+$/);
    const again = await start();
    expect(again.gate.readiness()).toEqual({ ready: true });
  });

  it('is not written to when another loss is accepted than the one that is found', async () => {
    await rollBack();
    const ledger = await start({ acceptedLosses: new Map([['shop', 2]]) });
    expect((await tell(ledger, 1)).status).toBe(503);
  });

  it('is found when it has grown again to something else than the witness has seen', async () => {
    await rollBack();
    open = await startLedgerUnderTest({ path });
    expect((await tell(open, 2)).status).toBe(200);
    const ledger = await start();
    expect((await tell(ledger, 1)).body.error).toMatchObject({ code: 'ledger_tampered' });
  });

  it('is found when it is lost whole, with the first entry after it', async () => {
    await tell(await start(), 2);
    await untilWitnessed(2);
    await close();
    await Promise.all([path, `${path}-wal`, `${path}-shm`].map((file) => rm(file, { force: true })));
    const ledger = await start();
    await tell(ledger, 1);
    await vi.waitUntil(() => !ledger.gate.readiness().ready, { timeout: 60_000, interval: 10 });
    expect((await tell(ledger, 1)).status).toBe(503);
  });

  it('is found when another key signs than before', async () => {
    await tell(await start(), 2);
    await untilWitnessed(2);
    const ledger = await start({ seed: new Uint8Array(32).fill(7) });
    expect((await tell(ledger, 1)).status).toBe(503);
    expect(JSON.stringify(ledger.gate.readiness())).toContain('not signed by the key of this ledger');
  });
});
