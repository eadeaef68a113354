/** Where the objects of a kind live in the API. */
import { collectionPath } from './resilient-informer.ts';

export interface ResourceKind {
  /** `v1` for the core group, else `group/version`. */
  readonly groupVersion: string;
  readonly kind: string;
  readonly plural: string;
}

export function objectPath(resource: ResourceKind, namespace: string, name: string): string {
  return `${collectionPath(resource.groupVersion, resource.plural, namespace)}/${name}`;
}
