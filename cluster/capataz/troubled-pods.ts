/** Pods that are not ready yet, told to the person who waits for them. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ConsoleReport } from '#cluster/command-line/console-report.ts';
import type { ClusterAccess } from '#cluster/kubeconfig/cluster-access.ts';

export async function showTroubledPodsDuring(
  access: ClusterAccess,
  namespace: string,
  work: Promise<unknown>,
  report: ConsoleReport,
): Promise<void> {
  const isOver = work.then(
    () => true,
    () => true,
  );
  const pause = (): Promise<boolean> => delay(3000, false, { ref: false });
  while (!(await Promise.race([isOver, pause()]))) {
    const names = (await findTroubledPods(access, namespace)).map(
      ({ name, reason }) => `${name} (${reason})`,
    );
    if (names.length > 0) report.progress(`Waiting for ${names.join(', ')}`);
  }
  await work;
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: {
      readonly phase?: string;
      readonly containerStatuses?: readonly {
        readonly ready: boolean;
        readonly state?: { readonly waiting?: { readonly reason?: string } };
      }[];
    };
  }[];
}

export interface TroubledPod {
  readonly name: string;
  readonly reason: string;
}

export function listTroubledPods(pods: PodList): readonly TroubledPod[] {
  return pods.items
    .filter((pod) => pod.status?.phase !== 'Succeeded')
    .filter((pod) => !(pod.status?.containerStatuses ?? [{ ready: false }]).every((each) => each.ready))
    .map((pod) => {
      const waiting = (pod.status?.containerStatuses ?? []).find((each) => each.state?.waiting)?.state;
      const reason = waiting?.waiting?.reason ?? pod.status?.phase ?? 'Pending';
      return { name: pod.metadata.name, reason };
    });
}

async function findTroubledPods(access: ClusterAccess, namespace: string): Promise<readonly TroubledPod[]> {
  const listed = await access.tryKubectl(['get', 'pods', '--namespace', namespace, '--output=json']);
  return listed.exitCode === 0 ? listTroubledPods(JSON.parse(listed.output) as PodList) : [];
}

/** One line for each pod that is not ready, so that the person knows where to look first. */
export async function describeTroubledPods(access: ClusterAccess, namespace: string): Promise<string> {
  const pods = await findTroubledPods(access, namespace);
  return pods
    .slice(0, 5)
    .map(
      ({ name, reason }) =>
        `\nThe pod ${name} is not ready (${reason}): kubectl -n ${namespace} logs ${name} --all-containers`,
    )
    .join('');
}
