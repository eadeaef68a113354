/**
 * Whose code runs in the pods of an Agent: ours, or an image of the user's own with the same identity. A token does not
 * say it, the Agent does. What was once known is kept while the API server is away or the Agent is gone, for its pods
 * still tell how their last runs ended.
 */
import { z } from 'zod';
import { isNotFound } from '#adapters/kubernetes/kube-api-error.ts';
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import { RecentEntries } from '#adapters/kubernetes/recent-entries.ts';

const FRESH_MILLISECONDS = 10_000;
const MOST_AGENTS_KNOWN = 10_000;
const TIMEOUT_SECONDS = 5;

const AgentImage = z.object({ spec: z.object({ image: z.string().optional() }) });

export interface AgentImages {
  /** Never rejects. `unknown`: it was never known and cannot be asked. */
  readonly ofAgent: (namespace: string, name: string) => Promise<'ours' | 'own' | 'none' | 'unknown'>;
}

/** Needs the right `get` on `agents.capataz.dev`. */
export function agentImages(
  kubeClient: Pick<KubeClient, 'request'>,
  nowMilliseconds: () => number,
  onFailure: (error: unknown) => void,
): AgentImages {
  const known = new RecentEntries<{ readonly image: 'ours' | 'own'; readonly atMilliseconds: number }>(
    MOST_AGENTS_KNOWN,
  );
  return {
    ofAgent: async (namespace, name) => {
      const key = `${namespace}/${name}`;
      const before = known.get(key);
      if (before !== undefined && nowMilliseconds() - before.atMilliseconds < FRESH_MILLISECONDS) {
        return before.image;
      }
      try {
        const { spec } = AgentImage.parse(
          await kubeClient.request({
            method: 'GET',
            path: `/apis/capataz.dev/v1alpha1/namespaces/${namespace}/agents/${name}`,
            timeoutSeconds: TIMEOUT_SECONDS,
          }),
        );
        const image = spec.image === undefined ? 'ours' : 'own';
        known.set(key, { image, atMilliseconds: nowMilliseconds() });
        return image;
      } catch (error) {
        if (before !== undefined) return before.image;
        if (isNotFound(error)) return 'none';
        onFailure(error);
        return 'unknown';
      }
    },
  };
}
