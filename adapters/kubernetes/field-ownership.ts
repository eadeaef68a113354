/**
 * Who set which field, from `metadata.managedFields`
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management). A comparison with the
 * desired object cannot see what others added to it (a sidecar, a label); ownership can.
 */
import type { ManagedFieldsEntry } from './kube-object.ts';

/** A path inside managedFields, joined by " > ", for example `f:metadata > f:labels > f:team`. */
export type FieldPath = string;

/**
 * Fields of the main resource that somebody else than `manager` set. Writes through a subresource (`status`,
 * `scale`) are left out: they cannot add to what we own, and a changed value shows as a difference.
 */
export function foreignFields(
  managedFields: readonly ManagedFieldsEntry[] | undefined,
  manager: string,
  isTolerated: (path: FieldPath) => boolean,
): readonly FieldPath[] {
  return (managedFields ?? [])
    .filter((entry) => entry.manager !== manager && (entry.subresource ?? '') === '')
    .flatMap((entry) => leafPaths(entry.fieldsV1 ?? {}))
    .filter((path) => !path.startsWith('f:status') && !isTolerated(path));
}

/**
 * What is left beside our own server-side apply entry: foreign entries, and entries of our own from a create or a
 * replace. Fields that such an entry owns would survive their removal from the applied object.
 */
export function hasResidue(
  managedFields: readonly ManagedFieldsEntry[] | undefined,
  manager: string,
  isTolerated: (path: FieldPath) => boolean,
): boolean {
  const ownUpdates = (managedFields ?? []).some(
    (entry) => entry.manager === manager && entry.operation === 'Update' && (entry.subresource ?? '') === '',
  );
  return ownUpdates || foreignFields(managedFields, manager, isTolerated).length > 0;
}

/** The entries that a replace keeps: our server-side apply, and everything written through a subresource. */
export function entriesToKeep(
  managedFields: readonly ManagedFieldsEntry[] | undefined,
  manager: string,
): readonly ManagedFieldsEntry[] {
  return (managedFields ?? []).filter(
    (entry) => (entry.manager === manager && entry.operation === 'Apply') || (entry.subresource ?? '') !== '',
  );
}

function leafPaths(fields: Readonly<Record<string, unknown>>, prefix = ''): readonly FieldPath[] {
  return Object.entries(fields).flatMap(([name, below]) => {
    // "." is the map or list itself: whoever adds the first entry owns it, which adds nothing.
    if (name === '.') return [];
    const path = prefix === '' ? name : `${prefix} > ${name}`;
    const children = (below ?? {}) as Readonly<Record<string, unknown>>;
    return Object.keys(children).length === 0 ? [path] : leafPaths(children, path);
  });
}
