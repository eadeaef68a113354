/** The gate of a CanaryRollout on a real API server with its Job controller; the test plays the kubelet. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENTS, PODS } from '#operator/agent/resources.ts';
import { GATE_JOBS } from '#operator/canary-rollout/gate/gate-resources.ts';
import { CANARY_ROLLOUTS } from '#operator/canary-rollout/resources.ts';
import { MODELS } from '#operator/model/resources.ts';
import { PROMPT_VERSIONS } from '#operator/prompt-version/resources.ts';
import { aGoldenSet, gateVerdict, podEnds } from './operator/gate-pod.ts';
import { aModel, aPromptVersion, aReleasedPrompt, createAgent } from './operator/objects.ts';
import { type AnyObject, type World, eventually, startWorld } from './operator/operator-world.ts';

const CONFIG_MAPS = { groupVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
const ROLLOUT = 'greeter';
/** Longer than a golden set that appears may stay unseen. */
const PATIENCE_SECONDS = 90;

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
  await world.create(CONFIG_MAPS, aGoldenSet(namespace));
  const candidate = await aCandidate(namespace);
  return { candidate, pod: await podOfGate(namespace) };
}

async function aCandidate(namespace: string, more: object = {}): Promise<AnyObject> {
  const gate = { agentRef: { name: 'tester' }, goldenSetRef: { name: 'cases' }, ...more };
  const candidate = await world.create(PROMPT_VERSIONS, aPromptVersion(namespace, 'Good day'));
  await world.patch(CANARY_ROLLOUTS, namespace, ROLLOUT, {
    spec: { steps: [{ gate }], versionRef: { name: candidate.metadata.name } },
  });
  return candidate;
}

/** The first that is none of those `before`. */
async function podOfGate(namespace: string, before: readonly AnyObject[] = []): Promise<AnyObject> {
  const known = new Set(before.map(({ metadata }) => metadata.uid));
  return await eventually(async () => {
    const pods = await world.list(PODS, namespace);
    const pod = pods.find(({ metadata }) => !known.has(metadata.uid));
    if (pod !== undefined) return pod;
    const { status } = await world.get(CANARY_ROLLOUTS, namespace, ROLLOUT);
    throw new Error(`no pod yet: ${JSON.stringify(status.gate ?? status.conditions)}`);
  });
}

async function statusIs(namespace: string, expected: object): Promise<void> {
  await eventually(async () => {
    expect((await world.get(CANARY_ROLLOUTS, namespace, ROLLOUT)).status).toMatchObject(expected);
  }, PATIENCE_SECONDS);
}

describe('a gate', () => {
  it('is a Job as its Agent, and passed by what its pod leaves', async () => {
    const { candidate, pod } = await aGate('gate-passes');
    expect(pod.spec.serviceAccountName).toBe('agent-tester');
    await statusIs('gate-passes', { gate: { verdict: 'Running', job: 'rollout-greeter' } });
    await podEnds(world, pod, gateVerdict('Passed', candidate.spec.digest), 0);
    await statusIs('gate-passes', { phase: 'Idle', stable: { name: candidate.metadata.name } });
    const jobs = await world.list(GATE_JOBS, 'gate-passes');
    expect(jobs.map(({ metadata }) => metadata.generation)).toEqual([1]);
  });

  it('that fails keeps the digest out', async () => {
    const { candidate, pod } = await aGate('gate-fails');
    expect(pod.spec.containers[0].terminationMessagePolicy).toBe('File');
    await podEnds(world, pod, gateVerdict('Failed', candidate.spec.digest), 1);
    await statusIs('gate-fails', {
      phase: 'RolledBack',
      rejected: [{ digest: candidate.spec.digest, reason: 'GateFailed' }],
    });
  });

  it('waits for each of its inputs with a sentence, and begins by itself when the last one is there', async () => {
    const namespace = 'gate-waits';
    await aReleasedPrompt(world, namespace);
    await aCandidate(namespace, { judge: { modelRef: { name: 'large' } } });
    const waitsFor = (sentence: string): Promise<void> =>
      statusIs(namespace, {
        phase: 'Progressing',
        gate: { verdict: 'Running', message: expect.stringContaining(sentence) },
        conditions: expect.arrayContaining([
          expect.objectContaining({
            type: 'ResolvedRefs',
            status: 'False',
            reason: 'GateNotRunnable',
            message: expect.stringContaining(sentence),
          }),
        ]),
      });
    await waitsFor('Agent tester (spec.steps[0].gate.agentRef) does not exist');
    await createAgent(world, namespace, 'tester', { replicas: 0 });
    await waitsFor('ConfigMap cases (spec.steps[0].gate.goldenSetRef) with the golden set does not exist');
    await world.create(CONFIG_MAPS, aGoldenSet(namespace));
    await waitsFor('Model large (spec.steps[0].gate.judge.modelRef) does not exist');
    await world.create(MODELS, aModel(namespace, 'large'));
    await waitsFor('is not in modelPolicy.allow of Agent tester');
    const allow = [{ name: 'local' }, { name: 'large', weight: 0 }];
    await world.patch(AGENTS, namespace, 'tester', { spec: { modelPolicy: { allow } } });
    const pod = await podOfGate(namespace);
    expect(pod.spec.containers[0].env).toContainEqual({ name: 'CAPATAZ_GATE_JUDGE_MODEL', value: 'large' });
    await statusIs(namespace, {
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'ResolvedRefs', status: 'True' })]),
    });
  });

  it('whose Job somebody deletes is run again, and the pod of the first says nothing of it', async () => {
    const { candidate, pod } = await aGate('gate-again');
    await world.remove(GATE_JOBS, 'gate-again', 'rollout-greeter');
    const next = await podOfGate('gate-again', [pod]);
    expect(next.metadata.ownerReferences[0].uid).not.toBe(pod.metadata.ownerReferences[0].uid);
    await podEnds(world, next, gateVerdict('Passed', candidate.spec.digest), 0);
    await statusIs('gate-again', { phase: 'Idle', stable: { name: candidate.metadata.name } });
  });

  it('whose pod leaves no verdict waits for a person', async () => {
    const { pod } = await aGate('gate-errs');
    expect(pod.spec.restartPolicy).toBe('Never');
    await podEnds(world, pod, 'Segmentation fault', 139);
    await statusIs('gate-errs', {
      phase: 'Paused',
      paused: { reason: 'GateError' },
      gate: { verdict: 'Error' },
    });
  });
});
