/** Two processes of the ledger on one SQLite file: a mistake, after which nothing may be answered that is not so. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startKubernetesThatAgrees } from './testing/kubernetes-that-agrees.ts';
import { ROUTER_TOKEN, startLedgerProcess } from './testing/ledger-process.ts';
import { aModelAttempt } from './testing/sample-records.ts';

describe('two ledgers on one file', () => {
  it('are one: the first ends with exit code 1 and one sentence, and acknowledges nothing that is not there', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'capataz-ledger-'));
    try {
      await using kubernetes = await startKubernetesThatAgrees(join(directory, 'kubeconfig'));
      expect(kubernetes).toBeDefined();
      await using first = await startLedgerProcess(directory);
      const tell = (ledger: typeof first, id: string) =>
        ledger.request('POST', '/v1/records', {
          token: ROUTER_TOKEN,
          body: { records: [aModelAttempt({ id })] },
        });
      expect(await tell(first, 'r-1')).toMatchObject({ status: 200, body: { written: 1 } });
      await using second = await startLedgerProcess(directory);
      const outcome = await tell(first, 'r-2').then(
        ({ status }) => status,
        () => 'no answer',
      );
      expect([503, 'no answer']).toContain(outcome);
      expect((await first.exited)[0]).toBe(1);
      expect(first.lines()).toContainEqual(
        expect.objectContaining({
          msg: 'the process ends by a fault',
          error: expect.objectContaining({ message: expect.stringContaining('Run one ledger for a file') }),
        }),
      );
      expect(await tell(second, 'r-3')).toMatchObject({ status: 200, body: { written: 1 } });
      const { body } = await second.request('GET', '/v1/records?namespace=shop');
      expect(body.entries.map(({ entry }: { entry: { record: { id: string } } }) => entry.record.id)).toEqual(
        ['r-1', 'r-3'],
      );
    } finally {
      await rm(directory, { recursive: true });
    }
  }, 60_000);
});
