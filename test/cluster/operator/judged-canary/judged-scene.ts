/** A world with a ledger, and rollouts whose agents have a history: made once, since all of it takes its time. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JudgedRollout, isHistory, startJudgedRollout } from '../judged-rollout.ts';
import { type OperatorProcess, type World, startWorld } from '../operator-world.ts';
import { type WorldLedger, startWorldLedger } from '../world-ledger.ts';

const AGENTS = 4;
const ROLLOUTS = ['good', 'bad', 'sessions', 'guarded', 'drifting', 'succeeded', 'deleted'] as const;

export interface JudgedScene extends Readonly<Record<(typeof ROLLOUTS)[number], JudgedRollout>> {
  readonly world: World;
  readonly ledger: WorldLedger;
  readonly startOperator: (name: string) => Promise<OperatorProcess>;
  readonly stop: () => Promise<void>;
}

export async function startJudgedScene(): Promise<JudgedScene> {
  const directory = await mkdtemp(join(tmpdir(), 'capataz-judged-'));
  const world = await startWorld();
  const ledger = await startWorldLedger(world, directory);
  const startOperator = async (name: string): Promise<OperatorProcess> =>
    await world.startOperator(name, await ledger.environmentOf(name));
  await startOperator('operator-a');
  const rollouts = await Promise.all(
    ROLLOUTS.map(async (namespace): Promise<[string, JudgedRollout]> => {
      return [namespace, await startJudgedRollout(world, ledger, { namespace, agents: AGENTS, directory })];
    }),
  );
  const all = rollouts.map(([, rollout]) => rollout);
  await isHistory(ledger, ROLLOUTS[0]);
  for (const rollout of all) rollout.forgetRuns();
  return {
    ...(Object.fromEntries(rollouts) as Record<(typeof ROLLOUTS)[number], JudgedRollout>),
    world,
    ledger,
    startOperator,
    stop: async () => {
      for (const rollout of all) await rollout.close();
      await ledger.stop();
      await world.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
