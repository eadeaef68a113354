/** The gate of a CanaryRollout on a real API server with its Job controller; the test plays the kubelet. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GATE_JOBS } from '#operator/canary-rollout/gate/gate-resources.ts';
import { CANARY_ROLLOUTS } from '#operator/canary-rollout/resources.ts';
import { PROMPT_VERSIONS } from '#operator/prompt-version/resources.ts';
import { aPromptVersion, aReleasedPrompt, createAgent } from './operator/objects.ts';
import { type AnyObject, type World, eventually, startWorld } from './operator/operator-world.ts';

const PODS = { groupVersion: 'v1', kind: 'Pod', plural: 'pods' };
const ROLLOUT = 'greeter';

let world: World;

beforeAll(async () => {
  world = await startWorld();
  await world.startOperator('operator-a');
});

afterAll(async () => {
  await world.stop();
});

/** A rollout with a gate and a candidate, and the pod that the Job controller made for it. */
async function aGate(namespace: string): Promise<{ readonly candidate: AnyObject; readonly pod: AnyObject }> {
  await aReleasedPrompt(world, namespace);
  await createAgent(world, namespace, 'tester', { replicas: 0 });
  const gate = { agentRef: { name: 'tester' }, goldenSetRef: { name: 'cases' } };
  const candidate = await world.create(PROMPT_VERSIONS, aPromptVersion(namespace, 'Good day'));
  await world.patch(CANARY_ROLLOUTS, namespace, ROLLOUT, {
    spec: { steps: [{ gate }], versionRef: { name: candidate.metadata.name } },
  });
  const pod = await eventually(async () => {
    const [first] = await world.list(PODS, namespace);
    if (first === undefined) {
      const { status } = await world.get(CANARY_ROLLOUTS, namespace, ROLLOUT);
      throw new Error(`no pod yet: ${JSON.stringify(status.gate ?? status.conditions)}`);
    }
    return first;
  });
  return { candidate, pod };
}

async function podEnds(pod: AnyObject, message: string, exitCode: number): Promise<void> {
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

function verdict(kind: string, digest: string): string {
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

async function statusIs(namespace: string, expected: object): Promise<void> {
  await eventually(async () => {
    expect((await world.get(CANARY_ROLLOUTS, namespace, ROLLOUT)).status).toMatchObject(expected);
  });
}

describe('a gate', () => {
  it('is a Job as its Agent, and passed by what its pod leaves', async () => {
    const { candidate, pod } = await aGate('gate-passes');
    expect(pod.spec.serviceAccountName).toBe('agent-tester');
    await statusIs('gate-passes', { gate: { verdict: 'Running', job: 'rollout-greeter' } });
    await podEnds(pod, verdict('Passed', candidate.spec.digest), 0);
    await statusIs('gate-passes', { phase: 'Idle', stable: { name: candidate.metadata.name } });
    const jobs = await world.list(GATE_JOBS, 'gate-passes');
    expect(jobs.map(({ metadata }) => metadata.generation)).toEqual([1]);
  });

  it('that fails keeps the digest out', async () => {
    const { candidate, pod } = await aGate('gate-fails');
    expect(pod.spec.containers[0].terminationMessagePolicy).toBe('File');
    await podEnds(pod, verdict('Failed', candidate.spec.digest), 1);
    await statusIs('gate-fails', {
      phase: 'RolledBack',
      rejected: [{ digest: candidate.spec.digest, reason: 'GateFailed' }],
    });
  });

  it('whose pod leaves no verdict waits for a person', async () => {
    const { pod } = await aGate('gate-errs');
    expect(pod.spec.restartPolicy).toBe('Never');
    await podEnds(pod, 'Segmentation fault', 139);
    await statusIs('gate-errs', {
      phase: 'Paused',
      paused: { reason: 'GateError' },
      gate: { verdict: 'Error' },
    });
  });
});
