/** What users of other systems ran into in their rollouts, each once as a law of ours. */
import { describe, expect, it } from 'vitest';
import { chooseArm } from './choose-arm.ts';
import {
  FIRST_REVISION,
  CANARY_STEPS,
  RolloutScene,
  WORSE,
  analysisOf,
  gateOf,
  uids,
  version,
} from './testing/rollout-scene.ts';

const DAY = 86_400;
const released = (...given: Parameters<typeof RolloutScene.releasing>): RolloutScene => {
  const scene = RolloutScene.releasing(...given);
  scene.run();
  return scene;
};

describe('mistakes that others made', () => {
  it('an analysis that says neither yes nor no waits for a person instead of aborting (argo-rollouts#2866)', () => {
    const scene = released();
    scene.outcomes(200, 10).later(3600).run();
    expect(scene.progress).toMatchObject({
      phase: 'Paused',
      candidate: version(1),
      exposure: { basisPoints: 100 },
    });
    scene.ask({ verb: 'promote' });
    expect(scene.progress.exposure?.basisPoints).toBe(10_000);
  });

  it('an inconclusive analysis is not run again and again until it is promoted (argo-rollouts#3850)', () => {
    const scene = released(CANARY_STEPS, { onProgressDeadline: 'Pause' });
    scene.outcomes(200, 10);
    for (let day = 0; day < 30; day += 1) scene.later(DAY).run();
    expect(scene.progress).toMatchObject({ phase: 'Paused', stable: version(0) });
    expect(scene.kinds()).not.toContain('Promoted');
    expect(scene.progress.exposure?.basisPoints).toBe(100);
  });

  it('no data neither passes nor rolls back, also where Promote or Rollback is asked for when it is inconclusive (argo-rollouts#1905, flagger#1689)', () => {
    for (const onInconclusive of ['Promote', 'Rollback'] as const) {
      const scene = released([
        { setExposure: { percent: '1' } },
        { analyse: { maximumSeconds: 3600, onInconclusive } },
      ]);
      scene.problem = 'the ledger does not answer.';
      scene.later(7200).run();
      expect(scene.progress).toMatchObject({
        phase: 'Progressing',
        step: { kind: 'analyse' },
        analysis: { problem: 'the ledger does not answer.' },
      });
      // And when it answers again the step has its whole time.
      scene.problem = undefined;
      scene.outcomes(10, 0).run();
      expect(scene.progress.analysis?.problem).toBeUndefined();
      scene.later(3599).run();
      expect(scene.progress.step?.kind).toBe('analyse');
    }
  });

  it('readable, and not one outcome: asked to Promote when inconclusive, it waits for a person (flagger#1330)', () => {
    const scene = released([
      { setExposure: { percent: '1' } },
      { analyse: { maximumSeconds: 60, onInconclusive: 'Promote' } },
    ]);
    scene.later(61).run();
    expect(scene.progress).toMatchObject({ phase: 'Paused', paused: { reason: 'NoOutcomes' } });
  });

  it('a bake without outcomes is no proof either', () => {
    const scene = released([{ setExposure: { percent: '100' } }, { bake: { seconds: 60 } }]);
    scene.later(3600).run();
    expect(scene.progress).toMatchObject({ phase: 'Progressing', step: { kind: 'bake' } });
    scene.problem = 'the ledger does not answer.';
    scene.outcomes(5, 0).later(3600).run();
    expect(scene.progress.step?.kind).toBe('bake');
  });

  it('a retry after an abort begins anew, from every phase (argo-rollouts#3120, #841)', () => {
    const scene = released();
    for (const verb of ['abort', 'pause', 'promote'] as const) {
      scene.ask({ verb });
      scene.ask({ verb: 'retry', reason: 'Again.' });
      expect(scene.progress.lastCommandProblem).toBeUndefined();
      scene.run();
      expect(scene.progress).toMatchObject({
        phase: 'Progressing',
        step: { index: 1, kind: 'analyse' },
        exposure: { basisPoints: 100 },
      });
    }
  });

  it('an analysis that failed stops the release before anything else is done (argo-rollouts#1411)', () => {
    const scene = released();
    scene.outcomes(5, 15, WORSE);
    scene.later(7200);
    expect(scene.ask({ verb: 'promote', isFull: true }).decision?.kind).toBe('RolledBack');
    scene.run();
    expect(scene.progress).toMatchObject({ phase: 'RolledBack', stable: version(0) });
  });

  it('what is served and who is exposed go back together (argo-rollouts#958, #2669)', () => {
    const scene = released();
    scene.outcomes(5, 15, WORSE).pass();
    expect(scene.progress).toMatchObject({ stable: version(0) });
    expect([scene.progress.candidate, scene.progress.exposure]).toEqual([undefined, undefined]);
  });

  it('less than one percent is a share, and the status says which (argo-rollouts#2657, #4352)', () => {
    const scene = RolloutScene.releasing([{ setExposure: { percent: '0.25' } }, { analyse: {} }]);
    scene.agentUids = uids(2000);
    scene.run();
    expect(scene.progress.exposure).toMatchObject({ basisPoints: 25, percent: '0.25', exposedAgents: 5 });
  });

  it('outcomes of another candidate say nothing of this one (argo-rollouts#1700; a stale gauge, Omnia#1507)', () => {
    const scene = released();
    scene.salt = 'of-the-candidate-before';
    scene.outcomes(5, 15, WORSE).run();
    scene.outcomes(500, 0, { kind: 'NotWorse' }).run();
    expect(scene.progress).toMatchObject({ phase: 'Progressing', step: { kind: 'analyse' } });
    expect(scene.progress.analysis).toBeUndefined();
  });

  it('counts that were read from an older status do not take back newer ones', () => {
    const scene = released();
    scene.outcomes(100, 0).run();
    scene.analysis = analysisOf(40, 0, 40);
    scene.run();
    expect(scene.progress.analysis).toMatchObject({ cursor: 100, metrics: [{ candidate: { good: 100 } }] });
  });

  it('one bad answer at hardly any traffic aborts nothing (kortix-ai/suna#3403)', () => {
    const scene = released();
    scene.outcomes(0, 1).run();
    expect(scene.progress.phase).toBe('Progressing');
  });

  it.each([
    ['a gate that never ends', [{ gate: { agentRef: { name: 'a' }, timeoutSeconds: 60 } }]],
    ['a pause that nobody ends', [{ pause: {} }]],
    ['an approval that never comes', [{ approve: {} }]],
    ['an inconclusive analysis', [{ setExposure: { percent: '1' } }, { analyse: { maximumSeconds: 60 } }]],
    ['a bake without outcomes', [{ setExposure: { percent: '1' } }, { bake: { seconds: 60 } }]],
  ])('the progress deadline is kept at %s, and goes back (flagger#1591, #523)', (_name, steps) => {
    const scene = released(steps, { progressDeadlineSeconds: 600 });
    scene.later(599).run();
    expect(scene.progress.candidate).toEqual(version(1));
    scene.later(61).run();
    scene.later(600).run();
    expect(scene.reasons().at(-1)).toBe('RolledBack ProgressDeadline');
  });

  it('the progress deadline is kept while outcomes cannot be read', () => {
    const scene = released(undefined, { progressDeadlineSeconds: 600 });
    scene.problem = 'the ledger does not answer.';
    scene.later(3600 + 600).run();
    expect(scene.reasons().at(-1)).toBe('RolledBack ProgressDeadline');
  });

  it('the progress deadline may pause instead, once, and a person gives it its time again', () => {
    const scene = released([{ approve: {} }], { progressDeadlineSeconds: 600, onProgressDeadline: 'Pause' });
    scene.later(600).run();
    scene.later(6000).run();
    expect(scene.reasons().filter((reason) => reason === 'Paused ProgressDeadline')).toHaveLength(1);
    scene.ask({ verb: 'resume' });
    scene.later(599).run();
    expect(scene.progress.phase).toBe('AwaitingApproval');
  });

  it('a long bake is no standstill', () => {
    const scene = released([{ setExposure: { percent: '1' } }, { bake: { seconds: 14 * DAY } }]);
    scene.outcomes(100, 0);
    for (let day = 0; day < 14; day += 1) {
      expect(scene.progress.candidate).toBeDefined();
      scene.later(DAY).run();
    }
    expect(scene.progress).toMatchObject({ stable: version(1), phase: 'Idle' });
  });

  it('a candidate at 100 % can still go back, until it is stable (flagger#1247)', () => {
    const scene = released([{ setExposure: { percent: '100' } }, { bake: { seconds: 600 } }]);
    scene.ask({ verb: 'rollback' });
    expect(scene.progress).toMatchObject({ stable: version(0), phase: 'RolledBack' });
  });

  it('the numbers and the reason stand in the object (flagger#1810)', () => {
    const scene = released();
    scene.outcomes(12, 8, WORSE).run();
    expect(scene.progress.decision).toMatchObject({
      kind: 'RolledBack',
      reason: 'Worse',
      message: expect.stringContaining('12 of 20 (60 %) of the candidate and 960 of 1000 (96 %) of stable'),
    });
    expect(scene.pass().activity).toContain('12 of 20');
  });

  it('an agent keeps its version through all steps, however often it is asked (flagger#1532, #1647; istio#19630)', () => {
    const scene = released([
      { setExposure: { percent: '5' } },
      { pause: {} },
      { setExposure: { percent: '50' } },
      { pause: {} },
    ]);
    const taken = (): readonly string[] =>
      scene.agentUids.filter(
        (agentUid) => chooseArm(scene.progress.exposure, { agentUid, session: '' }) === 'candidate',
      );
    const first = taken();
    expect(taken()).toEqual(first);
    scene.ask({ verb: 'resume' });
    scene.run();
    const later = new Set(taken());
    expect(first.every((uid) => later.has(uid))).toBe(true);
  });

  it('what was rolled back stays out, however often GitOps asks for it again (argo-cd#9570)', () => {
    const scene = released();
    scene.outcomes(5, 15, WORSE).run();
    scene.verdict = { kind: 'Undecided' };
    for (let sync = 0; sync < 5; sync += 1) {
      scene.want(0).run();
      scene.want(1).run();
      expect(scene.progress).toMatchObject({ stable: version(0), phase: 'RolledBack' });
    }
    // The same text under another name is the same text.
    scene.wanted = { name: 'renamed', digest: version(1).digest };
    scene.run();
    expect(scene.progress.candidate).toBeUndefined();
    // A new text is free to try.
    scene.want(2).run();
    expect(scene.progress.candidate).toEqual(version(2));
  });

  it('a promotion is a new revision for every agent, so that none serves what it had (langfuse#7736)', () => {
    const scene = released([]);
    expect(scene.progress).toMatchObject({ stable: version(1), revision: FIRST_REVISION + 1 });
  });

  it('the candidate that is exposed is the one that is wanted, not stable (Omnia#1458)', () => {
    const scene = released();
    expect(scene.progress.candidate?.digest).toBe(scene.wanted?.digest);
    expect(scene.progress.candidate?.digest).not.toBe(scene.progress.stable?.digest);
  });

  it('a pass in a pause takes nothing away from who is exposed (Omnia#1226)', () => {
    const scene = released();
    scene.ask({ verb: 'pause' });
    const { exposure, revision } = scene.progress;
    scene.later(60).run();
    expect(scene.progress).toMatchObject({ exposure, revision });
  });

  it('a gate that was passed by an earlier candidate is none for this one', () => {
    const scene = RolloutScene.releasing([
      { gate: { agentRef: { name: 'a' } } },
      { setExposure: { percent: '1' } },
      { pause: {} },
    ]);
    scene.gate = gateOf('Passed', version(1));
    scene.run();
    scene.want(2).run();
    expect(scene.progress).toMatchObject({
      candidate: version(2),
      step: { kind: 'gate' },
      exposure: { basisPoints: 0 },
    });
  });
});
