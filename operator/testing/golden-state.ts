/**
 * Golden states: an object as the operator leaves it, with what kstatus must say of it. test/cluster/kstatus.test.ts asks
 * the real one about all that stand in operator/KIND/golden/states.
 */
import { stringify } from 'yaml';
import { API_GROUP_VERSION } from '#crds/object-meta.ts';

export type KstatusVerdict = 'Current' | 'InProgress' | 'Failed';

/** The text of the file. */
export function goldenState(
  verdict: KstatusVerdict,
  object: {
    readonly kind: string;
    readonly metadata: object;
    readonly spec: unknown;
    readonly status?: unknown;
  },
): string {
  const { kind, metadata, spec, status } = object;
  const whole = { apiVersion: API_GROUP_VERSION, kind, metadata, spec, status };
  return `# kstatus: ${verdict}\n${stringify(whole, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}
