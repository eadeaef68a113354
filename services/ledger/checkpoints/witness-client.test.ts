import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openCheckpoint } from '#domain/transparency/checkpoint.ts';
import { encodeVerifierKey, parseVerifierKey, signerKeyOf } from '#domain/transparency/note-keys.ts';
import { startProcess } from '#process/testing/started-process.ts';
import { createWitnessClient } from './witness-client.ts';
import { namedWitnessKeys } from './witness-keys.ts';
import { READER, TRIAGE, startLedgerUnderTest } from '../testing/ledger-under-test.ts';
import { aRunBegun } from '../testing/sample-records.ts';

it('a ledger and the witness of Capataz understand each other', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'capataz-witness-'));
  const logKey = signerKeyOf('test-ledger', 'ed25519', new Uint8Array(32));
  try {
    await using witnessProcess = startProcess('services/ledger-witness/main.ts', {
      CAPATAZ_PORT: '0',
      CAPATAZ_METRICS_PORT: '0',
      CAPATAZ_WITNESS_DIRECTORY: directory,
      CAPATAZ_LOG_KEYS: encodeVerifierKey(logKey),
    });
    const url = `http://127.0.0.1:${(await witnessProcess.ports()).port}`;
    const line = witnessProcess.lines().find((each) => JSON.stringify(each).includes('+'));
    const key = /[\w.-]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+/.exec(JSON.stringify(line))?.[0] ?? '';
    await using witness = createWitnessClient(url, namedWitnessKeys([parseVerifierKey(key)]));
    await using ledger = await startLedgerUnderTest({ witness });
    ledger.rights.set('ana', new Set(['get audit shop']));
    const tell = async (run: string): Promise<void> => {
      const body = { records: [aRunBegun({ run: { id: run } })] };
      expect((await ledger.request('POST', '/v1/records', { token: TRIAGE, body })).status).toBe(200);
    };
    const witnessedSize = async (): Promise<number> => {
      const { body } = await ledger.request('GET', '/v1/logs/shop/checkpoint', { token: READER });
      if (typeof body !== 'string') return 0;
      const { size, cosignatures } = openCheckpoint(body, { logs: [logKey], witnesses: witness.keys });
      return cosignatures.length > 0 ? size : 0;
    };
    await tell('run-1');
    await vi.waitUntil(async () => (await witnessedSize()) === 1, { timeout: 60_000, interval: 20 });
    await tell('run-2');
    await vi.waitUntil(async () => (await witnessedSize()) === 2, { timeout: 60_000, interval: 20 });
    expect(ledger.logs.alarms).toBe(0);
  } finally {
    await rm(directory, { recursive: true });
  }
});
