/** Runs once before the cluster suite, so that no test file waits in its own hook for the first build of Kubernetes. */
import { ensureKubernetesBinary } from '#cluster/kubernetes/kubernetes-binary.ts';

export async function setup(): Promise<void> {
  await ensureKubernetesBinary();
}
