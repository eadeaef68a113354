/** The Jobs of gates and their pods: what is kept of a pod is how it ended, or why it does not run. */
import { z } from 'zod';
import { type KubeObject, objectKey } from '#adapters/kubernetes/kube-object.ts';
import { GATE_VERDICT_MAXIMUM_BYTES } from '#domain/evaluation/gate-verdict.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '#operator/agent/resources.ts';
import { type PodSummary, summarisePod } from '#operator/agent/pod-summary.ts';
import { type WatchedResource, watchedObjects } from '#adapters/kubernetes/watched-resource.ts';

/** Its value is the name of the CanaryRollout. */
export const GATE_LABEL = 'capataz.dev/gate-of';
export const GATE_CONTAINER = 'evaluation';

const OF_GATES = `${MANAGED_BY_LABEL}=${MANAGED_BY},${GATE_LABEL}`;

export const GATE_JOBS = watchedObjects({ groupVersion: 'batch/v1', kind: 'Job', plural: 'jobs' }, OF_GATES);

export interface GatePod extends PodSummary {
  /** Uid of the Job that controls it. */
  readonly jobUid: string | undefined;
  readonly createdAt: string;
  /** Why the kubelet or a drain ended it, for example `Evicted`. */
  readonly end: { readonly reason: string; readonly message: string } | undefined;
  readonly terminated: TerminatedContainer | undefined;
}

const TerminatedContainer = z.object({
  exitCode: z.int(),
  reason: z.string().optional(),
  message: z.string().optional(),
  finishedAt: z.string().optional(),
});
export type TerminatedContainer = z.infer<typeof TerminatedContainer>;

const EndOfPod = z.object({
  reason: z.string().optional(),
  message: z.string().optional(),
  containerStatuses: z
    .array(
      z.object({
        name: z.string(),
        state: z.object({ terminated: TerminatedContainer.optional() }).optional(),
      }),
    )
    .optional(),
});

export const GATE_PODS: WatchedResource<GatePod, 'gate'> = {
  groupVersion: 'v1',
  kind: 'Pod',
  plural: 'pods',
  labelSelector: OF_GATES,
  read: summariseGatePod,
  indexes: { gate: (pod) => rolloutOfGatePod(pod) ?? [] },
};

/** The key of the CanaryRollout whose gate it says to be of; that its Job controls it is looked at where it counts. */
export function rolloutOfGatePod({
  metadata: { namespace, labels },
}: KubeObject): readonly [string] | undefined {
  const name = labels?.[GATE_LABEL];
  return name === undefined || namespace === undefined ? undefined : [objectKey({ namespace, name })];
}

export function summariseGatePod(pod: KubeObject): GatePod {
  const { data } = EndOfPod.safeParse((pod as { readonly status?: unknown }).status);
  const terminated = data?.containerStatuses?.find(({ name }) => name === GATE_CONTAINER)?.state?.terminated;
  const controller = pod.metadata.ownerReferences?.find((reference) => reference.controller === true);
  return {
    ...summarisePod(pod),
    jobUid: controller?.kind === GATE_JOBS.kind ? controller.uid : undefined,
    createdAt: pod.metadata.creationTimestamp ?? '',
    end: data?.reason === undefined ? undefined : { reason: data.reason, message: data.message ?? '' },
    terminated: terminated && {
      ...terminated,
      // The kubelet keeps no more; whoever writes more is not the kubelet.
      ...(terminated.message !== undefined && {
        message: terminated.message.slice(0, GATE_VERDICT_MAXIMUM_BYTES),
      }),
    },
  };
}
