/** What the local volume provisioner does next, decided from what the API server lists. Pure. */

export const PROVISIONER_NAME = 'capataz.dev/local-folder';
export const STORAGE_CLASS_NAME = 'standard';

export interface Claim {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
  };
  readonly spec: {
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly accessModes?: readonly string[];
    readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
  };
}

export interface Volume {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly status?: { readonly phase?: string };
}

export interface VolumeActions {
  readonly create: readonly Claim[];
  readonly remove: readonly Volume[];
}

const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';

export const volumeName = (claim: Claim): string => `pvc-${claim.metadata.uid}`;

export function planVolumes(claims: readonly Claim[], volumes: readonly Volume[]): VolumeActions {
  const existing = new Set(volumes.map((volume) => volume.metadata.name));
  return {
    create: claims.filter(
      (claim) =>
        claim.spec.storageClassName === STORAGE_CLASS_NAME &&
        (claim.spec.volumeName ?? '') === '' &&
        !existing.has(volumeName(claim)),
    ),
    remove: volumes.filter(
      (volume) =>
        volume.metadata.annotations?.[PROVISIONED_BY] === PROVISIONER_NAME &&
        volume.status?.phase === 'Released',
    ),
  };
}

/** A "local" volume, not a hostPath: only then does the kubelet give the folder the pod's fsGroup. */
export function describeVolume(claim: Claim, folder: string, nodeName: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volumeName(claim), annotations: { [PROVISIONED_BY]: PROVISIONER_NAME } },
    spec: {
      capacity: { storage: claim.spec.resources?.requests?.['storage'] ?? '1Gi' },
      accessModes: claim.spec.accessModes ?? ['ReadWriteOnce'],
      // "Delete" would ask the controller manager for a plug-in that deletes; we watch for Released.
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: STORAGE_CLASS_NAME,
      volumeMode: 'Filesystem',
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        name: claim.metadata.name,
        namespace: claim.metadata.namespace,
        uid: claim.metadata.uid,
      },
      local: { path: folder },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] }] },
          ],
        },
      },
    },
  };
}
