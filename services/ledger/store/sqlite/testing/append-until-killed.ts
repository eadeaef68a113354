/**
 * A process for crash.test.ts: appends records through the store and its group commit as fast as it can, and says which it
 * was told are durable, one line for each in a file that outlives it. `node append-until-killed.ts DATABASE FIRST-NUMBER ACKNOWLEDGED`
 */
import { openSync, writeSync } from 'node:fs';
import { GROUP_COMMIT_DEFAULTS, GroupCommit } from '#services/ledger/store/group-commit.ts';
import { attempt, submitted } from '#services/ledger/store/testing/sample-records.ts';
import { openSqliteStore } from '../open-sqlite-store.ts';

const CALLERS = 8;
const [, , path = '', firstNumber = '0', acknowledgedPath = ''] = process.argv;

const acknowledged = openSync(acknowledgedPath, 'w');

const store = await openSqliteStore({
  path,
  onFailure: (error) => {
    throw error;
  },
});
const commit = new GroupCommit({
  append: store.append,
  nowMicroseconds: () => Date.now() * 1000,
  ...GROUP_COMMIT_DEFAULTS,
});
let number = Number(firstNumber);
process.stdout.write('open\n');

/** Some hand over one record, some many, some with texts, in two namespaces. */
async function tell(caller: number): Promise<void> {
  for (;;) {
    const records = Array.from({ length: 1 + (caller % 4) * 5 }, () => {
      const id = number++;
      return submitted(
        attempt(`r-${id}`, { namespace: caller % 2 === 0 ? 'shop' : 'mail', run: { id: `run-${id % 50}` } }),
        {
          texts: [
            { field: 'sent', keyId: 'k', bytes: new Uint8Array(caller * 400), expiresAtMicroseconds: 1 },
          ],
        },
      );
    });
    await commit.submit(records, 1_000);
    writeSync(acknowledged, records.map(({ record }) => `${record.namespace} ${record.id}\n`).join(''));
  }
}

await Promise.all(Array.from({ length: CALLERS }, (_, caller) => tell(caller)));
