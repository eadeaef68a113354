/** Whether an object at a child's name is this owner's to write. */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import { FIELD_MANAGER } from '../resources.ts';

export type ChildOwnership =
  | { readonly kind: 'ours' }
  /** Says who holds it, as the end of a sentence. */
  | { readonly kind: 'taken'; readonly by: string };

export function childOwnership(
  live: KubeObject,
  owner: { readonly uid: string; readonly kind: string; readonly name: string },
): ChildOwnership {
  const controller = live.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (controller?.uid === owner.uid) return { kind: 'ours' };
  if (controller !== undefined) {
    return controller.kind === owner.kind && controller.name === owner.name
      ? { kind: 'taken', by: `an earlier ${owner.kind} of the same name, and is being removed` }
      : { kind: 'taken', by: `${controller.kind} ${controller.name}` };
  }
  // Nobody controls it, but we made it for an owner of this name: its owner reference was edited away, or the
  // earlier owner was deleted with --cascade=orphan.
  const isOurMake = live.metadata.managedFields?.some((entry) => entry.manager === FIELD_MANAGER) ?? false;
  return isOurMake ? { kind: 'ours' } : { kind: 'taken', by: 'somebody else' };
}
