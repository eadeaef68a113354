/**
 * Whether the ConfigMap with a golden set that a pod is to mount is there. It is asked for by name and only when that matters: a
 * watch would bring every ConfigMap of the cluster into memory, for they bear no label of ours.
 */
import { KubeApiError } from '#adapters/kubernetes/kube-api-error.ts';
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import { objectPath } from '#adapters/kubernetes/resource-kind.ts';

const CONFIG_MAPS = { groupVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };

/** How many keys it has, or that it may not be read: then the Job says what it finds. */
export type GoldenSetKeys = number | 'absent' | 'unknown';

export type CountGoldenSetKeys = (
  namespace: string,
  name: string,
  signal: AbortSignal,
) => Promise<GoldenSetKeys>;

export function createGoldenSetCounter(kubeClient: Pick<KubeClient, 'request'>): CountGoldenSetKeys {
  return async (namespace, name, signal) => {
    try {
      const path = objectPath(CONFIG_MAPS, namespace, name);
      const { data, binaryData } = (await kubeClient.request({ method: 'GET', path, signal })) as {
        readonly data?: object;
        readonly binaryData?: object;
      };
      return Object.keys({ ...data, ...binaryData }).length;
    } catch (error) {
      if (!(error instanceof KubeApiError)) throw error;
      if (error.status === 404) return 'absent';
      if (error.status === 403) return 'unknown';
      throw error;
    }
  };
}
