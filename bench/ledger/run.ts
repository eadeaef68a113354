/**
 * node bench/ledger/run.ts [--rounds=3] [--seconds=5] [--rate=2000] [--rows=10000000]
 *
 * Compares the ledger with plain inserts into SQLite and PostgreSQL, in interleaved rounds, and asks a filled ledger what a
 * console asks. `--rows=0` leaves the questions out. See README.md for the method.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startPostgresServer } from '#test/postgres/postgres-server.ts';
import { median } from '../laboratory/quantiles.ts';
import { endlessRecords } from './bench-records.ts';
import { startLedger, startPlainPostgres, startPlainSqlite } from './contenders.ts';
import type { Contender } from './contenders.ts';
import { measureClosedLoop, measureOpenLoop } from './measure.ts';
import type { Acknowledgements } from './measure.ts';
import { fillLedger, measureReads } from './reads.ts';

const CALLERS = [1, 256] as const;
const WARM_UP_SECONDS = 1;
const REST_MILLISECONDS = 2_000;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    rate: { type: 'string', default: '2000' },
    rows: { type: 'string', default: '10000000' },
  },
});
const seconds = Number(values.seconds);
const rate = Number(values.rate);

const directory = await mkdtemp(join(tmpdir(), 'capataz-bench-ledger-'));
try {
  await benchWrites();
  if (Number(values.rows) > 0) await benchReads();
} finally {
  await rm(directory, { recursive: true });
}

async function benchWrites(): Promise<void> {
  await using postgres = await startPostgresServer();
  await using stack = new AsyncDisposableStack();
  const contenders = [
    stack.use(await startLedger(directory)),
    stack.use(startPlainSqlite(directory, true)),
    stack.use(startPlainSqlite(directory, false)),
    stack.use(await startPlainPostgres(postgres.connectionString, true)),
    stack.use(await startPlainPostgres(postgres.connectionString, false)),
  ];
  const records = endlessRecords();
  const closed = new Map(CALLERS.map((callers) => [callers, new Map<Contender, Acknowledgements[]>()]));
  const open = new Map<Contender, Acknowledgements[]>();
  for (const contender of contenders) await measureClosedLoop(contender, records, 64, WARM_UP_SECONDS);
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    console.log(`round ${round} of ${values.rounds}`);
    // Every round begins with another one, so that no one always comes after the same neighbour.
    const order = contenders.map((_, index) => contenders[(index + round) % contenders.length]);
    for (const contender of order) {
      if (contender === undefined) continue;
      // First, and after a rest: what a contender has still to do after a closed loop is not what a steady rate meets.
      await sleep(REST_MILLISECONDS);
      note(open, contender, await measureOpenLoop(contender, records, rate, seconds));
      for (const [callers, figures] of closed) {
        note(figures, contender, await measureClosedLoop(contender, records, callers, seconds));
      }
    }
  }
  console.log(
    `\n| | records/s, 1 caller | its ack p50, p99 | records/s, ${CALLERS[1]} callers | their ack p50, p99 | ack p50, p99, slowest at ${rate} records/s |`,
  );
  console.log('|---|--:|--:|--:|--:|--:|');
  for (const contender of contenders) {
    const cells = [...closed.values()].flatMap((figures) => {
      const own = figures.get(contender) ?? [];
      return [
        middle(own, ({ recordsPerSecond }) => recordsPerSecond).toFixed(0),
        `${milliseconds(own, 'medianMilliseconds')}, ${milliseconds(own, 'p99Milliseconds')}`,
      ];
    });
    const own = open.get(contender) ?? [];
    const atRate = (['medianMilliseconds', 'p99Milliseconds', 'slowestMilliseconds'] as const)
      .map((name) => milliseconds(own, name))
      .join(', ');
    console.log(`| ${[contender.name, ...cells, atRate].join(' | ')} |`);
  }
}

async function benchReads(): Promise<void> {
  const began = performance.now();
  const path = fillLedger(directory, Number(values.rows));
  console.log(`\nfilled with ${values.rows} rows in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  console.log('\n| question | rows | median | slowest of 20 |');
  console.log('|---|--:|--:|--:|');
  for (const { question, rows, medianMilliseconds, slowestMilliseconds } of await measureReads(path)) {
    console.log(
      `| ${question} | ${rows} | ${medianMilliseconds.toFixed(1)} ms | ${slowestMilliseconds.toFixed(1)} ms |`,
    );
  }
}

function note<Subject>(
  figures: Map<Subject, Acknowledgements[]>,
  subject: Subject,
  figure: Acknowledgements,
): void {
  const own = figures.get(subject) ?? [];
  own.push(figure);
  figures.set(subject, own);
}

function middle(figures: readonly Acknowledgements[], pick: (figure: Acknowledgements) => number): number {
  return median(figures.map(pick));
}

function milliseconds(figures: readonly Acknowledgements[], name: keyof Acknowledgements): string {
  return `${middle(figures, (figure) => figure[name]).toFixed(1)} ms`;
}
