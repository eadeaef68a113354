/** What is kept of a pod: why it does not run. Pods change often and are large. */
import { z } from 'zod';
import type { KubeObject, KubeObjectMeta } from '#adapters/kubernetes/kube-object.ts';

export interface PodSummary extends KubeObject {
  readonly metadata: KubeObjectMeta;
  readonly isReady: boolean;
  /** For example `ImagePullBackOff`; absent when nothing is wrong with it. */
  readonly trouble: string | undefined;
}

const ContainerStatus = z.object({
  image: z.string().optional(),
  ready: z.boolean().optional(),
  state: z.object({ waiting: z.object({ reason: z.string().optional() }).optional() }).optional(),
  lastState: z
    .object({
      terminated: z.object({ exitCode: z.int().optional(), reason: z.string().optional() }).optional(),
    })
    .optional(),
});

const PodStatus = z.object({
  conditions: z
    .array(
      z.object({
        type: z.string(),
        status: z.string(),
        reason: z.string().optional(),
        message: z.string().optional(),
      }),
    )
    .optional(),
  containerStatuses: z.array(ContainerStatus).optional(),
});

/** States that every healthy pod passes through. */
const ORDINARY_WAITING = new Set(['ContainerCreating', 'PodInitializing']);
/** ImagePullBackOff, ErrImagePull, InvalidImageName, ErrImageNeverPull, ... */
const IMAGE_TROUBLE = /Image/;

export function summarisePod(pod: KubeObject): PodSummary {
  const { name, namespace, uid, resourceVersion, labels } = pod.metadata;
  const status = PodStatus.safeParse((pod as { readonly status?: unknown }).status).data ?? {};
  return {
    metadata: {
      name,
      uid,
      resourceVersion,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
    },
    isReady: status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    trouble: findTrouble(status),
  };
}

/** Without counters and times, so that the sentence is the same until the trouble changes. */
function findTrouble(status: z.infer<typeof PodStatus>): string | undefined {
  for (const container of status.containerStatuses ?? []) {
    const reason = container.state?.waiting?.reason;
    if (reason !== undefined && !ORDINARY_WAITING.has(reason)) return describeWaiting(reason, container);
    const ended = container.ready === true ? undefined : describeEnd(container);
    // Between two crashes it runs for a moment: that is no start like another.
    if (ended !== undefined) return `Restarted, ${ended}`;
  }
  const scheduling = status.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  return scheduling?.reason === undefined
    ? undefined
    : `${scheduling.reason}: ${scheduling.message ?? 'no node fits'}`;
}

function describeWaiting(reason: string, container: z.infer<typeof ContainerStatus>): string {
  if (container.image !== undefined && IMAGE_TROUBLE.test(reason)) return `${reason} of ${container.image}`;
  const ended = describeEnd(container);
  return ended === undefined ? reason : `${reason}, ${ended}`;
}

function describeEnd({ lastState }: z.infer<typeof ContainerStatus>): string | undefined {
  const ended = lastState?.terminated;
  if (ended?.exitCode === undefined) return undefined;
  return `it ended with exit code ${ended.exitCode}${ended.reason === undefined ? '' : ` (${ended.reason})`}`;
}
