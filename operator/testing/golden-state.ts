/**
 * Golden states: an object as the operator leaves it, with what kstatus must say of it. test/cluster/kstatus.test.ts asks
 * the real one about all of them.
 */
import { stringify } from 'yaml';
import { expect } from 'vitest';
import { API_GROUP_VERSION } from '#crds/object-meta.ts';

export type KstatusVerdict = 'Current' | 'InProgress' | 'Failed';

/** `path` is relative to the test. */
export async function expectGoldenState(
  path: string,
  verdict: KstatusVerdict,
  object: {
    readonly kind: string;
    readonly metadata: object;
    readonly spec: unknown;
    readonly status?: unknown;
  },
): Promise<void> {
  const { kind, metadata, spec, status } = object;
  const whole = { apiVersion: API_GROUP_VERSION, kind, metadata, spec, status };
  const text = stringify(whole, { lineWidth: 0, aliasDuplicateObjects: false });
  await expect(`# kstatus: ${verdict}\n${text}`).toMatchFileSnapshot(path);
}
