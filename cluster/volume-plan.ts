// What the local volume provisioner does next, decided from what the API server lists. Pure.

export const provisionerName = 'capataz.dev/local-folder';
export const storageClassName = 'standard';

export type Claim = {
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
};

export type Volume = {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly status?: { readonly phase?: string };
};

export type VolumeActions = {
  readonly create: readonly Claim[];
  readonly remove: readonly Volume[];
};

const provisionedBy = 'pv.kubernetes.io/provisioned-by';

export const volumeName = (claim: Claim): string => `pvc-${claim.metadata.uid}`;

export function planVolumes(claims: readonly Claim[], volumes: readonly Volume[]): VolumeActions {
  const existing = new Set(volumes.map((volume) => volume.metadata.name));
  return {
    create: claims.filter(
      (claim) =>
        claim.spec.storageClassName === storageClassName &&
        (claim.spec.volumeName ?? '') === '' &&
        !existing.has(volumeName(claim)),
    ),
    remove: volumes.filter(
      (volume) =>
        volume.metadata.annotations?.[provisionedBy] === provisionerName &&
        volume.status?.phase === 'Released',
    ),
  };
}

// A "local" volume, not a hostPath: only then does the kubelet give the folder the pod's fsGroup.
export function describeVolume(claim: Claim, folder: string, nodeName: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volumeName(claim), annotations: { [provisionedBy]: provisionerName } },
    spec: {
      capacity: { storage: claim.spec.resources?.requests?.['storage'] ?? '1Gi' },
      accessModes: claim.spec.accessModes ?? ['ReadWriteOnce'],
      // "Delete" would ask the controller manager for a plug-in that deletes; we watch for Released.
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName,
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
