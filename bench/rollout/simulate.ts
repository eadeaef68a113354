/** A worker: simulates fleets of one scenario, by seeds, and tells when each judge rolled back. */
import { parentPort } from 'node:worker_threads';
import { CapatazFleetJudge } from '#domain/judging/testing/fleet-judge.ts';
import { simulateFleet } from '#domain/judging/testing/simulated-fleet.ts';
import { contenders } from './contenders.ts';
import { SCENARIOS } from './scenarios.ts';

export interface SimulationTask {
  readonly scenario: number;
  readonly firstSeed: number;
  readonly replicates: number;
}

export interface SimulationResult {
  readonly task: SimulationTask;
  /** Of each replicate and contender: after how many outcomes it rolled back; null: never. */
  readonly stopped: readonly (readonly (number | null)[])[];
  /** Of each replicate: after how many outcomes ours was proven to be good enough. */
  readonly passed: readonly (number | null)[];
}

const SEED_STEP = 7919;

parentPort?.on('message', (task: SimulationTask) => {
  const scenario = SCENARIOS[task.scenario];
  if (scenario === undefined) throw new RangeError(`There is no scenario ${task.scenario}.`);
  const { plan, marginPercent } = scenario;
  const stopped: (number | null)[][] = [];
  const passed: (number | null)[] = [];
  for (let index = 0; index < task.replicates; index += 1) {
    let ours: CapatazFleetJudge | undefined;
    const found = simulateFleet(plan, (task.firstSeed + index) * SEED_STEP, (past) => {
      const judges = contenders(plan, marginPercent, past);
      ours = judges.find((judge) => judge instanceof CapatazFleetJudge);
      return judges;
    });
    stopped.push(found.map((when) => when ?? null));
    passed.push(ours?.passedAfter ?? null);
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage({ task, stopped, passed } satisfies SimulationResult);
});
