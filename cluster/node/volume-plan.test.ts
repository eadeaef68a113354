import { expect, test } from 'vitest';

import { describeVolume, planVolumes, PROVISIONER_NAME, volumeName } from './volume-plan.ts';

const claim = {
  metadata: { name: 'data', namespace: 'default', uid: 'u-1' },
  spec: { storageClassName: 'standard', resources: { requests: { storage: '2Gi' } } },
};

const volume = (phase: string, provisionedBy: string) => ({
  metadata: { name: volumeName(claim), annotations: { 'pv.kubernetes.io/provisioned-by': provisionedBy } },
  status: { phase },
});

test('A claim of our class gets a volume once, and a claim of another class none.', () => {
  const other = { ...claim, spec: { ...claim.spec, storageClassName: 'fast' } };
  expect(planVolumes([claim, other], []).create).toEqual([claim]);
  expect(planVolumes([claim], [volume('Available', PROVISIONER_NAME)]).create).toEqual([]);
});

test('A claim that asks for a volume by name is left to whoever makes that volume.', () => {
  expect(planVolumes([{ ...claim, spec: { ...claim.spec, volumeName: 'mine' } }], []).create).toEqual([]);
});

test('Only a volume that we made and whose claim is gone is removed.', () => {
  expect(planVolumes([], [volume('Released', PROVISIONER_NAME)]).remove).toHaveLength(1);
  expect(planVolumes([], [volume('Bound', PROVISIONER_NAME)]).remove).toEqual([]);
  expect(planVolumes([], [volume('Released', 'someone.else')]).remove).toEqual([]);
});

test('A volume is for its claim alone, of the size asked for, on the node that has the folder.', () => {
  expect(describeVolume(claim, '/volumes/x', 'capataz')).toMatchObject({
    spec: {
      capacity: { storage: '2Gi' },
      claimRef: { name: 'data', uid: 'u-1' },
      local: { path: '/volumes/x' },
    },
  });
});
