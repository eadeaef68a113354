/** Operators that are killed or frozen while they count. Called by operator-judged-canary.test.ts, whose world it shares. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { StepKind } from '#crds/rollout-release.ts';
import { CONFIG_MAPS, PODS } from '#operator/agent/resources.ts';
import { ROLLOUT_CONFIG_MAPS } from '#operator/canary-rollout/resources.ts';
import { aGoldenSet, gateVerdict, podEnds } from '../gate-pod.ts';
import { createAgent } from '../objects.ts';
import { type AnyObject, eventually } from '../operator-world.ts';
import type { JudgedScene } from './judged-scene.ts';

const PATIENCE_SECONDS = 60;
/** Around the moment at which a step is passed. */
const MOMENTS_MILLISECONDS = [3, 12, 30];

export function describeOperatorsInTrouble(scene: () => JudgedScene): void {
  it('killed at every step of a plan lose no outcome, count none twice, and decide each thing once', async () => {
    const { world, killed, replaceOperator } = scene();
    await createAgent(world, killed.namespace, 'tester', { replicas: 0 });
    await world.create(CONFIG_MAPS, aGoldenSet(killed.namespace));
    const gate = { agentRef: { name: 'tester' }, goldenSetRef: { name: 'cases' } };
    await killed.edit({
      steps: [
        { gate },
        { setExposure: { percent: '50' } },
        { analyse: { minSamples: 300 } },
        { pause: {} },
        { approve: {} },
        { setExposure: { percent: '75' } },
        { bake: { seconds: 4 } },
        { approve: {} },
      ],
    });
    const diedAt = new Set<StepKind>();
    const killOperator = async (): Promise<void> => {
      await replaceOperator();
      diedAt.add((await killed.rollout()).status.step.kind);
    };
    const { number: before } = (await killed.rollout()).status.decision;
    const candidate = await killed.want('Good day');
    const pod = await gatePod(scene());
    await killOperator();
    await podEnds(world, pod, gateVerdict('Passed', candidate.spec.digest), 0);
    await sleep(MOMENTS_MILLISECONDS[0]);
    await killOperator();
    await killed.isExposed(candidate);
    const stop = killed.keepRunning();
    let counted = 0;
    for (let kills = 0; kills < 2; kills += 1) {
      counted = await eventually(async () => {
        const now = await killed.counted();
        expect(now).toBeGreaterThan(counted);
        return now;
      }, PATIENCE_SECONDS);
      await killOperator();
      // It died in the middle: more was told than it has counted.
      expect(killed.runs.filter(({ arm }) => arm === 'candidate').length).toBeGreaterThan(counted);
    }
    await killed.statusIs({ step: { index: 3, kind: 'pause' } });
    await killOperator();
    await killed.ask({ verb: 'promote' });
    await sleep(MOMENTS_MILLISECONDS[1]);
    await killOperator();
    await killed.statusIs({ phase: 'AwaitingApproval', step: { index: 4 } });
    await killOperator();
    await killed.ask({ verb: 'approve' });
    await sleep(MOMENTS_MILLISECONDS[2]);
    await killOperator();
    await killed.statusIs({ step: { index: 6, kind: 'bake' } });
    await killOperator();
    await killed.statusIs({ phase: 'AwaitingApproval', step: { index: 7 } });
    await stop();
    expect([...diedAt]).toEqual(expect.arrayContaining(['gate', 'analyse', 'pause', 'approve', 'bake']));
    const { exposure, decision } = await killed.countsAreExact();
    expect(exposure.exposedAgents).toBe(3);
    // Began, and came to each of the eight steps.
    expect(decision.number - before).toBe(9);
    await killed.ask({ verb: 'approve' });
    await killed.statusIs({ phase: 'Idle', stable: { digest: candidate.spec.digest } });
    await eventually(async () => {
      const decisions = await scene().ledger.decisionsOf(killed.namespace);
      expect(decisions).toHaveLength(before + 10);
      expect(decisions.at(-1)).toBe('promoted');
    }, PATIENCE_SECONDS);
  });

  it('frozen past its lease writes nothing when it wakes, and who took over has counted all and rolled back', async () => {
    const { frozen, startOperator, operator: sleeper } = scene();
    await frozen.edit({ steps: [{ setExposure: { percent: '50' } }, { analyse: { minSamples: 10_000 } }] });
    const candidate = await frozen.want('Good day');
    await frozen.isExposed(candidate);
    const stop = frozen.keepRunning();
    await eventually(async () => expect(await frozen.counted()).toBeGreaterThan(0), PATIENCE_SECONDS);
    const other = await startOperator();
    sleeper.kill('SIGSTOP');
    scene().operator = other;
    const counted = await frozen.counted();
    await eventually(async () => expect(await frozen.counted()).toBeGreaterThan(counted), PATIENCE_SECONDS);
    expect(await other.metric('capataz_operator_leader')).toBe(1);
    await stop();
    await frozen.countsAreExact();
    await frozen.run(400, (arm) => ({ firstAnswerFits: arm === 'stable' }));
    await frozen.statusIs({ phase: 'RolledBack', rejected: [{ digest: candidate.spec.digest }] });
    await frozen.isServedAlone(frozen.first);
    await frozen.taken();
    const versions = (): Promise<readonly string[]> => versionsOf(scene(), frozen.namespace);
    const before = await versions();
    sleeper.kill('SIGCONT');
    expect(await sleeper.exited).toBe(1);
    expect(await versions()).toEqual(before);
    const decisions = await scene().ledger.decisionsOf(frozen.namespace);
    expect(decisions.filter((decision) => decision === 'rolled_back')).toHaveLength(1);
    expect(await other.metric('capataz_operator_leader')).toBe(1);
    await frozen.want('Hello');
    await frozen.statusIs({ phase: 'Idle' });
  });
}

async function gatePod({ world, killed }: JudgedScene): Promise<AnyObject> {
  return await eventually(async () => {
    const pods = await world.list(PODS, killed.namespace);
    const pod = pods.find(({ metadata }) => metadata.name.startsWith('rollout-greeter-'));
    if (pod === undefined) throw new Error('The gate has no pod yet.');
    return pod;
  }, PATIENCE_SECONDS);
}

async function versionsOf({ world, frozen }: JudgedScene, namespace: string): Promise<readonly string[]> {
  const objects = [await frozen.rollout(), ...(await world.list(ROLLOUT_CONFIG_MAPS, namespace))];
  return objects.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);
}
