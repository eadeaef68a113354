import { describe, expect, it } from 'vitest';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import { LedgerRecord } from '#domain/ledger/ledger-record.ts';
import { observedRollout } from '../testing/canary-scene.ts';
import { decideCanaryRollout } from './decide.ts';

const NOON = new Date('2026-01-01T12:00:00Z');
const LATER = new Date('2026-01-01T13:00:00Z');
const OLD = { name: 'v0', digest: '0'.repeat(64) };
const NEW = '1'.repeat(64);
const SOURCE = { process: 'operator', instance: 'operator-0', boot: 'b', sequence: 1 } as const;

function aRollout(status: CanaryRollout['status'], generation = 5): CanaryRollout {
  return {
    apiVersion: '',
    kind: '',
    metadata: { namespace: 'ns', name: 'triage', uid: 'u', generation, resourceVersion: '1' },
    spec: { prompt: 'p', versionRef: { name: 'v1' } },
    ...(status !== undefined && { status }),
  };
}

function aVersion(accepted: 'True' | 'False', prompt = 'p'): PromptVersion {
  const condition = {
    type: 'Accepted',
    reason: 'R',
    message: 'm',
    observedGeneration: 1,
    lastTransitionTime: '',
  };
  return {
    apiVersion: '',
    kind: '',
    metadata: { namespace: 'ns', name: 'v1', uid: 'v', generation: 1, resourceVersion: '1' },
    spec: { prompt, text: 't', digest: NEW },
    status: { conditions: [{ ...condition, status: accepted }] },
  };
}

/** As the ledger reads them. */
function decided(
  rollout: CanaryRollout,
  wanted: PromptVersion | undefined,
  at = NOON,
): readonly LedgerRecord[] {
  const { records = [] } = decideCanaryRollout(observedRollout({ rollout, wanted }), at);
  return records.map((record) => LedgerRecord.parse({ ...record, source: SOURCE }));
}

describe('the records of a rollout', () => {
  it('say which version was released instead of which', () => {
    expect(decided(aRollout({ stable: OLD }), aVersion('True'))).toMatchObject([
      {
        type: 'rollout_decision',
        namespace: 'ns',
        rollout: 'triage',
        decision: 'released',
        from: { name: 'triage', version: 'v0', digest: OLD.digest },
        to: { name: 'triage', version: 'v1', digest: NEW },
      },
    ]);
  });

  it.each([
    ['is not accepted', aVersion('False'), 'prompt_version_not_accepted'],
    ['is of another prompt', aVersion('True', 'q'), 'prompt_mismatch'],
  ])('say that a version was refused which %s', (_name, wanted, reason) => {
    expect(decided(aRollout({ stable: OLD }), wanted)).toMatchObject([
      { decision: 'refused', reason, from: { version: 'v0' }, to: { version: 'v1' } },
    ]);
  });

  it.each([
    ['released', aVersion('True')],
    ['refused', aVersion('False')],
  ])(
    'have the same id when %s again on the same state, however late, and none once the status says so',
    (_name, wanted) => {
      const rollout = aRollout({ stable: OLD });
      const [first] = decided(rollout, wanted);
      const [again] = decided(rollout, wanted, LATER);
      expect(again?.id).toBe(first?.id);
      const { status } = decideCanaryRollout(observedRollout({ rollout, wanted }), NOON);
      expect(decided(aRollout(status), wanted, LATER)).toEqual([]);
    },
  );

  it('tell of a refusal again when another generation asks for it', () => {
    const { status } = decideCanaryRollout(
      observedRollout({ rollout: aRollout({ stable: OLD }), wanted: aVersion('False') }),
      NOON,
    );
    expect(decided(aRollout(status, 6), aVersion('False'))).toHaveLength(1);
  });

  it('are none while a version is waited for', () => {
    expect(decided(aRollout({ stable: OLD }), undefined)).toEqual([]);
  });

  it('fit the schema when somebody wrote a digest into the status that is none', () => {
    expect(decided(aRollout({ stable: { name: 'v0', digest: 'x' } }), aVersion('True'))).toHaveLength(1);
  });
});
