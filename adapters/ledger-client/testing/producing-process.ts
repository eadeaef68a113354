/** Writes records until it is killed, and says on stdout of which ones `settled` has resolved: URL FOLDER LIFE. */
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { createLogger } from '#telemetry/logger.ts';
import { createLedgerClientMetrics } from '../ledger-client-metrics.ts';
import { createLedgerWriter } from '../ledger-writer.ts';

const [url = '', spoolFolder = '', life = ''] = process.argv.slice(2);
const writer = await createLedgerWriter({
  url,
  spoolFolder,
  maximumBytes: 67_108_864,
  source: { process: 'router', instance: 'router-0' },
  namespace: 'capataz-system',
  logger: createLogger('producer', 'silent'),
  metrics: createLedgerClientMetrics(new Registry()),
  newId: randomUUID,
  now: () => performance.now(),
  epochMilliseconds: Date.now,
  random: Math.random,
});
for (let count = 0; ; count += 10) {
  const ids = Array.from({ length: 10 }, (_, place) => `life-${life}-${count + place}`);
  for (const id of ids) {
    writer.write({
      id,
      type: 'policy_decision',
      namespace: 'shop',
      atMicroseconds: 1,
      policy: 'tools',
      verdict: 'allowed',
      reason: 'listed',
    });
  }
  await writer.settled();
  process.stdout.write(`${ids.join('\n')}\n`);
}
