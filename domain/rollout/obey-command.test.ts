import { describe, expect, it } from 'vitest';
import { MAXIMUM_REJECTED } from './rejected-versions.ts';
import { readRolloutCommand } from './rollout-command.ts';
import { CANARY_STEPS, RolloutScene, WORSE, version } from './testing/rollout-scene.ts';

const released = (steps = CANARY_STEPS): RolloutScene => {
  const scene = RolloutScene.releasing(steps);
  scene.run();
  return scene;
};

const rolledBack = (): RolloutScene => {
  const scene = released();
  scene.outcomes(12, 8, WORSE).run();
  scene.verdict = { kind: 'Undecided' };
  scene.analysis = undefined;
  return scene;
};

describe('promote', () => {
  it('goes to the next step, whatever the present one waits for', () => {
    const scene = released();
    scene.ask({ verb: 'promote', by: 'ana', reason: 'Seen enough.' });
    expect(scene.progress).toMatchObject({ step: { index: 2 }, exposure: { basisPoints: 10_000 } });
    expect(scene.decisions.at(-1)?.message).toContain('ana asked for promote: Seen enough.');
  });

  it('in full makes the candidate stable at once', () => {
    const scene = released();
    scene.ask({ verb: 'promote', isFull: true });
    expect(scene.progress).toMatchObject({ stable: version(1), phase: 'Idle' });
  });

  it('lets a paused candidate go on', () => {
    const scene = released();
    scene.ask({ verb: 'pause' });
    scene.ask({ verb: 'promote' });
    expect(scene.progress.paused).toBeUndefined();
    expect(scene.progress.step?.index).toBe(2);
  });

  it('is refused for another version than the one that is released now', () => {
    const scene = released();
    scene.ask({ verb: 'promote', isFull: true, digest: version(9).digest });
    expect(scene.progress).toMatchObject({
      candidate: version(1),
      lastCommandProblem: expect.stringContaining('v1'),
    });
  });

  it('is refused outside of the windows, and says when one opens', () => {
    const scene = RolloutScene.releasing(CANARY_STEPS, { windows: [{ start: '11:00', hours: 2 }] });
    scene.run();
    scene.later(7200).ask({ verb: 'promote', isFull: true });
    expect(scene.progress.lastCommandProblem).toContain('2026-01-06T11:00:00.000Z');
    expect(scene.progress.stable).toEqual(version(0));
  });

  it('of what was given up is refused: that takes a retry with a reason', () => {
    const scene = rolledBack();
    scene.ask({ verb: 'promote', isFull: true });
    expect(scene.progress).toMatchObject({
      stable: version(0),
      lastCommandProblem: expect.stringContaining('retry'),
    });
  });
});

describe('approve', () => {
  it('lets an approve step pass, and nothing else', () => {
    const scene = released([{ approve: {} }, { setExposure: { percent: '1' } }, { analyse: {} }]);
    expect(scene.progress.phase).toBe('AwaitingApproval');
    scene.ask({ verb: 'approve', by: 'ana' });
    scene.run();
    expect(scene.progress.step?.kind).toBe('analyse');
    scene.ask({ verb: 'approve' });
    expect(scene.progress).toMatchObject({
      step: { kind: 'analyse' },
      lastCommandProblem: expect.any(String),
    });
  });

  it('outside of the windows is kept until the next one', () => {
    const scene = RolloutScene.releasing([{ approve: {} }], { windows: [{ start: '11:00', hours: 2 }] });
    scene.run();
    scene.later(7200).ask({ verb: 'approve' });
    expect(scene.progress).toMatchObject({ phase: 'OutsideWindow', stable: version(0) });
    expect(scene.kinds().at(-1)).toBe('Approved');
    scene.later(86_400 - 7200).run();
    expect(scene.progress.stable).toEqual(version(1));
  });
});

describe('abort', () => {
  it('gives the candidate up from any step', () => {
    const scene = released();
    scene.ask({ verb: 'abort', reason: 'It swears.' });
    expect(scene.progress).toMatchObject({
      phase: 'RolledBack',
      rejected: [{ digest: version(1).digest, reason: 'Aborted' }],
    });
  });

  it('of what is given up already is nothing new', () => {
    const scene = rolledBack();
    const before = scene.kinds().length;
    scene.ask({ verb: 'abort' });
    expect(scene.kinds()).toHaveLength(before);
    expect(scene.progress.lastCommandProblem).toBeUndefined();
  });
});

describe('rollback', () => {
  it('of a candidate gives it up', () => {
    const scene = released();
    scene.ask({ verb: 'rollback' });
    expect(scene.progress).toMatchObject({ stable: version(0), phase: 'RolledBack' });
  });

  it('after a release goes to the previous stable version in one status, and rejects what was stable', () => {
    const scene = released([]);
    const { revision = 0 } = scene.progress;
    scene.rollbackTarget = version(0);
    scene.ask({ verb: 'rollback' });
    expect(scene.progress).toMatchObject({
      stable: version(0),
      phase: 'RolledBack',
      revision: revision + 1,
      rejected: [{ digest: version(1).digest }],
    });
    scene.run();
    expect(scene.progress.stable).toEqual(version(0));
  });

  it('to a digest makes that one stable, also when it was rejected before', () => {
    const scene = rolledBack();
    scene.rollbackTarget = version(1);
    scene.ask({ verb: 'rollback', digest: version(1).digest });
    expect(scene.progress).toMatchObject({ stable: version(1), phase: 'Idle' });
    expect(scene.progress.rejected?.map(({ digest }) => digest)).toEqual([version(0).digest]);
  });

  it('to the candidate is refused: that would be a way around its steps and windows', () => {
    const scene = released();
    scene.rollbackTarget = version(1);
    scene.ask({ verb: 'rollback', digest: version(1).digest });
    expect(scene.progress).toMatchObject({
      stable: version(0),
      lastCommandProblem: expect.stringContaining('promote'),
    });
  });

  it('to what does not exist is refused', () => {
    const scene = released([]);
    scene.ask({ verb: 'rollback', digest: version(9).digest });
    expect(scene.progress).toMatchObject({ stable: version(1), lastCommandProblem: expect.any(String) });
  });
});

describe('retry', () => {
  it('takes a rejected version from the first step again, with its reason in the decision', () => {
    const scene = rolledBack();
    scene.ask({ verb: 'retry', reason: 'The provider was down.' });
    expect(scene.progress.rejected).toBeUndefined();
    expect(scene.decisions.at(-1)?.message).toContain('The provider was down.');
    scene.run();
    expect(scene.progress).toMatchObject({ candidate: version(1), step: { index: 1 } });
  });

  it('without a reason is refused', () => {
    const scene = rolledBack();
    scene.ask({ verb: 'retry' });
    expect(scene.progress).toMatchObject({
      phase: 'RolledBack',
      lastCommandProblem: expect.stringContaining('why'),
    });
  });
});

describe('pause and resume', () => {
  it('hold a candidate where it is, and give its step the whole time again', () => {
    const scene = released();
    scene.later(3000).ask({ verb: 'pause' });
    expect(scene.progress).toMatchObject({ phase: 'Paused', exposure: { basisPoints: 100 } });
    scene.later(3000).run();
    scene.ask({ verb: 'resume' });
    expect(scene.decisions.at(-1)?.message).toMatch(/It goes on with step 2 of \d \(analyse\)/);
    scene.later(3000).run();
    expect(scene.progress).toMatchObject({ phase: 'Progressing', step: { kind: 'analyse' } });
  });

  it('one resume is enough at a step that waits for it, also when somebody held it there', () => {
    const scene = released([{ pause: {} }, { setExposure: { percent: '1' } }, { analyse: {} }]);
    scene.ask({ verb: 'pause' });
    scene.ask({ verb: 'resume' });
    expect(scene.progress).toMatchObject({ phase: 'Progressing', step: { index: 1 } });
  });

  it('a resume after a drift at a step that waits for a person looks at the world anew, and waits on', () => {
    const steps = [{ setExposure: { percent: '1' } }, { pause: {} }, { setExposure: { percent: '100' } }];
    const scene = released(steps);
    scene.outcomes(20, 5, { kind: 'EnvironmentDrift', metric: 'RunSucceeded' }).run();
    expect(scene.progress.paused?.reason).toBe('EnvironmentDrift');
    scene.later(60).ask({ verb: 'resume' });
    expect(scene.progress).toMatchObject({
      step: { kind: 'pause' },
      candidateSince: scene.now.toISOString(),
    });
    expect(scene.progress.paused).toBeUndefined();
  });

  it('a resume outside of the windows is kept until the next one', () => {
    const steps = [{ pause: {} }, { setExposure: { percent: '1' } }, { analyse: {} }];
    const scene = RolloutScene.releasing(steps, { windows: [{ start: '11:00', hours: 2 }] });
    scene.run();
    scene.later(7200).ask({ verb: 'pause' });
    scene.ask({ verb: 'resume' });
    expect(scene.progress).toMatchObject({ phase: 'OutsideWindow', exposure: { basisPoints: 0 } });
    scene.later(86_400 - 7200).run();
    expect(scene.progress).toMatchObject({ step: { kind: 'analyse' }, exposure: { basisPoints: 100 } });
  });

  it.each(['pause', 'resume', 'approve'] as const)('%s without a candidate is refused', (verb) => {
    const scene = rolledBack();
    scene.ask({ verb });
    expect(scene.progress.lastCommandProblem).toBe('Nothing is being released.');
  });

  it('a second pause is obeyed without a word', () => {
    const scene = released();
    scene.ask({ verb: 'pause' });
    const before = scene.kinds().length;
    scene.ask({ verb: 'pause' });
    expect(scene.kinds()).toHaveLength(before);
    expect(scene.progress.lastCommandId).toBe('c2');
  });
});

describe('why it stands so', () => {
  it('is why a candidate was given up while that one is wanted, and no longer', () => {
    const scene = released();
    scene.outcomes(5, 15, { kind: 'Worse', reason: 'SchemaFailures', message: 'Three.' }).run();
    expect(scene.progress).toMatchObject({ phase: 'RolledBack', reason: 'SchemaFailures' });
    scene.ask({ verb: 'approve' });
    expect(scene.progress.reason).toBe('SchemaFailures');
    scene.want(0).run();
    expect(scene.progress.phase).toBe('Idle');
    expect(scene.progress).not.toHaveProperty('reason');
  });

  it('is why it is paused, or what was done last', () => {
    const scene = released();
    expect(scene.progress.reason).toBe('Exposed');
    scene.ask({ verb: 'pause' });
    expect(scene.progress).toMatchObject({ phase: 'Paused', reason: 'PauseRequested' });
    scene.ask({ verb: 'promote', isFull: true });
    expect(scene.progress).toMatchObject({ phase: 'Idle', reason: 'PromoteRequested' });
  });
});

describe('any command', () => {
  it('is obeyed once, however often it is read', () => {
    const scene = released();
    scene.ask({ verb: 'promote' });
    const { step } = scene.progress;
    scene.pass();
    const { step: after } = scene.progress;
    expect(step?.index).toBe(2);
    // The machine goes on by itself; the command moves it no further.
    expect(after?.index).toBe(3);
    expect(scene.reasons().filter((reason) => reason.endsWith('PromoteRequested'))).toHaveLength(1);
  });

  it('is no new one when it comes back after others, as out of a backup or from a GitOps tool', () => {
    const scene = released();
    scene.ask({ id: 'first', verb: 'pause' });
    scene.ask({ id: 'second', verb: 'resume' });
    const before = scene.kinds().length;
    scene.ask({ id: 'first', verb: 'pause' });
    expect(scene.kinds()).toHaveLength(before);
    expect(scene.progress).toMatchObject({ phase: 'Progressing', lastCommandId: 'second' });
  });

  it('is remembered by an operator that knew the last id alone, and of many the newest are', () => {
    const scene = released();
    scene.progress = { ...scene.progress, lastCommandId: 'of-before' };
    scene.ask({ id: 'first', verb: 'approve' });
    expect(scene.progress.commandIds).toEqual(['of-before', 'first']);
    for (let number = 0; number < 60; number += 1) scene.ask({ id: `n${number}`, verb: 'approve' });
    expect(scene.progress.commandIds).toHaveLength(50);
    expect(scene.progress.commandIds?.at(-1)).toBe('n59');
  });

  it('that is refused is told once and never tried again', () => {
    const scene = released();
    scene.ask({ verb: 'approve' });
    scene.run();
    expect(scene.kinds().filter((kind) => kind === 'CommandRefused')).toHaveLength(1);
    scene.ask({ verb: 'pause' });
    expect(scene.progress.lastCommandProblem).toBeUndefined();
  });

  it.each([
    '{',
    '{"id":"1"}',
    '{"id":"1","verb":"explode"}',
    `{"id":"${'x'.repeat(65)}","verb":"pause"}`,
    'x'.repeat(5000),
    '[]',
    'null',
  ])('that cannot be read (%.20s) is told once, and the release goes on', (annotation) => {
    const scene = released();
    scene.command = readRolloutCommand(annotation);
    scene.run();
    scene.run();
    expect(scene.kinds().filter((kind) => kind === 'CommandRefused')).toHaveLength(1);
    scene.outcomes(250, 0, { kind: 'NotWorse' }).run();
    expect(scene.progress.exposure?.basisPoints).toBe(10_000);
  });
});

describe('what was rejected', () => {
  it('is bounded, and the newest stay', () => {
    const scene = RolloutScene.releasing();
    for (let number = 1; number <= MAXIMUM_REJECTED + 5; number += 1) {
      scene.want(number).run();
      scene.ask({ verb: 'abort' });
    }
    expect(scene.progress.rejected).toHaveLength(MAXIMUM_REJECTED);
    expect(scene.progress.rejected?.at(-1)?.digest).toBe(version(MAXIMUM_REJECTED + 5).digest);
  });
});
