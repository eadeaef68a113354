/** Outcomes that do not come, or cannot be read. Called by operator-judged-canary.test.ts, whose world it shares. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { condition } from '../objects.ts';
import type { JudgedScene } from './judged-scene.ts';

const MAXIMUM_SECONDS = 2;
const MISSING = /About \d+ outcomes of the candidate are missing, about \d+ (s|min|h) at the present rate\./;

export function describeUnreadLedger(scene: () => JudgedScene): void {
  it('are inconclusive when they are too few, and pass nothing while the ledger is dead; then it goes on by them', async () => {
    const { ledger, unread } = scene();
    const plan = (analyse: object): object[] => [
      { setExposure: { percent: '25' } },
      { analyse: { minSamples: 60, ...analyse } },
      { approve: {} },
    ];
    await unread.edit({ steps: plan({ maximumSeconds: MAXIMUM_SECONDS }) });
    const candidate = await unread.want('Good day');
    await unread.isExposed(candidate);
    await unread.run(10);
    await unread.statusIs({ phase: 'Paused', paused: { reason: 'Inconclusive' } });
    await unread.statusIs({ analysis: { metrics: [{ candidate: { good: 10, bad: 0 } }, {}] } });
    const told = condition(await unread.rollout(), 'Progressing');
    expect(told).toMatchObject({ status: 'False', message: expect.stringMatching(MISSING) });

    await ledger.kill();
    const stop = unread.keepRunning();
    const { analysis } = await unread.statusIs({
      analysis: { problem: expect.stringMatching(/^Outcomes cannot be read from the ledger: /) },
    });
    expect(analysis.missingSamples).toBeGreaterThan(0);
    expect(analysis.missingSeconds).toBeGreaterThan(0);
    await unread.ask({ verb: 'resume' });
    await unread.statusIs({ phase: 'Progressing', step: { kind: 'analyse' } });
    // What its time would be, were there anything to read.
    await sleep(1.5 * MAXIMUM_SECONDS * 1000);
    await unread.statusIs({ phase: 'Progressing', step: { kind: 'analyse' } });
    expect(condition(await unread.rollout(), 'Progressing')).toMatchObject({
      status: 'True',
      message: expect.stringContaining('Without outcomes nothing is passed.'),
    });
    expect(await unread.counted()).toBe(10);

    await unread.edit({ steps: plan({}) });
    await ledger.start();
    await unread.statusIs({ phase: 'AwaitingApproval' });
    await stop();
    expect((await unread.countsAreExact()).analysis.problem).toBeUndefined();
    await unread.ask({ verb: 'approve' });
    await unread.statusIs({ phase: 'Idle', stable: { digest: candidate.spec.digest } });
  });
}
