/** What the outcomes of a ledger do to a candidate. Called by operator-judged-canary.test.ts, whose world it shares. */
import { expect, it } from 'vitest';
import { AGENTS } from '#operator/agent/resources.ts';
import type { RolloutArm } from '#domain/rollout/rollout-document.ts';
import { CANARY_ROLLOUTS, ROLLOUT_CONFIG_MAPS } from '#operator/canary-rollout/resources.ts';
import { condition } from '../objects.ts';
import { eventually } from '../operator-world.ts';
import { isHistory } from '../judged-rollout.ts';
import type { Conduct } from '../telling-agents.ts';
import type { JudgedScene } from './judged-scene.ts';

/** Enough for a proof, in rounds of all agents. */
const ROUNDS = 120;
const CAREFUL = [
  { setExposure: { percent: '1' } },
  { analyse: { minSamples: 30 } },
  { setExposure: { percent: '100' } },
];

export function describeVerdicts(scene: () => JudgedScene): void {
  it('take a good candidate from one agent to all of them, and promote it', async () => {
    const { good } = scene();
    await good.edit({ steps: [...CAREFUL, { approve: {} }] });
    const candidate = await good.want('Good day');
    await good.isExposed(candidate);
    await good.statusIs({ step: { kind: 'analyse' }, exposure: { agents: 4, exposedAgents: 1 } });
    await good.run(ROUNDS);
    await good.statusIs({ phase: 'AwaitingApproval', exposure: { exposedAgents: 4 } });
    const { metrics } = (await good.countsAreExact()).analysis;
    const counts = {
      before: { good: 160, bad: 0 },
      candidate: { good: ROUNDS, bad: 0 },
      stable: { good: 3 * ROUNDS, bad: 0 },
      verdict: 'NotWorse',
    };
    expect(metrics).toMatchObject([
      { metric: 'RunSucceeded', ...counts },
      { metric: 'SchemaValid', ...counts },
    ]);
    expect(condition(await good.rollout(), 'Promoted')).toMatchObject({ status: 'False' });
    await good.ask({ verb: 'approve' });
    await good.statusIs({ phase: 'Idle', stable: { digest: candidate.spec.digest } });
    expect(condition(await good.rollout(), 'Promoted')).toMatchObject({ status: 'True' });
    await good.isServedAlone(candidate);
  });

  it('count each session once, and promote a candidate that is as good in its share of them', async () => {
    const { sessions } = scene();
    const steps = [{ setExposure: { percent: '25' } }, { analyse: { minSamples: 60 } }, { approve: {} }];
    await sessions.edit({ exposure: { unit: 'Session' }, steps });
    const candidate = await sessions.want('Good day');
    expect((await sessions.isExposed(candidate)).exposure).toMatchObject({
      unit: 'Session',
      basisPoints: 2500,
    });
    // Each agent has sessions of two runs, and the second one fails.
    await sessions.run(2 * ROUNDS, (_, index) => ({
      session: `session-${Math.floor(index / 8)}-of-agent-${index % 4}`,
      hasFailed: index % 8 >= 4,
    }));
    await sessions.statusIs({ phase: 'AwaitingApproval', candidate: { digest: candidate.spec.digest } });
    const { metrics } = (await sessions.countsAreExact()).analysis;
    const { stable, candidate: tried } = metrics[0];
    expect(stable.good + stable.bad + tried.good + tried.bad).toBe(4 * ROUNDS);
    expect([stable.bad, tried.bad]).toEqual([0, 0]);
    await sessions.ask({ verb: 'promote', isFull: true });
    await sessions.statusIs({ phase: 'Idle', stable: { digest: candidate.spec.digest } });
  });

  it('stop a bad candidate at its first agent, and its digest stays out when it is asked for again', async () => {
    const { bad } = scene();
    await bad.edit({ steps: CAREFUL });
    const candidate = await bad.want('Good day');
    await bad.isExposed(candidate);
    const candidateFails = (arm: RolloutArm): Conduct => ({ hasFailed: arm === 'candidate' });
    // Round by round, as agents that live beside each other tell: outcomes are judged in blocks of both arms, and agents that
    // told all of theirs at once would leave whole blocks to one of them.
    for (let round = 0; round < 9; round += 1) {
      await bad.run(1, candidateFails);
      await bad.taken();
    }
    const { decision, rejected, exposure } = await bad.statusIs({ phase: 'RolledBack' });
    expect(decision).toMatchObject({ kind: 'RolledBack', reason: 'Worse' });
    expect(decision.message).toMatch(/RunSucceeded: 0 of \d+ outcomes of the candidate were good and /);
    expect(rejected).toMatchObject([{ digest: candidate.spec.digest, reason: 'Worse' }]);
    expect(exposure).toBeUndefined();
    const { revision } = await bad.isServedAlone(bad.first);
    expect(condition(await bad.rollout(), 'Promoted')).toMatchObject({
      status: 'False',
      reason: 'RolledBack',
    });
    await bad.want('Hello');
    await bad.statusIs({ phase: 'Idle' });
    await bad.want('Good day');
    await bad.statusIs({ phase: 'RolledBack', rejected: [{ digest: candidate.spec.digest }] });
    expect((await bad.isServedAlone(bad.first)).revision).toBe(revision);
    expect((await bad.rollout()).status.decision.number).toBe(decision.number);
  });

  it('of a candidate say nothing of the next one, however late they come', async () => {
    const { succeeded } = scene();
    await succeeded.edit({ steps: [{ setExposure: { percent: '50' } }, { analyse: { minSamples: 30 } }] });
    const first = await succeeded.want('Good day');
    const documentOfFirst = await succeeded.isExposed(first);
    await succeeded.run(6);
    const before = (await succeeded.countsAreExact()).exposure;
    await isHistory(scene().ledger, succeeded.namespace);
    succeeded.forgetRuns();
    const second = await succeeded.want('Good evening');
    const { exposure, rejected } = await succeeded.statusIs({ candidate: { digest: second.spec.digest } });
    expect(exposure.salt).not.toBe(before.salt);
    expect(rejected).toBeUndefined();
    await succeeded.isExposed(second);
    // Runs of the first that were on their way, and all of them fail.
    await succeeded.run(3, (arm) => ({ hasFailed: arm === 'candidate' }), documentOfFirst);
    await succeeded.run(1);
    expect((await succeeded.countsAreExact()).analysis.metrics[0].candidate).toEqual({ good: 2, bad: 0 });
    await succeeded.run(ROUNDS);
    const { previousStable } = await succeeded.statusIs({
      phase: 'Idle',
      stable: { digest: second.spec.digest },
    });
    expect(previousStable.digest).toBe(succeeded.first.spec.digest);
  });

  it('of a rollout that was deleted in the middle hold up no new one of its name', async () => {
    const { world, deleted } = scene();
    await deleted.edit({ steps: [{ setExposure: { percent: '50' } }, { analyse: { minSamples: 30 } }] });
    const candidate = await deleted.want('Good day');
    const held = await deleted.isExposed(candidate);
    const { spec } = await deleted.rollout();
    await world.remove(CANARY_ROLLOUTS, deleted.namespace, 'greeter');
    await eventually(async () => {
      expect(await world.get(ROLLOUT_CONFIG_MAPS, deleted.namespace, 'rollout-greeter')).toBeUndefined();
      for (const agent of await world.list(AGENTS, deleted.namespace)) {
        expect(condition(agent, 'ResolvedRefs')).toMatchObject({ status: 'False' });
      }
    }, 60);
    // Agents go on with what they have, and what it does is told.
    await deleted.run(10, (arm) => ({ hasFailed: arm === 'candidate' }), held);
    await deleted.taken();
    await world.create(CANARY_ROLLOUTS, {
      metadata: { namespace: deleted.namespace, name: 'greeter' },
      spec: { ...spec, versionRef: { name: deleted.first.metadata.name } },
    });
    await deleted.statusIs({ phase: 'Idle', stable: { digest: deleted.first.spec.digest } });
    // Whoever holds the candidate of the one that was deleted takes this for the newer document, and is back on stable.
    const { revision } = await deleted.isServedAlone(deleted.first);
    expect(revision).toBeGreaterThan(held.revision);
    await isHistory(scene().ledger, deleted.namespace);
    deleted.forgetRuns();
    await deleted.want('Good day');
    await deleted.isExposed(candidate);
    await deleted.run(1);
    expect((await deleted.countsAreExact()).analysis.metrics[0].candidate).toEqual({ good: 2, bad: 0 });
  });
}
