import { describe, expect, it } from 'vitest';
import type { RolloutStep } from '#crds/rollout-release.ts';
import { advanceRollout } from './advance-rollout.ts';
import { samplesWanted } from './rollout-plan.ts';
import type { RolloutProgress } from './rollout-observation.ts';
import {
  CANARY_STEPS,
  FIRST_REVISION,
  RolloutScene,
  WORSE,
  gateOf,
  uids,
  version,
} from './testing/rollout-scene.ts';

const GATE: RolloutStep = { gate: { agentRef: { name: 'tester' } } };
const WEEKDAYS = { days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'], start: '09:00', hours: 8 } as const;
const WINDOWS = [{ ...WEEKDAYS, days: [...WEEKDAYS.days] }];

describe('a rollout without steps', () => {
  it('releases a version at once, in one decision', () => {
    const scene = RolloutScene.releasing([]);
    scene.run();
    expect(scene.reasons()).toEqual(['Released VersionAccepted']);
    expect(scene.progress).toMatchObject({
      stable: version(1),
      previousStable: version(0),
      phase: 'Idle',
      revision: FIRST_REVISION + 1,
    });
    expect(scene.progress.candidate).toBeUndefined();
  });
});

describe('the first version of a prompt', () => {
  it('is stable at once, whatever the steps: there is nobody to compare it with', () => {
    const scene = new RolloutScene(CANARY_STEPS, { windows: WINDOWS }).want(1).later(-6 * 3600);
    scene.run();
    expect(scene.reasons()).toEqual(['Released VersionAccepted']);
    expect(scene.progress).toMatchObject({ stable: version(1), revision: FIRST_REVISION - 6 * 3_600_000 });
  });

  it('passes its gate first, and nothing is served until then', () => {
    const scene = new RolloutScene([GATE, ...CANARY_STEPS]).want(1);
    scene.run();
    expect(scene.progress).toMatchObject({
      candidate: version(1),
      step: { kind: 'gate' },
      phase: 'Progressing',
    });
    expect(scene.progress.stable).toBeUndefined();
    expect(scene.progress.revision).toBeUndefined();
    scene.gate = gateOf('Passed');
    scene.run();
    expect(scene.progress).toMatchObject({ stable: version(1), revision: FIRST_REVISION, phase: 'Idle' });
  });

  it('that fails its gate is rejected, and nothing is served', () => {
    const scene = new RolloutScene([GATE]).want(1);
    scene.run();
    scene.gate = gateOf('Failed');
    scene.run();
    expect(scene.progress.stable).toBeUndefined();
    expect(scene.progress).toMatchObject({ phase: 'RolledBack', rejected: [{ digest: version(1).digest }] });
  });
});

describe('a candidate', () => {
  it('goes through its steps, each one decision with its numbers, and is stable after the last', () => {
    const scene = RolloutScene.releasing();
    scene.run();
    expect(scene.progress).toMatchObject({
      candidate: version(1),
      step: { index: 1, kind: 'analyse' },
      exposure: { basisPoints: 100, percent: '1', agents: 300, exposedAgents: 3 },
      phase: 'Progressing',
    });
    scene.outcomes(250, 0, { kind: 'NotWorse' }).run();
    expect(scene.progress).toMatchObject({
      step: { kind: 'bake' },
      exposure: { basisPoints: 10_000, exposedAgents: 300, cutoff: 'f'.repeat(64) },
    });
    scene.later(599).run();
    expect(scene.progress.candidate).toBeDefined();
    scene.later(1).run();
    expect(scene.progress).toMatchObject({ stable: version(1), previousStable: version(0), phase: 'Idle' });
    expect(scene.kinds()).toEqual(['Began', 'Advanced', 'Advanced', 'Advanced', 'Advanced', 'Promoted']);
    expect(scene.decisions.at(-1)?.message).toContain('250 of 250 (100 %)');
    expect(scene.progress.decision).toMatchObject({ number: 6, kind: 'Promoted', reason: 'Baked' });
  });

  it('that is proven worse goes back in one status: stable, candidate and exposure together', () => {
    const scene = RolloutScene.releasing();
    scene.run();
    const { revision = 0 } = scene.progress;
    scene.outcomes(12, 8, WORSE);
    const { decision, progress } = scene.pass();
    expect(decision).toMatchObject({ kind: 'RolledBack', reason: 'Worse', from: version(1), to: version(0) });
    expect(decision?.message).toContain('RunSucceeded: 12 of 20');
    expect(progress).toMatchObject({
      stable: version(0),
      phase: 'RolledBack',
      revision: revision + 1,
      rejected: [{ digest: version(1).digest, reason: 'Worse' }],
    });
    expect([progress.candidate, progress.exposure, progress.step]).toEqual([undefined, undefined, undefined]);
    // What it was decided on can still be read.
    expect(progress.analysis?.metrics[0]?.candidate).toEqual({ good: 12, bad: 8 });
  });

  it('that was given up tells its own story only: not that of the one that was given up after it', () => {
    const scene = RolloutScene.releasing();
    scene.run();
    scene.outcomes(12, 8, WORSE).run();
    expect(scene.pass().activity).toMatch(/12 of 20.*Only capataz retry tries it again\.$/);
    scene.want(2).later(60).run();
    scene.outcomes(12, 8, WORSE).run();
    expect(scene.pass().activity).toContain(version(2).name);
    const { activity } = scene.want(1).run();
    expect(activity).toContain(version(1).name);
    expect(activity).not.toContain(version(2).name);
  });

  it('is found worse also while it is paused, bakes or waits', () => {
    const scene = RolloutScene.releasing();
    scene.run();
    scene.ask({ verb: 'pause' });
    scene.outcomes(12, 8, WORSE).run();
    expect(scene.progress.phase).toBe('RolledBack');
  });

  it('begins with a salt of its own, so that it is not always the same agents that try first', () => {
    const scene = RolloutScene.releasing();
    scene.run();
    const first = scene.progress.exposure?.salt;
    scene.want(2).run();
    expect(scene.progress.exposure?.salt).not.toBe(first);
  });

  it('is replaced by another one that is wanted, and is neither promoted nor rejected', () => {
    const scene = RolloutScene.releasing();
    scene.run();
    scene.outcomes(100, 0).pass();
    scene.want(2).pass();
    expect(scene.progress).toMatchObject({
      candidate: version(2),
      stable: version(0),
      exposure: { basisPoints: 0 },
    });
    expect(scene.progress.rejected).toBeUndefined();
    expect(scene.progress.analysis).toBeUndefined();
    expect(scene.reasons().at(-1)).toBe('Began Replaced');
  });

  it('that became stable goes back at once when git reverts it, whatever steps and windows say, and comes again through all steps', () => {
    const scene = RolloutScene.releasing(CANARY_STEPS, { windows: WINDOWS });
    scene.progress = { ...scene.progress, stable: version(1), previousStable: version(0) };
    scene
      .want(0)
      .later(-6 * 3600)
      .run();
    expect(scene.reasons()).toEqual(['RolledBack Reverted']);
    expect(scene.progress).toMatchObject({ stable: version(0), phase: 'Idle' });
    scene.want(1).run();
    expect(scene.progress).toMatchObject({ stable: version(0), candidate: version(1) });
    expect(scene.progress.rejected ?? []).toEqual([]);
  });

  it('is withdrawn at once when git goes back to stable, also outside of all windows', () => {
    const scene = RolloutScene.releasing(CANARY_STEPS, { windows: WINDOWS });
    scene.run();
    expect(scene.progress.exposure?.basisPoints).toBe(100);
    scene
      .later(12 * 3600)
      .want(0)
      .run();
    expect(scene.progress).toMatchObject({ stable: version(0), phase: 'Idle' });
    expect(scene.progress.exposure).toBeUndefined();
    expect(scene.reasons().at(-1)).toBe('Withdrawn Reverted');
  });

  it('is withdrawn when its PromptVersion is deleted, and begins anew when it comes back', () => {
    const scene = RolloutScene.releasing();
    scene.run();
    scene.wanted = undefined;
    scene.run();
    expect(scene.reasons().at(-1)).toBe('Withdrawn CandidateMissing');
    expect(scene.progress).toMatchObject({ stable: version(0), phase: 'Refused' });
    scene.want(1).run();
    expect(scene.progress).toMatchObject({ candidate: version(1), step: { index: 1 } });
  });

  it('is withdrawn when a version is wanted that cannot be served', () => {
    const scene = RolloutScene.releasing();
    scene.run();
    scene.want(2).wanted = undefined;
    scene.run();
    expect(scene.reasons().at(-1)).toBe('Withdrawn NotWanted');
  });

  it('goes through edited steps again from the first, and whoever is exposed stays it', () => {
    const scene = RolloutScene.releasing([{ setExposure: { percent: '50' } }, { pause: {} }]);
    scene.run();
    const { cutoff } = scene.progress.exposure ?? {};
    scene.spec = { ...scene.spec, steps: [{ setExposure: { percent: '10' } }, { approve: {} }] };
    scene.run();
    expect(scene.kinds()).toContain('StepsChanged');
    expect(scene.progress).toMatchObject({
      step: { kind: 'approve' },
      exposure: { basisPoints: 5000, cutoff },
      phase: 'AwaitingApproval',
    });
  });

  it('keeps its cohort when agents leave, by the next ones, and says how many', () => {
    const scene = RolloutScene.releasing();
    scene.run();
    expect(scene.progress.exposure).toMatchObject({ agents: 300, exposedAgents: 3 });
    const revision = scene.progress.revision ?? 0;
    scene.agentUids = [];
    scene.run();
    expect(scene.progress.exposure).toMatchObject({ agents: 0, exposedAgents: 0 });
    expect(scene.progress.revision).toBe(revision);
    scene.agentUids = uids(1);
    scene.run();
    expect(scene.progress.exposure).toMatchObject({ agents: 1, exposedAgents: 1 });
  });

  it('without any agent waits for outcomes, and says why there are none', () => {
    const scene = RolloutScene.releasing();
    scene.agentUids = [];
    expect(scene.run().activity).toContain('No agent follows this rollout');
    scene.later(3600).run();
    expect(scene.progress).toMatchObject({ phase: 'Paused', paused: { reason: 'NoOutcomes' } });
  });
});

describe('a gate', () => {
  it.each([
    ['Passed', 'Advanced GatePassed', 'Progressing'],
    ['Failed', 'RolledBack GateFailed', 'RolledBack'],
    ['Inconclusive', 'Paused GateInconclusive', 'Paused'],
    ['Error', 'Paused GateError', 'Paused'],
  ] as const)('that is %s ends in %s', (verdict, reason, phase) => {
    const scene = RolloutScene.releasing([GATE, { setExposure: { percent: '1' } }, { analyse: {} }]);
    scene.run();
    expect(scene.progress).toMatchObject({ step: { kind: 'gate' }, exposure: { basisPoints: 0 } });
    scene.gate = { ...gateOf('Running'), job: 'rollout-r' };
    expect(scene.run().activity).toContain('running');
    scene.gate = gateOf(verdict);
    scene.run();
    expect(scene.reasons()).toContain(reason);
    const decision = scene.decisions[scene.reasons().indexOf(reason)];
    expect(decision?.message).toContain('61 of 100');
    expect(scene.progress.phase).toBe(phase);
  });

  it('stands in the status with what it found, also when its Job is gone, until it is asked anew', () => {
    const scene = RolloutScene.releasing([GATE, { approve: {} }]);
    scene.run();
    scene.gate = gateOf('Inconclusive');
    scene.run();
    expect(scene.progress).toMatchObject({ phase: 'Paused', gate: { verdict: 'Inconclusive' } });
    const { countsFrom } = scene.progress.step ?? {};
    scene.gate = undefined;
    scene.later(60).ask({ verb: 'resume' });
    expect(scene.progress.gate).toBeUndefined();
    expect(scene.progress.step?.countsFrom).not.toBe(countsFrom);
    scene.gate = gateOf('Passed');
    scene.run();
    scene.gate = undefined;
    scene.run();
    expect(scene.progress).toMatchObject({ phase: 'AwaitingApproval', gate: { verdict: 'Passed' } });
  });

  it('of another version says nothing', () => {
    const scene = RolloutScene.releasing([GATE]);
    scene.run();
    scene.gate = gateOf('Passed', version(7));
    scene.run();
    expect(scene.progress.step?.kind).toBe('gate');
  });
});

describe('an analysis', () => {
  it.each([
    [undefined, 'Paused', 'Paused Inconclusive'],
    ['Pause', 'Paused', 'Paused Inconclusive'],
    ['Rollback', 'RolledBack', 'RolledBack Inconclusive'],
    ['Promote', 'Idle', 'Promoted Inconclusive'],
  ] as const)(
    'that is inconclusive in time, with onInconclusive %s, is %s',
    (onInconclusive, phase, reason) => {
      const analyse = { maximumSeconds: 3600, ...(onInconclusive !== undefined && { onInconclusive }) };
      const scene = RolloutScene.releasing([{ setExposure: { percent: '1' } }, { analyse }]);
      scene.run();
      scene.outcomes(100, 5).later(3599).run();
      expect(scene.progress.phase).toBe('Progressing');
      scene.later(1).run();
      expect(scene.progress.phase).toBe(phase);
      expect(scene.reasons().at(-1)).toBe(reason);
      expect(scene.decisions.at(-1)?.message).toContain('About 145 outcomes of the candidate are missing');
    },
  );

  it('of an environment that got worse pauses, blames nobody, and is judged anew when it is resumed', () => {
    const scene = RolloutScene.releasing();
    scene.run();
    scene.outcomes(100, 5, { kind: 'EnvironmentDrift', metric: 'RunSucceeded' }).run();
    expect(scene.reasons().at(-1)).toBe('Paused EnvironmentDrift');
    expect(scene.progress.paused?.message).toContain(
      'RunSucceeded of the stable version fell as well, from 0 of 0 before to 960 of 1000 (96 %) since',
    );
    expect(scene.progress.rejected).toBeUndefined();
    expect(scene.progress.exposure?.basisPoints).toBe(100);
    const { candidateSince, exposure, analysis } = scene.progress;
    scene.later(60).ask({ verb: 'resume' });
    // From where outcomes were read to, so that none is lost in between.
    expect(scene.progress.analysis).toMatchObject({
      startPosition: analysis?.cursor,
      cursor: analysis?.cursor,
      since: scene.progress.candidateSince,
      metrics: [{ candidate: { good: 0, bad: 0 }, stable: { good: 0, bad: 0 }, verdict: 'Undecided' }, {}],
    });
    expect(scene.progress).toMatchObject({ phase: 'Progressing', exposure });
    // Outcomes count from here.
    expect(scene.progress.candidateSince).not.toBe(candidateSince);
    // What was read before says nothing any more, also when it is shown once more.
    scene.run();
    expect(scene.progress.phase).toBe('Progressing');
    scene.outcomes(100, 5, { kind: 'EnvironmentDrift', metric: 'RunSucceeded' }).run();
    expect(scene.progress.phase).toBe('Paused');
  });

  it('of which the observer says that stable drifted too pauses instead of rolling back, but for what was not safe', () => {
    const worse = { kind: 'Worse', reason: 'RunSucceeded', message: 'It fails more often.' } as const;
    const scene = RolloutScene.releasing();
    scene.run();
    scene.environmentDrift = 'What the stable version serves drifted in Agent mailer: 8 % did not fit.';
    scene.outcomes(100, 5, worse).run();
    expect(scene.reasons().at(-1)).toBe('Paused EnvironmentDrift');
    expect(scene.progress.paused?.message).toContain('drifted in Agent mailer');
    expect(scene.progress.rejected).toBeUndefined();
    scene.outcomes(100, 5, { ...worse, reason: 'SafetyEvents' }).run();
    expect(scene.progress.phase).toBe('RolledBack');
  });

  it('counts what a second one wants on top of what the first has seen', () => {
    const steps: RolloutStep[] = [
      { setExposure: { percent: '1' } },
      { analyse: {} },
      { setExposure: { percent: '10' } },
      { analyse: { minSamples: 100 } },
    ];
    const scene = RolloutScene.releasing(steps, { analysis: { metrics: [{ metric: 'RunSucceeded' }] } });
    scene.run();
    expect(scene.progress.step?.samplesBefore).toBe(0);
    scene.outcomes(260, 0, { kind: 'NotWorse' }).pass();
    scene.verdict = { kind: 'Undecided' };
    scene.run();
    expect(scene.progress.step).toMatchObject({ index: 3, samplesBefore: 260 });
    expect(samplesWanted(scene.spec, scene.progress)).toBe(360);
  });
});

describe('waits', () => {
  it('of a pause end after its seconds, and one without seconds with a person', () => {
    const scene = RolloutScene.releasing([{ pause: { seconds: 60 } }, { pause: {} }]);
    scene.run();
    expect(scene.progress).toMatchObject({ step: { index: 0 }, phase: 'Progressing' });
    expect(scene.later(60).run().recheckSeconds).toBeGreaterThan(0);
    expect(scene.progress).toMatchObject({ step: { index: 1 }, phase: 'Paused' });
    scene.ask({ verb: 'resume' });
    expect(scene.progress.phase).toBe('Idle');
  });

  it('say when they are to be looked at again', () => {
    const scene = RolloutScene.releasing([{ pause: { seconds: 90 } }]);
    expect(scene.run().recheckSeconds).toBe(90);
    expect(scene.later(89).run().recheckSeconds).toBe(1);
  });

  it('for a window: exposure does not grow outside, and the step that was passed stays passed', () => {
    const scene = RolloutScene.releasing(CANARY_STEPS, { windows: WINDOWS });
    scene.run();
    scene
      .later(6 * 3600)
      .outcomes(250, 0, { kind: 'NotWorse' })
      .run();
    expect(scene.progress).toMatchObject({ phase: 'OutsideWindow', exposure: { basisPoints: 100 } });
    expect(scene.run().activity).toContain('2026-01-06T09:00:00.000Z');
    expect(scene.run().recheckSeconds).toBe(15 * 3600);
    // Undecided again, as a count of late outcomes may make it: it has passed all the same.
    scene.verdict = { kind: 'Undecided' };
    scene.later(15 * 3600).run();
    expect(scene.progress.exposure?.basisPoints).toBe(10_000);
  });

  it('for a window may be longer than the progress deadline', () => {
    const weekly = [{ days: ['Mon' as const], start: '09:00', hours: 1 }];
    const scene = RolloutScene.releasing([], { windows: weekly });
    scene.run();
    expect(scene.progress).toMatchObject({
      candidate: version(1),
      stable: version(0),
      phase: 'OutsideWindow',
    });
    scene.later(6 * 86_400).run();
    expect(scene.progress.phase).toBe('OutsideWindow');
    scene.later(86_400 - 3 * 3600).run();
    expect(scene.progress).toMatchObject({ stable: version(1), phase: 'Idle' });
  });

  it('for a window after a step that was passed may be longer than the progress deadline, too', () => {
    const windows = [{ days: ['Mon' as const], start: '09:00', hours: 8 }];
    const scene = RolloutScene.releasing(CANARY_STEPS, { windows, progressDeadlineSeconds: 600 });
    scene.run();
    scene
      .later(6 * 3600)
      .outcomes(250, 0, { kind: 'NotWorse' })
      .run();
    scene.later(5 * 86_400).run();
    expect(scene.progress).toMatchObject({ phase: 'OutsideWindow', candidate: version(1) });
  });

  it('for a window that never opens say so', () => {
    const windows = [{ start: '09:00', hours: 1, timeZone: 'Mars/Olympus' }];
    const scene = RolloutScene.releasing([], { windows });
    expect(scene.run()).toMatchObject({ problem: expect.stringContaining('Mars/Olympus') });
    expect(scene.progress.phase).toBe('OutsideWindow');
  });

  it('do not let a cohort grow outside of a window, also when its agents leave', () => {
    const scene = RolloutScene.releasing(CANARY_STEPS, { windows: WINDOWS });
    scene.run();
    const { cutoff } = scene.progress.exposure ?? {};
    scene.agentUids = uids(1).map(() => 'another');
    scene.later(6 * 3600).run();
    expect(scene.progress.exposure?.cutoff).toBe(cutoff);
  });
});

describe('names', () => {
  it('follow the digest: the same text under another name is the same version', () => {
    const scene = RolloutScene.releasing();
    scene.run();
    scene.want(1).wanted = { name: 'v1-again', digest: version(1).digest };
    scene.run();
    expect(scene.progress).toMatchObject({ candidate: { name: 'v1-again' }, step: { index: 1 } });
    scene.want(0).wanted = { name: 'v0-again', digest: version(0).digest };
    scene.run();
    expect(scene.progress).toMatchObject({ stable: { name: 'v0-again' }, phase: 'Idle' });
  });
});

describe('a status', () => {
  it('that is read again unchanged is decided on with the same answer, and nothing is decided twice', () => {
    const scene = RolloutScene.releasing();
    scene.run();
    scene.outcomes(12, 8, WORSE);
    const stale = scene.observe();
    const [one, other] = [advanceRollout(stale), advanceRollout(stale)];
    expect(other).toEqual(one);
    scene.pass();
    expect(scene.pass().decision).toBeUndefined();
    expect(scene.kinds().filter((kind) => kind === 'RolledBack')).toHaveLength(1);
  });

  it('of before this release begins with a revision', () => {
    const scene = RolloutScene.releasing([]).want(0);
    scene.progress = { stable: version(0) };
    scene.run();
    expect(scene.progress.revision).toBe(FIRST_REVISION);
  });

  it('that was lost begins anew behind the revision that is stored for agents', () => {
    const scene = new RolloutScene(CANARY_STEPS).want(1);
    scene.storedRevision = FIRST_REVISION + 41;
    scene.run();
    expect(scene.progress.revision).toBe(FIRST_REVISION + 42);
  });

  it.each<[string, RolloutProgress]>([
    ['was lost with the document that agents follow', {}],
    [
      'went back to that of an old backup',
      { stable: version(1), revision: FIRST_REVISION + 1, phase: 'Idle' },
    ],
  ])('that %s tells of the next change behind what any agent holds', (_name, left) => {
    const scene = RolloutScene.releasing([]);
    for (const number of [1, 0, 1, 0, 1]) {
      scene.want(number).run();
      scene.later(60);
    }
    const held = scene.progress.revision ?? 0;
    expect(held).toBeGreaterThan(FIRST_REVISION + 1);
    scene.progress = left;
    scene.storedRevision = left.revision ?? 0;
    scene.want(2).run();
    expect(scene.progress.stable).toEqual(version(2));
    expect(scene.progress.revision).toBeGreaterThan(held);
  });

  it('of which half a candidate is left begins with it anew', () => {
    const scene = RolloutScene.releasing();
    scene.run();
    const { exposure: _, ...half } = scene.progress;
    scene.progress = half;
    scene.pass();
    expect(scene.progress).toMatchObject({ candidate: version(1), exposure: { basisPoints: 0 } });
    expect(scene.progress.step).toBeUndefined();
    const { candidate: _candidate, ...other } = scene.progress;
    scene.progress = other;
    scene.want(0).run();
    expect(scene.progress).toMatchObject({ stable: version(0), phase: 'Idle' });
    expect(scene.progress.exposure).toBeUndefined();
  });

  it('changes no revision while nothing changes for agents', () => {
    const scene = RolloutScene.releasing();
    scene.run();
    const { revision } = scene.progress;
    scene.outcomes(100, 0).run();
    scene.later(60).run();
    expect(scene.progress.revision).toBe(revision);
  });
});
