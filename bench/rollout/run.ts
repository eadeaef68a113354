/**
 * node bench/rollout/run.ts [--replicates=200] [--workers=2] [--seed=1] [--only=TEXT]
 *
 * Simulates canaries whose truth is known, with our judge and others beside each other on the same outcomes. See README.md.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { wilsonInterval } from '#domain/judging/wilson-interval.ts';
import { median } from '../laboratory/quantiles.ts';
import { CONTENDERS } from './contenders.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import type { SimulationResult, SimulationTask } from './simulate.ts';

const REPLICATES_PER_TASK = 10;
/** Of 95 % on both sides. */
const INTERVAL_DEVIATIONS = 1.96;
const MOST_REPLICATES = 100_000;
const MOST_WORKERS = 64;

const { values } = parseArgs({
  options: {
    replicates: { type: 'string', default: '200' },
    workers: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});
const replicates = wholeNumber('replicates', values.replicates, MOST_REPLICATES);
const workers = wholeNumber('workers', values.workers, MOST_WORKERS);
const seed = wholeNumber('seed', values.seed, 1_000_000);

const chosen = SCENARIOS.flatMap((scenario, index) => (scenario.name.includes(values.only) ? [index] : []));
if (chosen.length === 0) throw new Error(`No scenario has "${values.only}" in its name.`);

const results = new Map<number, SimulationResult[]>(chosen.map((index) => [index, []]));
await runAll(tasks());

for (const table of ['worse', 'equal'] as const) {
  const rows = chosen.flatMap((index) => {
    const scenario = SCENARIOS[index];
    return scenario?.table === table ? [row(scenario, results.get(index) ?? [])] : [];
  });
  if (rows.length === 0) continue;
  const title =
    table === 'worse'
      ? 'true rate, stable 96 %: median outcomes until rollback (found)'
      : 'equal candidates: rolled back';
  const passes = table === 'equal' ? ' proven good enough, after a median of |' : '';
  console.log(`\n| ${title} | ${CONTENDERS.join(' | ')} |${passes}`);
  console.log(`|---|${'--:|'.repeat(CONTENDERS.length + (table === 'equal' ? 1 : 0))}`);
  for (const line of rows) console.log(line);
}

function* tasks(): Generator<SimulationTask> {
  for (const scenario of chosen) {
    for (let first = 0; first < replicates; first += REPLICATES_PER_TASK) {
      yield {
        scenario,
        firstSeed: seed + first,
        replicates: Math.min(REPLICATES_PER_TASK, replicates - first),
      };
    }
  }
}

async function runAll(queue: Generator<SimulationTask>): Promise<void> {
  await Promise.all(
    Array.from({ length: workers }, async () => {
      const worker = new Worker(new URL('simulate.ts', import.meta.url));
      try {
        for (const task of queue) {
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
          worker.postMessage(task);
          // An error of the worker rejects this.
          const [result] = (await once(worker, 'message')) as [SimulationResult];
          results.get(result.task.scenario)?.push(result);
          progress();
        }
      } finally {
        await worker.terminate();
      }
    }),
  );
}

function progress(): void {
  if (!process.stderr.isTTY) return;
  const done = [...results.values()].flat().reduce((sum, { stopped }) => sum + stopped.length, 0);
  process.stderr.write(`\r${done} of ${chosen.length * replicates} fleets`);
}

function row(scenario: Scenario, found: readonly SimulationResult[]): string {
  const stopped = found.flatMap((result) => result.stopped);
  const passed = found.flatMap((result) => result.passed);
  const cells = CONTENDERS.map((_contender, index) =>
    scenario.table === 'worse'
      ? medianCell(
          stopped.map((one) => one[index] ?? null),
          medianOf(stopped.map((one) => one[0] ?? null)),
        )
      : shareCell(stopped.map((one) => one[index] ?? null)),
  );
  const passCell = scenario.table === 'equal' ? ` ${shareCell(passed)}, ${medianOf(passed)} |` : '';
  return `| ${scenario.name} | ${cells.join(' | ')} |${passCell}`;
}

/** The ratio is to ours. */
function medianCell(when: readonly (number | null)[], ours: number): string {
  const middle = medianOf(when);
  const ratio = Number.isFinite(middle) && Number.isFinite(ours) ? `, x${(middle / ours).toFixed(1)}` : '';
  return `${Number.isFinite(middle) ? middle : 'never'}${ratio} (${shareCell(when)})`;
}

/** With the interval in which the true share is. */
function shareCell(when: readonly (number | null)[]): string {
  const good = when.filter((one) => one !== null).length;
  const { low, high } = wilsonInterval({ good, bad: when.length - good }, INTERVAL_DEVIATIONS);
  return `${percent(good / when.length)} % [${percent(low)}, ${percent(high)}]`;
}

function percent(share: number): string {
  return (share * 100).toFixed(1);
}

/** What never came counts as later than all. */
function medianOf(when: readonly (number | null)[]): number {
  return median(when.map((one) => one ?? Infinity));
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Error(`--${name} is a whole number from 1 to ${most}, not "${text}".`);
}
