/**
 * Every write of the operator. Each carries a precondition, because a leader that was paused longer than its lease
 * goes on where it stopped: a create fails when the name is taken, everything else names the uid and the
 * resourceVersion that it was decided on. A refused precondition is a KubeApiError with status 409.
 */
import { KubeApiError } from './kube-api-error.ts';
import { CONTENT_TYPES, type KubeClient, type KubeRequest } from './kube-client.ts';
import { type KubeObject, type ManagedFieldsEntry, parseKubeObject } from './kube-object.ts';
import { collectionPath } from './resilient-informer.ts';
import { type ResourceKind, objectPath } from './resource-kind.ts';

/** What is to be written. apiVersion and kind are filled in from the ResourceKind. */
export interface DesiredObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly unknown[];
  };
  readonly [field: string]: unknown;
}

/** The state that a write was decided on. */
export type Precondition = Pick<KubeObject['metadata'], 'uid' | 'resourceVersion'>;

export const WRITE_VERBS = [
  'create',
  'own',
  'apply',
  'replace',
  'applyStatus',
  'replaceStatus',
  'delete',
] as const;
export type WriteVerb = (typeof WRITE_VERBS)[number];

export interface ObjectWriter {
  /**
   * Fails with 409 when the name is taken, which a server-side apply would not. The fields are then handed over to
   * server-side apply, so that a later apply can remove them.
   */
  readonly create: (resource: ResourceKind, desired: DesiredObject) => Promise<KubeObject>;
  /** Server-side apply with force: takes over the fields it sets, leaves those of others. */
  readonly apply: (
    resource: ResourceKind,
    desired: DesiredObject,
    precondition: Precondition,
  ) => Promise<KubeObject>;
  /** Puts exactly the desired object in place, without what others added. */
  readonly replace: (
    resource: ResourceKind,
    desired: DesiredObject,
    precondition: Precondition,
    managedFields: readonly ManagedFieldsEntry[],
  ) => Promise<KubeObject>;
  /** Lets only these entries of managedFields stand; no field of the object itself changes. */
  readonly own: (
    resource: ResourceKind,
    live: KubeObject,
    managedFields: readonly ManagedFieldsEntry[],
  ) => Promise<KubeObject>;
  readonly applyStatus: (
    resource: ResourceKind,
    target: { readonly namespace: string; readonly name: string },
    status: unknown,
    precondition: Precondition,
  ) => Promise<KubeObject>;
  readonly replaceStatus: ObjectWriter['applyStatus'];
  /** Background deletion; only while the object is still the one that was seen. */
  readonly remove: (
    resource: ResourceKind,
    target: { readonly namespace: string; readonly name: string },
    precondition: Precondition,
  ) => Promise<void>;
}

export interface ObjectWriterOptions {
  readonly kubeClient: Pick<KubeClient, 'request'>;
  readonly fieldManager: string;
  /** Called before each write; throws when this process may not write (any more). */
  readonly assertMayWrite: () => void;
  readonly onWrite?: (kind: string, verb: WriteVerb) => void;
}

export function createObjectWriter(options: ObjectWriterOptions): ObjectWriter {
  const { kubeClient, fieldManager } = options;

  async function write(resource: ResourceKind, verb: WriteVerb, request: KubeRequest): Promise<unknown> {
    options.assertMayWrite();
    options.onWrite?.(resource.kind, verb);
    return await kubeClient.request(request);
  }

  function document(resource: ResourceKind, desired: DesiredObject, metadata: object): object {
    return {
      ...desired,
      apiVersion: resource.groupVersion,
      kind: resource.kind,
      metadata: { ...desired.metadata, ...metadata },
    };
  }

  /** As kubectl does it: the managedFields are replaced as a whole, and the version is the precondition. */
  const own: ObjectWriter['own'] = async (resource, { metadata }, managedFields) =>
    parseKubeObject(
      await write(resource, 'own', {
        method: 'PATCH',
        path: objectPath(resource, metadata.namespace ?? '', metadata.name),
        contentType: CONTENT_TYPES.jsonPatch,
        body: [
          { op: 'replace', path: '/metadata/managedFields', value: managedFields },
          { op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
        ],
      }),
    );

  const forcedApply = {
    method: 'PATCH',
    query: { fieldManager, force: true },
    contentType: CONTENT_TYPES.applyPatch,
  } as const;

  return {
    create: async (resource, desired) => {
      const path = collectionPath(resource.groupVersion, resource.plural, desired.metadata.namespace);
      const body = document(resource, desired, {});
      const created = parseKubeObject(
        await write(resource, 'create', { method: 'POST', path, query: { fieldManager }, body }),
      );
      try {
        return await own(resource, created, asServerSideApplied(created));
      } catch (error) {
        // A controller was faster with its first write. The first update makes up for it.
        if (error instanceof KubeApiError) return created;
        throw error;
      }
    },
    own,
    apply: async (resource, desired, { uid, resourceVersion }) =>
      parseKubeObject(
        await write(resource, 'apply', {
          ...forcedApply,
          path: objectPath(resource, desired.metadata.namespace, desired.metadata.name),
          body: document(resource, desired, { uid, resourceVersion }),
        }),
      ),
    replace: async (resource, desired, { uid, resourceVersion }, managedFields) =>
      parseKubeObject(
        await write(resource, 'replace', {
          method: 'PUT',
          path: objectPath(resource, desired.metadata.namespace, desired.metadata.name),
          query: { fieldManager },
          body: document(resource, desired, { uid, resourceVersion, managedFields }),
        }),
      ),
    applyStatus: async (resource, { namespace, name }, status, { uid, resourceVersion }) =>
      parseKubeObject(
        await write(resource, 'applyStatus', {
          ...forcedApply,
          path: `${objectPath(resource, namespace, name)}/status`,
          body: document(resource, { metadata: { namespace, name }, status }, { uid, resourceVersion }),
        }),
      ),
    replaceStatus: async (resource, { namespace, name }, status, { uid, resourceVersion }) =>
      parseKubeObject(
        await write(resource, 'replaceStatus', {
          method: 'PUT',
          path: `${objectPath(resource, namespace, name)}/status`,
          query: { fieldManager },
          body: document(resource, { metadata: { namespace, name }, status }, { uid, resourceVersion }),
        }),
      ),
    remove: async (resource, { namespace, name }, { uid, resourceVersion }) => {
      await write(resource, 'delete', {
        method: 'DELETE',
        path: objectPath(resource, namespace, name),
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          preconditions: { uid, resourceVersion },
        },
      });
    },
  };
}

/** The entry of a create becomes one of server-side apply. */
function asServerSideApplied({ metadata }: KubeObject): readonly ManagedFieldsEntry[] {
  return (metadata.managedFields ?? []).map((entry) => {
    const { operation: _, ...rest } = entry;
    return Object.assign(rest, { operation: 'Apply' });
  });
}
