/**
 * node bench/agent/run.ts [--rounds=5] [--seconds=3]
 *
 * Compares the whole path of an agent (client, agent-runtime, router, upstream) with a Python agent server that asks
 * the same upstream itself, in interleaved rounds. See README.md for the method.
 */
import { parseArgs } from 'node:util';
import { median } from '../laboratory/quantiles.ts';
import { type Contender, startContenders } from './contenders.ts';
import { type Measured, measureRuns, memoryOf } from './measure.ts';
import { SCENARIOS, type Scenario } from './workload.ts';

const CONNECTIONS = [1, 32] as const;
const WARM_UP_SECONDS = 3;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

await using started = await startContenders();
const { contenders } = started;
const figures = new Map<string, Measured[]>();
const key = (contender: Contender, scenario: Scenario, connections: number): string =>
  `${contender.name}/${scenario.name}/${connections}`;

console.log('warming up');
for (const contender of contenders) {
  for (const scenario of SCENARIOS) await measureRuns(contender, scenario, 32, WARM_UP_SECONDS);
}
for (const scenario of SCENARIOS) {
  for (let round = 1; round <= rounds; round += 1) {
    console.log(`${scenario.name}: round ${round} of ${rounds}`);
    for (let index = 0; index < contenders.length; index += 1) {
      // Every round begins with another one, so that no one always comes after the same neighbour.
      const contender = contenders[(index + round) % contenders.length];
      if (contender === undefined) continue;
      for (const connections of CONNECTIONS) {
        const measured = await measureRuns(contender, scenario, connections, seconds);
        const at = key(contender, scenario, connections);
        figures.set(at, [...(figures.get(at) ?? []), measured]);
      }
    }
  }
}
for (const scenario of SCENARIOS) await printTable(scenario);

async function printTable(scenario: Scenario): Promise<void> {
  const columns = CONNECTIONS.map((count) => {
    const unit = `${count} ${count === 1 ? 'connection' : 'connections'}`;
    return `runs/s, ${unit} | p50 | p99`;
  });
  console.log(`\n${scenario.title}\n`);
  console.log(`| | ${columns.join(' | ')} | processor a run | memory at the peak |`);
  console.log(`|---|${'--:|'.repeat(CONNECTIONS.length * 3 + 2)}`);
  for (const contender of contenders) {
    const of = (connections: number, figure: (measured: Measured) => number): number =>
      median((figures.get(key(contender, scenario, connections)) ?? []).map(figure));
    const cells = CONNECTIONS.flatMap((connections) => [
      of(connections, (one) => one.runsPerSecond).toFixed(0),
      `${of(connections, (one) => one.p50Milliseconds).toFixed(1)} ms`,
      `${of(connections, (one) => one.p99Milliseconds).toFixed(1)} ms`,
    ]);
    const processor = (of(32, (one) => one.processorMicrosecondsPerRun) / 1000).toFixed(2);
    const memory = ((await memoryOf(contender, scenario)) / 1024 / 1024).toFixed(0);
    console.log(`| ${[contender.name, ...cells, `${processor} ms`, `${memory} MiB`].join(' | ')} |`);
  }
  const [capataz, ...peers] = contenders;
  for (const peer of peers) {
    const ratios = CONNECTIONS.map((connections) => {
      const own = capataz === undefined ? [] : (figures.get(key(capataz, scenario, connections)) ?? []);
      const theirs = figures.get(key(peer, scenario, connections)) ?? [];
      const ratio = median(
        own.map((one, round) => one.runsPerSecond / (theirs[round]?.runsPerSecond ?? Number.NaN)),
      );
      return `${ratio.toFixed(1)} times at ${connections}`;
    });
    console.log(`\nCapataz does the runs of ${peer.name} ${ratios.join(', ')}.`);
  }
}
