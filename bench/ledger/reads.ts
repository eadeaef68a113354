/** Fills a ledger through its own writer, so that its sums are right, and asks it what a console asks. */
import { join } from 'node:path';
import type { LedgerStore } from '#services/ledger/store/ledger-store.ts';
import { CheckpointLoop } from '#services/ledger/store/sqlite/checkpoint-loop.ts';
import { DatabaseWriter } from '#services/ledger/store/sqlite/database-writer.ts';
import { openSqliteStore } from '#services/ledger/store/sqlite/open-sqlite-store.ts';
import { quantile } from '../laboratory/quantiles.ts';
import { RECORDS_OF_RUN, recordsOfRun } from './bench-records.ts';

const DAYS = 90;
const BATCH_RUNS = 400;
const ASKED = 20;
const DAY_MICROSECONDS = 86_400_000_000;
const BEGINS_AT = 1_764_000_000_000_000;

export interface ReadFigure {
  readonly question: string;
  readonly rows: number;
  readonly medianMilliseconds: number;
  readonly slowestMilliseconds: number;
}

/** Answers with the path. `rows` over 90 days, in the order of time. */
export function fillLedger(directory: string, rows: number): string {
  const path = join(directory, 'filled.db');
  const writer = new DatabaseWriter({ path });
  const checkpoints = new CheckpointLoop(path);
  const runs = Math.ceil(rows / RECORDS_OF_RUN);
  const source = { process: 'router', instance: 'bench', boot: 'fill' } as const;
  let lastId = 0;
  const newId = (): string => `id-${String((lastId += 1)).padStart(12, '0')}`;
  for (let number = 0; number < runs; number += BATCH_RUNS) {
    const batch = Array.from({ length: Math.min(BATCH_RUNS, runs - number) }, (_, place) =>
      recordsOfRun({
        number: number + place,
        beginsAtMicroseconds: BEGINS_AT + Math.floor(((number + place) / runs) * DAYS * DAY_MICROSECONDS),
        source,
        firstSequence: 1 + (number + place) * RECORDS_OF_RUN,
        newId,
      }),
    ).flat();
    writer.append(batch, BEGINS_AT);
    if ((number / BATCH_RUNS) % 10 === 0) checkpoints.checkpoint();
    if ((number / BATCH_RUNS) % 100 === 0) console.log(`${number * RECORDS_OF_RUN} of ${rows} rows`);
  }
  checkpoints.close();
  writer.close();
  return path;
}

export async function measureReads(path: string): Promise<readonly ReadFigure[]> {
  await using store = await openSqliteStore({
    path,
    onFailure: (error) => {
      throw error;
    },
  });
  const figures: ReadFigure[] = [];
  for (const [question, ask] of await questionsTo(store)) {
    const milliseconds: number[] = [];
    let rows = 0;
    for (let time = 0; time < ASKED; time += 1) {
      const began = performance.now();
      rows = (await ask()).length;
      milliseconds.push(performance.now() - began);
    }
    const sorted = milliseconds.toSorted((one, other) => one - other);
    figures.push({
      question,
      rows,
      medianMilliseconds: quantile(sorted, 0.5),
      slowestMilliseconds: sorted.at(-1) ?? Number.NaN,
    });
  }
  return figures;
}

type Ask = () => Promise<readonly unknown[]>;

async function questionsTo(store: LedgerStore): Promise<readonly (readonly [string, Ask])[]> {
  const all = { namespaces: undefined, limit: 1_000 };
  const page = { namespaces: ['shop'], limit: 100 };
  const lastWeek = { fromMicroseconds: BEGINS_AT + (DAYS - 7) * DAY_MICROSECONDS + 5_000_000_000 };
  const middle = { toMicroseconds: BEGINS_AT + (DAYS / 2) * DAY_MICROSECONDS };
  const {
    runs: [some],
  } = await store.runs({ ...page, ...middle });
  const runId = some?.id ?? '';
  const last = await store.lastPosition();
  const runsPage =
    (query: Partial<Parameters<LedgerStore['runs']>[0]>): Ask =>
    async () =>
      (await store.runs({ ...page, ...query })).runs;
  const entries =
    (...question: Parameters<LedgerStore['entriesAfter']>): Ask =>
    async () =>
      (await store.entriesAfter(...question)).entries;
  return [
    ['newest 100 runs of all namespaces', runsPage({ namespaces: undefined })],
    ['newest 100 runs of a namespace', runsPage({})],
    ['100 runs of an agent, from the middle', runsPage({ agent: 'agent-5', ...middle })],
    ['100 failed runs of a namespace', runsPage({ status: 'failed' })],
    ['100 runs that used a model', runsPage({ model: 'local' })],
    ['100 runs of a prompt', runsPage({ promptDigest: '5'.padStart(64, 'd') })],
    ['runs of a prompt that nobody used', runsPage({ promptDigest: 'f'.repeat(64) })],
    ['one run, its row', () => store.runsOfId(runId)],
    ['one run, its entries', entries(0, { runId, namespaces: ['shop'] }, 1_000)],
    ['costs by agent, 90 days', () => store.costs({ ...all, by: ['namespace', 'agent'] })],
    ['costs by model, 90 days', () => store.costs({ ...all, by: ['model'] })],
    ['costs by agent and model, 7 days', () => store.costs({ ...all, ...lastWeek, by: ['agent', 'model'] })],
    ['costs by hour, 7 days', () => store.costs({ ...all, ...lastWeek, by: ['hour'] })],
    ['costs by hour, 90 days', () => store.costs({ ...all, limit: 10_000, by: ['hour'] })],
    [
      'costs by agent and hour, 7 days',
      () => store.costs({ ...all, ...lastWeek, limit: 20_000, by: ['agent', 'hour'] }),
    ],
    ['costs by day and model, 90 days', () => store.costs({ ...all, by: ['day', 'model'] })],
    [
      'costs of one namespace by agent and hour, 90 days',
      () => store.costs({ ...all, namespaces: ['shop'], by: ['agent', 'hour'] }),
    ],
    ['outcomes by prompt, 90 days', () => store.outcomes({ ...all, by: ['promptDigest'] })],
    ['1,000 entries of the end', entries(last - 1_000, {}, 1_000)],
    ['entries of a type that there is none of', entries(0, { types: ['security_event'] }, 100)],
    ['entries of an agent that there is none of', entries(0, { agent: 'nobody' }, 100)],
  ];
}
