import { describe, expect, it } from 'vitest';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import { observedRollout } from '../testing/canary-scene.ts';
import { decideCanaryRollout } from './decide.ts';

const NOON = new Date('2026-01-01T12:00:00Z');
const LATER = new Date('2026-01-01T13:00:00Z');
const OLD = { name: 'v0', digest: 'old' };
const metadata = { namespace: 'ns', name: 'v1', uid: 'u', generation: 1, resourceVersion: '1' };

function aRollout(stable?: typeof OLD): CanaryRollout {
  return {
    apiVersion: '',
    kind: '',
    metadata: { ...metadata, name: 'r', generation: 5 },
    spec: { prompt: 'p', versionRef: { name: 'v1' } },
    ...(stable === undefined ? {} : { status: { stable } }),
  };
}

function aVersion(
  accepted: 'True' | 'False' | undefined,
  prompt = 'p',
  observedGeneration = 1,
): PromptVersion {
  const condition = {
    type: 'Accepted',
    reason: 'R',
    message: 'm',
    observedGeneration,
    lastTransitionTime: '',
  };
  return {
    apiVersion: '',
    kind: '',
    metadata,
    spec: { prompt, text: 't', digest: 'new' },
    ...(accepted === undefined ? {} : { status: { conditions: [{ ...condition, status: accepted }] } }),
  };
}

describe('a rollout', () => {
  it.each([
    ['flips to a version that is accepted', aVersion('True'), OLD, 'v1', 'Resolved', 'Stable'],
    ['starts with a version that is accepted', aVersion('True'), undefined, 'v1', 'Resolved', 'Stable'],
    [
      'stays while the version does not exist',
      undefined,
      OLD,
      'v0',
      'PromptVersionNotFound',
      'PreviousStableServing',
    ],
    [
      'stays while the version is not checked',
      aVersion(undefined),
      OLD,
      'v0',
      'PromptVersionNotAccepted',
      'PreviousStableServing',
    ],
    [
      'stays when the version is refused',
      aVersion('False'),
      OLD,
      'v0',
      'PromptVersionNotAccepted',
      'PreviousStableServing',
    ],
    [
      'stays when the version is of another prompt',
      aVersion('True', 'q'),
      OLD,
      'v0',
      'PromptMismatch',
      'PreviousStableServing',
    ],
    [
      'flips to a version that was accepted before its source was edited: its text never changes',
      aVersion('True', 'p', 0),
      OLD,
      'v1',
      'Resolved',
      'Stable',
    ],
    [
      'has nothing stable until a first version is accepted',
      aVersion('False'),
      undefined,
      undefined,
      'PromptVersionNotAccepted',
      'NoStable',
    ],
  ])('%s', (_, wanted, stable, expectedStable, resolvedRefs, ready) => {
    const { status } = decideCanaryRollout(observedRollout({ rollout: aRollout(stable), wanted }), NOON);
    expect(status.stable?.name).toBe(expectedStable);
    expect(status.conditions?.slice(0, 2).map(({ reason }) => reason)).toEqual([resolvedRefs, ready]);
    expect(status.observedGeneration).toBe(5);
    expect(status.conditions?.every(({ observedGeneration }) => observedGeneration === 5)).toBe(true);
  });

  it('tells each decision in an event and a record of the same number', () => {
    const observed = observedRollout({ rollout: aRollout(OLD), wanted: aVersion('True') });
    const { status, events, records } = decideCanaryRollout(observed, NOON);
    expect(status.decision?.number).toBe(1);
    expect(events).toEqual([
      { type: 'Normal', reason: 'Released', note: 'Decision 1: PromptVersion v1 is stable instead of v0.' },
    ]);
    expect(records?.map(({ id }) => id)).toEqual(['rollout:u:1:released:new']);
  });

  it('decides the same again on its own answer, so that nothing is written twice', () => {
    const first = decideCanaryRollout(
      observedRollout({ rollout: aRollout(OLD), wanted: aVersion('True') }),
      NOON,
    );
    const again = { ...aRollout(), status: first.status };
    const second = decideCanaryRollout(observedRollout({ rollout: again, wanted: aVersion('True') }), LATER);
    expect(second).toEqual({ status: first.status, children: [] });
  });
});
