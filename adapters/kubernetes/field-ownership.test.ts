import { describe, expect, it } from 'vitest';
import { entriesToKeep, foreignFields, hasResidue } from './field-ownership.ts';

const OURS = {
  manager: 'us',
  operation: 'Apply',
  fieldsV1: { 'f:spec': { 'f:replicas': {} }, 'f:metadata': { 'f:labels': { 'f:app': {} } } },
};
const STATUS = {
  manager: 'kube-controller-manager',
  operation: 'Update',
  subresource: 'status',
  fieldsV1: { 'f:status': { 'f:replicas': {} } },
};
const SIDECAR = {
  manager: 'kubectl-edit',
  operation: 'Update',
  fieldsV1: {
    'f:spec': { 'f:containers': { 'k:{"name":"sidecar"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
    'f:metadata': { 'f:annotations': { '.': {}, 'f:note': {} } },
  },
};
const nothing = (): boolean => false;

describe('the fields of others', () => {
  it('are none when only we and the status subresource wrote', () => {
    expect(foreignFields([OURS, STATUS], 'us', nothing)).toEqual([]);
    expect(foreignFields(undefined, 'us', nothing)).toEqual([]);
  });

  it('are every leaf that another manager set, but not the maps around them', () => {
    expect(foreignFields([OURS, SIDECAR], 'us', nothing)).toEqual([
      'f:spec > f:containers > k:{"name":"sidecar"} > f:image',
      'f:spec > f:containers > k:{"name":"sidecar"} > f:name',
      'f:metadata > f:annotations > f:note',
    ]);
  });

  it('leave out what is tolerated', () => {
    const isTolerated = (path: string): boolean => path.includes('sidecar') || path.endsWith('f:note');
    expect(foreignFields([SIDECAR], 'us', isTolerated)).toEqual([]);
  });
});

describe('what a server-side apply leaves behind', () => {
  it('is an entry of others, or one of our own create', () => {
    expect(hasResidue([OURS, STATUS], 'us', nothing)).toBe(false);
    expect(hasResidue([OURS, SIDECAR], 'us', nothing)).toBe(true);
    expect(hasResidue([OURS, { ...OURS, operation: 'Update' }], 'us', nothing)).toBe(true);
  });

  it('is dropped by a replace, which keeps our apply and the subresources', () => {
    expect(entriesToKeep([OURS, STATUS, SIDECAR, { ...OURS, operation: 'Update' }], 'us')).toEqual([
      OURS,
      STATUS,
    ]);
  });
});
