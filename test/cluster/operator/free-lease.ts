/** The lease of a killed leader runs out by itself; that is the matter of other tests, and takes long. */
import { type AnyObject, SYSTEM_NAMESPACE, type World } from './operator-world.ts';

const LEASES = { groupVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' };

export function freeLease(world: World): Promise<AnyObject> {
  const spec = { holderIdentity: '', leaseDurationSeconds: 1 };
  return world.patch(LEASES, SYSTEM_NAMESPACE, 'capataz-operator', { spec });
}
