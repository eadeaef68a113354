/** What stops a candidate without any statistics, and what does not. Called by operator-judged-canary.test.ts. */
import { expect, it } from 'vitest';
import { condition } from '../objects.ts';
import type { Conduct } from '../telling-agents.ts';
import type { JudgedScene } from './judged-scene.ts';

const STEPS = [{ setExposure: { percent: '25' } }, { analyse: { minSamples: 10_000 } }];
/** Of the schema no statistics are made, so that what stops is the guard. */
const ANALYSIS = { metrics: [{ metric: 'RunSucceeded' }] };

interface Guard {
  readonly greeting: string;
  readonly conduct: Conduct;
  /** Of one agent that is exposed. */
  readonly times: number;
  readonly reason: string;
  readonly sentence: string;
}

const GUARDS: readonly Guard[] = [
  {
    greeting: 'Three answers in a row',
    conduct: { firstAnswerFits: false },
    times: 3,
    reason: 'SchemaFailures',
    sentence: '3 answers of the candidate in a row did not fit the output schema.',
  },
  {
    greeting: 'Dear',
    conduct: { costNanoUsd: 6_500 },
    times: 10,
    reason: 'Cost',
    sentence:
      'A run of the candidate costs 6.5 times as much as on stable, more than the 5 times that are allowed.',
  },
  {
    greeting: 'Run this',
    conduct: { callsUnknownTool: true },
    times: 1,
    reason: 'SafetyEvents',
    sentence: 'The candidate had 1 security event.',
  },
];

export function describeGuards(scene: () => JudgedScene): void {
  it('stop a candidate at the first outcome that goes beyond a guard, and say which', async () => {
    const { guarded } = scene();
    await guarded.edit({ steps: STEPS, analysis: ANALYSIS });
    const given: string[] = [];
    for (const { greeting, conduct, times, reason, sentence } of GUARDS) {
      const candidate = await guarded.want(greeting);
      await guarded.isExposed(candidate);
      await guarded.run(times, (arm) => (arm === 'candidate' ? conduct : {}));
      const { decision, rejected } = await guarded.statusIs({
        phase: 'RolledBack',
        decision: { kind: 'RolledBack', reason },
      });
      expect(decision.message).toContain(sentence);
      given.push(candidate.spec.digest);
      expect(new Set(rejected.map(({ digest }: { digest: string }) => digest))).toEqual(new Set(given));
      await guarded.isServedAlone(guarded.first);
    }
  });

  it('do not blame a candidate for what stable does as well: it is paused, and the condition says how far stable fell', async () => {
    const { drifting } = scene();
    await drifting.edit({ steps: STEPS, analysis: ANALYSIS });
    const version = await drifting.want('Good day');
    await drifting.isExposed(version);
    const everySecondFails = (_: unknown, index: number) => ({ hasFailed: Math.floor(index / 4) % 2 === 0 });
    await drifting.run(10, everySecondFails);
    const { paused, candidate, exposure, rejected } = await drifting.statusIs({ phase: 'Paused' });
    expect(paused.reason).toBe('EnvironmentDrift');
    expect([candidate.digest, exposure.exposedAgents, rejected]).toEqual([version.spec.digest, 1, undefined]);
    expect(condition(await drifting.rollout(), 'Progressing')).toMatchObject({
      status: 'False',
      reason: 'Paused',
      message: expect.stringMatching(/RunSucceeded .* 160 of 160 \(100 %\) .* \d+ of \d+ \([\d.]+ %\)/),
    });
    await drifting.ask({ verb: 'resume', reason: 'The provider is slow today.' });
    await drifting.statusIs({ phase: 'Progressing' });
    // The world stays as it is now, and nobody has to resume again and again.
    await drifting.run(30, everySecondFails);
    await drifting.taken();
    await drifting.statusIs({ analysis: { metrics: [{ candidate: { good: 15, bad: 15 } }] } });
    await drifting.statusIs({ phase: 'Progressing', candidate: { digest: version.spec.digest } });
  });
}
