/**
 * A process that writes records into the ledger until it has written them all or is killed:
 * writing-process.ts CONNECTION_STRING PREFIX RECORDS BATCH. Each line of its output is the id of a record that was
 * acknowledged; it tries again for as long as the database is away.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openPostgresStore } from '#services/ledger/store/postgres/open-postgres-store.ts';
import { attempt, RECEIVED_AT, submitted } from '#services/ledger/store/testing/sample-records.ts';

const [connectionString = '', prefix = '', records = '0', batch = '1'] = process.argv.slice(2);

async function again<Result>(work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch {
      await sleep(100);
    }
  }
}

await using store = await again(() =>
  openPostgresStore({ readConnectionString: async () => connectionString }),
);
for (let from = 0; from < Number(records); from += Number(batch)) {
  const group = Array.from({ length: Math.min(Number(batch), Number(records) - from) }, (_, place) => {
    const number = from + place;
    const namespace = number % 3 === 0 ? 'mail' : 'shop';
    return submitted(
      attempt(`${prefix}-${number}`, {
        namespace,
        run: { id: `run-${number % 7}` },
        source: { process: 'router', instance: prefix, boot: prefix, sequence: number + 1 },
      }),
    );
  });
  await again(() => store.append(group, RECEIVED_AT + from));
  process.stdout.write(group.map(({ record }) => `${record.id}\n`).join(''));
}
