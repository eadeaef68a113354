/** Whose a child is, and whether an object at a child's name is this owner's to write. */
import type { KubeObject, OwnerReference } from '#adapters/kubernetes/kube-object.ts';
import type { ResourceKind } from '#adapters/kubernetes/resource-kind.ts';
import { FIELD_MANAGER } from './field-manager.ts';

/** What a child says of its owner, with whom it goes. */
export function controlledBy(
  { groupVersion, kind }: ResourceKind,
  { name, uid }: { readonly name: string; readonly uid: string },
): readonly OwnerReference[] {
  return [{ apiVersion: groupVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }];
}

export type ChildOwnership =
  | { readonly kind: 'ours' }
  /** Says who holds it, as the end of a sentence, and whether it is on its way out. */
  | { readonly kind: 'taken'; readonly by: string; readonly isPassing: boolean };

export function childOwnership(
  live: KubeObject,
  owner: { readonly uid: string; readonly kind: string; readonly name: string },
): ChildOwnership {
  const controller = live.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (controller?.uid === owner.uid) return { kind: 'ours' };
  if (controller !== undefined) {
    const isEarlier = controller.kind === owner.kind && controller.name === owner.name;
    return isEarlier
      ? {
          kind: 'taken',
          by: `an earlier ${owner.kind} of the same name, and is being removed`,
          isPassing: true,
        }
      : { kind: 'taken', by: `${controller.kind} ${controller.name}`, isPassing: false };
  }
  // Nobody controls it, but we made it for an owner of this name: its owner reference was edited away, or the
  // earlier owner was deleted with --cascade=orphan.
  const isOurMake = live.metadata.managedFields?.some((entry) => entry.manager === FIELD_MANAGER) ?? false;
  return isOurMake ? { kind: 'ours' } : { kind: 'taken', by: 'somebody else', isPassing: false };
}
