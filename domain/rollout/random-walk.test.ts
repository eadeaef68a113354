/** Whatever happens in whatever order, some things are never so. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import type { RolloutStep } from '#crds/rollout-release.ts';
import type { JudgeVerdict } from '../judging/canary-judge.ts';
import { advanceRollout } from './advance-rollout.ts';
import { cohortSize } from './cohort.ts';
import { isRejected } from './rejected-versions.ts';
import { windowState } from './release-windows.ts';
import { ROLLOUT_VERBS, readRolloutCommand } from './rollout-command.ts';
import type { RolloutProgress } from './rollout-observation.ts';
import { CANARY_STEPS, RolloutScene, WORSE, gateOf, uids, version } from './testing/rollout-scene.ts';

const VERSIONS = 4;
const LARGEST_STATUS_CHARACTERS = 20_000;

const PLANS: readonly (readonly RolloutStep[])[] = [
  [],
  CANARY_STEPS,
  [
    { gate: { agentRef: { name: 'a' } } },
    { approve: {} },
    { setExposure: { percent: '5' } },
    { pause: { seconds: 60 } },
  ],
  [{ setExposure: { percent: '100' } }, { bake: { seconds: 300 } }, { pause: {} }],
  [{ setExposure: { percent: '0.5' } }, { analyse: { maximumSeconds: 600, onInconclusive: 'Promote' } }],
];
const VERDICTS: readonly JudgeVerdict[] = [
  { kind: 'Undecided' },
  { kind: 'NotWorse' },
  WORSE,
  { kind: 'EnvironmentDrift', metric: 'RunSucceeded' },
];
const GATES = ['Running', 'Passed', 'Failed', 'Inconclusive', 'Error'] as const;

type Event = (scene: RolloutScene) => void;
const happens = <T>(
  values: fc.Arbitrary<T>,
  apply: (scene: RolloutScene, value: T) => void,
): fc.Arbitrary<Event> => values.map((value) => (scene) => apply(scene, value));

let commands = 0;
const events: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 3,
    arbitrary: happens(fc.integer({ min: 0, max: VERSIONS }), (scene, number) => {
      scene.want(number);
      if (number === VERSIONS) scene.wanted = undefined;
    }),
  },
  {
    weight: 3,
    arbitrary: happens(fc.constantFrom(...VERDICTS), (scene, verdict) => {
      scene.outcomes(20, 5, verdict);
    }),
  },
  {
    weight: 4,
    arbitrary: happens(fc.integer({ min: 1, max: 40_000 }), (scene, seconds) => {
      scene.later(seconds);
    }),
  },
  {
    weight: 4,
    arbitrary: happens(
      fc.tuple(fc.constantFrom(...ROLLOUT_VERBS), fc.boolean(), fc.boolean()),
      (scene, [verb, isFull, hasReason]) => {
        commands += 1;
        const command = {
          id: `w${commands}`,
          verb,
          ...(isFull && { isFull }),
          ...(hasReason && { reason: 'So.' }),
        };
        scene.command = readRolloutCommand(JSON.stringify(command));
        scene.rollbackTarget = scene.progress.previousStable;
      },
    ),
  },
  {
    weight: 1,
    arbitrary: happens(fc.string(), (scene, text) => {
      scene.command = readRolloutCommand(text);
    }),
  },
  {
    weight: 1,
    arbitrary: happens(fc.integer({ min: 0, max: 80 }), (scene, count) => {
      scene.agentUids = uids(count);
    }),
  },
  {
    weight: 1,
    arbitrary: happens(fc.constantFrom(...PLANS), (scene, steps) => {
      scene.spec = { ...scene.spec, steps: [...steps] };
    }),
  },
  {
    weight: 2,
    arbitrary: happens(fc.constantFrom(...GATES), (scene, verdict) => {
      scene.gate = gateOf(verdict, scene.progress.candidate ?? version(0));
    }),
  },
  {
    weight: 1,
    arbitrary: happens(fc.boolean(), (scene, isUnread) => {
      scene.problem = isUnread ? 'the ledger does not answer.' : undefined;
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Event>((scene) => {
      scene.salt = scene.salt === undefined ? 'of-another' : undefined;
    }),
  },
);

/** What agents are told. */
const served = ({ stable, candidate, exposure }: RolloutProgress): string =>
  JSON.stringify([
    stable,
    stable && candidate,
    stable && exposure && [exposure.unit, exposure.basisPoints, exposure.salt, exposure.cutoff],
  ]);
const agents = ({ exposure }: RolloutProgress): number => exposure?.agents ?? 0;
const exposedAgents = ({ exposure }: RolloutProgress): number => exposure?.exposedAgents ?? 0;

interface Step {
  readonly before: RolloutProgress;
  readonly after: RolloutProgress;
  readonly isOpen: boolean;
}

const isSameCandidate = ({ before, after }: Step): boolean =>
  before.exposure !== undefined && before.exposure.salt === after.exposure?.salt;
const share = ({ exposure }: RolloutProgress): number => exposure?.basisPoints ?? 0;
const cutoff = ({ exposure }: RolloutProgress): string => exposure?.cutoff ?? '';

const LAWS: Readonly<Record<string, (step: Step) => boolean>> = {
  'nothing that was given up is served': ({ after }) =>
    [after.stable, after.candidate].every(
      (one) => one === undefined || !isRejected(after.rejected, one.digest),
    ),
  'what was stable once is never nothing': ({ before, after }) =>
    before.stable === undefined || after.stable !== undefined,
  'candidate and exposure come and go together': ({ after }) =>
    (after.candidate === undefined) === (after.exposure === undefined),
  'the revision never shrinks': ({ before, after }) => (after.revision ?? 0) >= (before.revision ?? 0),
  'the revision grows with what agents are told': ({ before, after }) =>
    after.stable === undefined ||
    served(after) === served(before) ||
    (after.revision ?? 0) > (before.revision ?? 0),
  'nobody who took the candidate is let go of, but for one that joins': (step) =>
    !isSameCandidate(step) ||
    (share(step.after) >= share(step.before) &&
      (cutoff(step.after) >= cutoff(step.before) || agents(step.after) > agents(step.before))),
  'nobody is exposed beside more than the share, or than were exposed before': (step) =>
    step.after.exposure?.unit !== 'Agent' ||
    share(step.after) === 10_000 ||
    exposedAgents(step.after) <=
      Math.max(cohortSize(agents(step.after), share(step.after)), exposedAgents(step.before)),
  'outside of a window nobody is taken': (step) =>
    step.isOpen ||
    !isSameCandidate(step) ||
    (share(step.after) === share(step.before) && cutoff(step.after) <= cutoff(step.before)),
  'a candidate begins with nobody': (step) =>
    isSameCandidate(step) || (share(step.after) === 0 && cutoff(step.after) === ''),
  'outside of a window nothing becomes stable but what all serve, and what somebody goes back to': ({
    before,
    after,
    isOpen,
  }) =>
    isOpen ||
    before.stable === undefined ||
    before.stable.digest === after.stable?.digest ||
    share(before) === 10_000 ||
    after.decision?.reason === 'RollbackRequested',
};

function brokenLaws(step: Step): readonly string[] {
  return Object.entries(LAWS).flatMap(([law, holds]) => (holds(step) ? [] : [law]));
}

describe('a rollout to which anything happens', () => {
  it('keeps its promises', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PLANS),
        fc.boolean(),
        fc.constantFrom('Agent' as const, 'Session' as const),
        fc.array(events, { minLength: 20, maxLength: 120 }),
        (steps, hasWindows, unit, walk) => {
          const scene = new RolloutScene(steps, {
            exposure: { unit },
            progressDeadlineSeconds: 7200,
            ...(hasWindows && { windows: [{ start: '09:00', hours: 6 }] }),
          }).want(0);
          for (const event of walk) {
            event(scene);
            const before = scene.progress;
            // An operator that is killed before it wrote decides again, with the same answer.
            const lost = advanceRollout(scene.observe());
            const { decision } = scene.pass();
            expect(lost).toMatchObject({ progress: scene.progress });
            const { isOpen } = windowState(scene.spec.windows, scene.now);
            expect(brokenLaws({ before, after: scene.progress, isOpen })).toEqual([]);
            // One decision, one number, one event.
            const step = (scene.progress.decision?.number ?? 0) - (before.decision?.number ?? 0);
            expect(step).toBe(decision === undefined ? 0 : 1);
            const status: unknown = JSON.parse(JSON.stringify(scene.progress));
            expect(CanaryRolloutStatus.safeParse(status).error).toBeUndefined();
            expect(JSON.stringify(status).length).toBeLessThan(LARGEST_STATUS_CHARACTERS);
          }
        },
      ),
      { numRuns: 60, seed: 20_260_105 },
    );
  });

  it('comes to rest when nothing more happens', () => {
    fc.assert(
      fc.property(fc.array(events, { minLength: 10, maxLength: 60 }), (walk) => {
        const scene = new RolloutScene(CANARY_STEPS).want(0);
        for (const event of walk) {
          event(scene);
          scene.pass();
        }
        scene.run();
        const { progress } = scene;
        expect(JSON.stringify(scene.run().progress)).toBe(JSON.stringify(progress));
      }),
      { numRuns: 40, seed: 20_260_106 },
    );
  });
});
