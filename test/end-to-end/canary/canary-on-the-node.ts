/** What users of a CanaryRollout see on the whole node. Called by factory.test.ts, whose node it shares. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CapatazProgram, prepareCapataz } from '../world/capataz.ts';
import { apply, conditionOf, get, killOperator, kubectl, list } from '../world/cluster.ts';
import { eventually } from '../world/eventually.ts';
import { scaleLedger } from '../world/ledger.ts';
import {
  AGENT_NAMES,
  SORTERS,
  type Sorters,
  badVersion,
  goodVersion,
  hardMails,
  sorterRollout,
  startSorters,
} from '../world/sorters.ts';
import { describePushesOnTheNode } from './pushes-on-the-node.ts';

const CAREFUL = [
  { setExposure: { percent: '1' } },
  { analyse: { minSamples: 30 } },
  { setExposure: { percent: '100' } },
  { approve: {} },
];

// oxlint-disable-next-line typescript/no-explicit-any -- a status is read freely here.
const statusOf = async (): Promise<any> => (await get('canaryrollout', 'sorter', SORTERS)).status;

export function describeCanaryOnTheNode(): void {
  let sorters: Sorters;
  let capataz: CapatazProgram;

  beforeAll(async () => {
    capataz = await prepareCapataz();
    sorters = await startSorters();
    // The agents' history on stable, which a candidate is compared with.
    for (let round = 0; round < 40; round += 1) await sorters.askAll();
  });

  afterAll(async () => {
    await capataz?.[Symbol.asyncDispose]();
    await sorters?.[Symbol.asyncDispose]();
  });

  const versionsServed = async (): Promise<readonly (string | undefined)[]> =>
    (await sorters.askAll()).map(({ body }) => body.prompt?.version);
  const all = (name: string): readonly string[] => AGENT_NAMES.map(() => name);

  describe('a canary', () => {
    it('of a good prompt goes from one agent to all of them by its outcomes, and waits for a person where it is told to', async () => {
      const good = goodVersion(2);
      await apply(good, sorterRollout(good, CAREFUL));
      await eventually('one agent is exposed', async () => {
        expect((await statusOf()).exposure).toMatchObject({ agents: 4, exposedAgents: 1 });
        expect((await versionsServed()).filter((name) => name === good.metadata.name)).toHaveLength(1);
      });
      await sorters.askUntil(
        'it waits for approval',
        async () => (await statusOf()).phase === 'AwaitingApproval',
      );
      const { analysis } = await statusOf();
      expect(analysis.metrics[0].candidate.good).toBeGreaterThanOrEqual(30);
      await eventually('every agent serves it', async () => {
        expect(await versionsServed()).toEqual(all(good.metadata.name));
      });
      const shown = await capataz.run('status', 'sorter', '--namespace', SORTERS);
      expect(shown.output, shown.errorOutput).toContain(good.metadata.name);
      const approved = await capataz.run('approve', 'sorter', '--namespace', SORTERS);
      expect(approved.exitCode, approved.errorOutput).toBe(0);
      const waited = ['--for=condition=Promoted', '--timeout=60s', '--namespace', SORTERS];
      expect(await kubectl(['wait', 'canary/sorter', ...waited])).toContain('condition met');
      expect((await statusOf()).stable.name).toBe(good.metadata.name);
    });

    it('of a prompt that answers in prose is stopped at the first agent, and stays out when it is applied again', async () => {
      const bad = badVersion(1);
      await apply(bad, sorterRollout(bad, CAREFUL));
      await sorters.askUntil('it is rolled back', async () => (await statusOf()).phase === 'RolledBack', 60);
      await eventually('every agent is back on stable', async () => {
        expect(await versionsServed()).toEqual(all(goodVersion(2).metadata.name));
      });
      const { rejected, decision, exposure } = await statusOf();
      expect(rejected).toMatchObject([{ digest: bad.spec.digest }]);
      expect(decision.message).toMatch(/schema/i);
      expect(exposure).toBeUndefined();
      await apply(sorterRollout(goodVersion(2), CAREFUL));
      await apply(sorterRollout(bad, CAREFUL));
      await eventually('it is refused again', async () => {
        expect((await statusOf()).phase).toBe('RolledBack');
      });
      expect(await versionsServed()).toEqual(all(goodVersion(2).metadata.name));
      const history = await capataz.run('history', 'sorter', '--namespace', SORTERS);
      expect(history.output, history.errorOutput).toContain('rolled_back');
    });

    it('passes nothing while its outcomes are cut off, and goes on with the same counts when they are back', async () => {
      const good = goodVersion(3);
      await apply(good, sorterRollout(good, CAREFUL));
      await sorters.askUntil('something is counted', async () => {
        return ((await statusOf()).analysis?.metrics?.[0]?.candidate?.good ?? 0) > 0;
      });
      await scaleLedger(0);
      try {
        await eventually('it says that it cannot read', async () => {
          expect((await statusOf()).analysis.problem).toMatch(/ledger/i);
        });
        for (let round = 0; round < 40; round += 1) await sorters.askAll();
        const { step, exposure } = await statusOf();
        expect([step.kind, exposure.exposedAgents]).toEqual(['analyse', 1]);
      } finally {
        await scaleLedger(1);
      }
      await sorters.askUntil(
        'it waits for approval',
        async () => (await statusOf()).phase === 'AwaitingApproval',
      );
    });

    it('counts every outcome once though its operator is killed', async () => {
      await killOperator();
      await sorters.askAll();
      await eventually(
        'the counts are those of the runs in the ledger',
        async () => {
          const { candidate, analysis } = await statusOf();
          // By uid, since a ledger keeps the runs of agents that bore these names before.
          const uids = new Set(
            (await list('agents.capataz.dev', SORTERS)).map(({ metadata }) => metadata.uid),
          );
          const ofCandidate = (await capataz.runsOf(SORTERS)).filter(
            ({ promptVersion, agentUid }) => promptVersion === candidate.name && uids.has(agentUid),
          );
          expect(ofCandidate.length).toBeGreaterThan(30);
          const { good, bad } = analysis.metrics[0].candidate;
          expect(good + bad).toBe(ofCandidate.length);
        },
        120,
      );
    });

    it('goes back at once when git names the stable version again', async () => {
      await apply(sorterRollout(goodVersion(2), CAREFUL));
      await eventually('every agent is back on stable', async () => {
        expect(await versionsServed()).toEqual(all(goodVersion(2).metadata.name));
      });
      expect((await statusOf()).decision).toMatchObject({ kind: 'Withdrawn', reason: 'Reverted' });
    });

    it('whose gate fails is seen by no agent', async () => {
      const bad = badVersion(2);
      const gate = {
        gate: { agentRef: { name: AGENT_NAMES[0] }, goldenSetRef: { name: 'hard-mails' }, repeats: 1 },
      };
      await apply(hardMails(), bad, sorterRollout(bad, [gate, ...CAREFUL]));
      await eventually(
        'the gate has failed',
        async () => {
          const { phase, gate: told } = await statusOf();
          expect(told, JSON.stringify(told)).toMatchObject({ verdict: 'Failed' });
          expect(phase).toBe('RolledBack');
        },
        180,
      );
      const told = conditionOf(await get('canaryrollout', 'sorter', SORTERS), 'Stalled');
      expect(told?.message).toBeTruthy();
      expect(await kubectl(['logs', 'job/rollout-sorter', '--namespace', SORTERS])).toContain('Failed');
      await eventually('every agent serves stable', async () => {
        expect(await versionsServed()).toEqual(all(goodVersion(2).metadata.name));
      });
      const runs = await capataz.runsOf(SORTERS);
      expect(runs.filter(({ promptVersion }) => promptVersion === bad.metadata.name)).toEqual([]);
    });
  });

  describePushesOnTheNode(() => sorters);
}
