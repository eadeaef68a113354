/** The part of an object's metadata that every reader of the API may rely on. */
import { z } from 'zod';

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

export interface KubeObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

/** An object as the API server returns it. Inside a list, apiVersion and kind are absent for built-in kinds. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: KubeObjectMeta;
}

const IdentifiedObject = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    uid: z.string(),
    resourceVersion: z.string(),
  }),
});

/** Checks only what identifies an object; what lies in it is parsed by whoever reads it. */
export function parseKubeObject(value: unknown): KubeObject {
  return IdentifiedObject.parse(value) as KubeObject;
}

/** `namespace/name`, or the name alone for a cluster-scoped object. */
export function objectKey(metadata: Pick<KubeObjectMeta, 'name' | 'namespace'>): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

export function splitObjectKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/**
 * Whether `candidate` is an older state than `known`. Resource versions are increasing integers
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions); where they are not, nothing
 * counts as older.
 */
export function isOlderResourceVersion(candidate: string, known: string): boolean {
  if (!/^\d+$/.test(candidate) || !/^\d+$/.test(known)) return false;
  return BigInt(candidate) < BigInt(known);
}
