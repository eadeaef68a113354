import { describe, expect, it } from 'vitest';
import { CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import { readStatus } from './read-status.ts';

const STATUS = {
  observedGeneration: 3,
  stable: { name: 'v1', digest: '1'.repeat(64) },
  revision: 7,
  phase: 'Idle',
} as const;

const read = (status: unknown): unknown => readStatus(CanaryRolloutStatus, status);

describe('a status', () => {
  it('is read as it is', () => {
    expect(read(STATUS)).toEqual(STATUS);
  });

  it('of a newer operator is read without the fields that only that one knows, however deep', () => {
    const newer = { ...STATUS, stable: { ...STATUS.stable, commit: 'abc' }, weather: { is: 'fine' } };
    expect(read(newer)).toEqual(STATUS);
  });

  it('of which one field cannot be read keeps all the others', () => {
    expect(read({ ...STATUS, phase: 'Hovering' })).toEqual({ ...STATUS, phase: undefined });
    const older = { ...STATUS, decision: { kind: 'Promoted' }, tomorrow: 1 };
    expect(read(older)).toEqual(STATUS);
  });

  it('that is none is none', () => {
    expect(read(undefined)).toBeUndefined();
    expect(read('fine')).toBeUndefined();
  });
});
