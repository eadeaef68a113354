/** How tests play the kubelet, and the evaluation, for the pod of a gate. */
import { PODS } from '#operator/agent/resources.ts';
import type { AnyObject, World } from './operator-world.ts';

export async function podEnds(
  world: World,
  pod: AnyObject,
  message: string,
  exitCode: number,
): Promise<void> {
  const now = new Date().toISOString();
  const terminated = {
    exitCode,
    message,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt: now,
    finishedAt: now,
  };
  const container = {
    name: 'evaluation',
    image: 'capataz:test',
    imageID: '',
    ready: false,
    restartCount: 0,
    state: { terminated },
  };
  const { namespace, name } = pod.metadata;
  const status = { phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses: [container] };
  await world.patch(PODS, namespace, name, { status }, 'status');
}

/** What the entry of a gate that names `cases` reads. */
export function aGoldenSet(namespace: string): AnyObject {
  return { metadata: { namespace, name: 'cases' }, data: { 'cases.jsonl': '{"vars":{"subject":"x"}}' } };
}

/** As the pod leaves it in its termination message. */
export function gateVerdict(kind: string, digest: string): string {
  const figures = {
    digest,
    passed: 40,
    errors: 0,
    passedBasisPoints: 10_000,
    schemaValidBasisPoints: 10_000,
    costNanoUsd: 1,
    p95LatencyMilliseconds: 5,
  };
  const none = { names: [], more: 0 };
  return JSON.stringify({
    schemaVersion: 1,
    verdict: kind,
    reasons: [kind === 'Passed' ? 'passed' : 'worse_than_stable'],
    message: `It is ${kind}.`,
    goldenSet: null,
    repeats: 3,
    candidate: figures,
    stable: null,
    lowerBoundBasisPoints: 9_000,
    floorBasisPoints: 8_000,
    mcNemarP: null,
    detectableDropBasisPoints: 500,
    worse: none,
    better: none,
    criticalRegressions: none,
    costNanoUsd: 5,
  });
}
