/** A CanaryRollout in steps, on a real API server: its status, its conditions, its commands, and an operator that is killed. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureKubernetesBinary } from '#cluster/kubernetes/kubernetes-binary.ts';
import { CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import type { RolloutStep } from '#crds/rollout-release.ts';
import { CanaryJudge } from '#domain/judging/canary-judge.ts';
import { judgingRules } from '#domain/judging/metric-rules.ts';
import { chooseArm } from '#domain/rollout/choose-arm.ts';
import { ROLLOUT_COMMAND_ANNOTATION, type RolloutCommand } from '#domain/rollout/rollout-command.ts';
import { AGENTS, CONFIG_MAPS } from '#operator/agent/resources.ts';
import { CANARY_ROLLOUTS } from '#operator/canary-rollout/resources.ts';
import { PROMPT_VERSIONS } from '#operator/prompt-version/resources.ts';
import { freeLease } from './operator/free-lease.ts';
import { aPromptVersion, aReleasedPrompt, condition, createAgent } from './operator/objects.ts';
import {
  type AnyObject,
  type OperatorProcess,
  type World,
  eventually,
  startWorld,
} from './operator/operator-world.ts';

const EVENTS = { groupVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events' };
const AGENTS_THAT_FOLLOW = 12;
const APPROVALS = 12;

let world: World;
let operator: OperatorProcess;
let kubernetesBinary: string;

beforeAll(async () => {
  world = await startWorld();
  kubernetesBinary = await ensureKubernetesBinary();
  operator = await world.startOperator('operator-a');
});

afterAll(async () => {
  await world.stop();
});

const rolloutOf = (namespace: string): Promise<AnyObject> => world.get(CANARY_ROLLOUTS, namespace, 'greeter');

/** A stable version, and steps for the next ones. */
async function aRolloutInSteps(namespace: string, steps: readonly RolloutStep[]): Promise<AnyObject> {
  const stable = await aReleasedPrompt(world, namespace);
  await world.patch(CANARY_ROLLOUTS, namespace, 'greeter', { spec: { steps } });
  return stable;
}

async function want(namespace: string, greeting: string): Promise<AnyObject> {
  const version = aPromptVersion(namespace, greeting);
  if ((await world.get(PROMPT_VERSIONS, namespace, version.metadata.name)) === undefined) {
    await world.create(PROMPT_VERSIONS, version);
  }
  const spec = { versionRef: { name: version.metadata.name } };
  await world.patch(CANARY_ROLLOUTS, namespace, 'greeter', { spec });
  return version;
}

let commands = 0;

async function ask(namespace: string, command: Omit<RolloutCommand, 'id'> | string): Promise<string> {
  commands += 1;
  const id = `command-${commands}`;
  const text = typeof command === 'string' ? command : JSON.stringify({ id, ...command });
  const annotations = { [ROLLOUT_COMMAND_ANNOTATION]: text };
  await world.patch(CANARY_ROLLOUTS, namespace, 'greeter', { metadata: { annotations } });
  return id;
}

async function statusIs(namespace: string, expected: object, seconds = 20): Promise<AnyObject> {
  return await eventually(async () => {
    const { status } = await rolloutOf(namespace);
    expect(status).toMatchObject(expected);
    return status;
  }, seconds);
}

/** What is stored for agents. */
async function documentIs(namespace: string, expected: object): Promise<AnyObject> {
  return await eventually(async () => {
    const configMap = await world.get(CONFIG_MAPS, namespace, 'rollout-greeter');
    const document = JSON.parse(configMap.data['rollout.json']);
    expect(document).toMatchObject(expected);
    return document;
  });
}

async function kubectl(namespace: string, ...words: readonly string[]): Promise<string> {
  const options = ['kubectl', `--kubeconfig=${world.controlPlane.kubeconfig}`, `--namespace=${namespace}`];
  return (await promisify(execFile)(kubernetesBinary, [...options, ...words])).stdout;
}

describe('a release in steps', () => {
  it('exposes exactly its share of the agents, waits where it is told to, and is told to people at a glance', async () => {
    await aRolloutInSteps('steps', [
      { setExposure: { percent: '25' } },
      { pause: {} },
      { setExposure: { percent: '100' } },
      { approve: {} },
    ]);
    for (let index = 0; index < AGENTS_THAT_FOLLOW; index += 1) {
      await createAgent(world, 'steps', `greeter-${index}`, { replicas: 0 });
    }
    const candidate = await want('steps', 'Good day');
    const status = await statusIs('steps', {
      candidate: { name: candidate.metadata.name },
      phase: 'Paused',
      step: { index: 1, kind: 'pause' },
      exposure: { basisPoints: 2500, percent: '25', agents: AGENTS_THAT_FOLLOW, exposedAgents: 3 },
    });
    const agents = await world.list(AGENTS, 'steps');
    const exposed = agents.filter(
      ({ metadata }) => chooseArm(status.exposure, { agentUid: metadata.uid, session: '' }) === 'candidate',
    );
    expect(exposed).toHaveLength(3);
    const table = await kubectl('steps', 'get', 'canary');
    expect(table).toMatch(/NAME +PROMPT +STABLE +CANDIDATE +PHASE +STEP +PERCENT +WHY +READY +AGE/);
    expect(table).toMatch(new RegExp(`${candidate.metadata.name} +Paused +pause +25 +Exposed +False`));
  });

  it('follows who joins and leaves', async () => {
    await createAgent(world, 'steps', 'joiner', { replicas: 0 });
    await statusIs('steps', { exposure: { agents: AGENTS_THAT_FOLLOW + 1 } });
    await world.remove(AGENTS, 'steps', 'joiner');
    const { exposure } = await statusIs('steps', { exposure: { agents: AGENTS_THAT_FOLLOW } });
    expect(exposure.exposedAgents).toBeGreaterThanOrEqual(3);
  });

  it('goes on when somebody promotes and approves, and then kubectl wait says that it is promoted', async () => {
    const id = await ask('steps', { verb: 'promote', by: 'ana' });
    await statusIs('steps', {
      phase: 'AwaitingApproval',
      exposure: { exposedAgents: 12 },
      lastCommandId: id,
    });
    await expect(
      kubectl('steps', 'wait', 'canary/greeter', '--for=condition=Promoted', '--timeout=1s'),
    ).rejects.toThrow('timed out');
    const waiting = kubectl('steps', 'wait', 'canary/greeter', '--for=condition=Promoted', '--timeout=20s');
    await ask('steps', { verb: 'approve', by: 'ana', reason: 'Looks good.' });
    expect(await waiting).toContain('condition met');
    const { status } = await rolloutOf('steps');
    expect(status).toMatchObject({ phase: 'Idle', decision: { kind: 'Promoted', reason: 'Approved' } });
    expect(status.candidate).toBeUndefined();
  });

  it('tells each decision once, as an event', async () => {
    const { status } = await rolloutOf('steps');
    await eventually(async () => {
      const events = (await world.list(EVENTS, 'steps')).filter(
        ({ regarding }) => regarding.kind === 'CanaryRollout',
      );
      const told = (reason: string): number => events.filter((event) => event.reason === reason).length;
      // The first release, a candidate, four steps, and its promotion.
      expect([told('Released'), told('Began'), told('Advanced'), told('Promoted')]).toEqual([1, 1, 4, 1]);
      expect(status.decision.number).toBe(7);
    });
  });
});

describe('commands', () => {
  it('that abort keep the digest out, however often git asks for it again, until a retry with a reason', async () => {
    const stable = await aRolloutInSteps('commands', [{ setExposure: { percent: '50' } }, { pause: {} }]);
    const candidate = await want('commands', 'Good day');
    await statusIs('commands', { phase: 'Paused', candidate: { name: candidate.metadata.name } });
    await ask('commands', { verb: 'abort', reason: 'It is rude.' });
    await statusIs('commands', {
      phase: 'RolledBack',
      stable: { name: stable.metadata.name },
      rejected: [{ digest: candidate.spec.digest, reason: 'Aborted' }],
    });
    await want('commands', 'Hello');
    await statusIs('commands', { phase: 'Idle' });
    await want('commands', 'Good day');
    const { conditions } = await statusIs('commands', { phase: 'RolledBack' });
    expect(condition({ status: { conditions } }, 'Stalled')).toMatchObject({
      status: 'True',
      reason: 'RolledBack',
    });
    await ask('commands', { verb: 'retry' });
    await eventually(async () => {
      const refused = condition(await rolloutOf('commands'), 'CommandAccepted');
      expect(refused).toMatchObject({
        status: 'False',
        reason: 'Refused',
        message: expect.stringContaining('why'),
      });
    });
    await ask('commands', { verb: 'retry', reason: 'It was taught manners.' });
    await statusIs('commands', { phase: 'Paused', candidate: { name: candidate.metadata.name } });
  });

  it('that cannot be read are a condition, and the release goes on', async () => {
    await ask('commands', '{"verb":');
    await eventually(async () => {
      const refused = condition(await rolloutOf('commands'), 'CommandAccepted');
      expect(refused).toMatchObject({ status: 'False', message: expect.stringContaining('JSON') });
    });
    await ask('commands', { verb: 'promote', isFull: true });
    await statusIs('commands', { phase: 'Idle' });
  });

  it('that roll back make the previous stable version stable in one write', async () => {
    await ask('commands', { verb: 'rollback' });
    const first = aPromptVersion('commands', 'Hello');
    const { stable } = await statusIs('commands', {
      phase: 'RolledBack',
      decision: { kind: 'RolledBack', reason: 'RollbackRequested' },
    });
    expect(stable).toEqual({ name: first.metadata.name, digest: first.spec.digest });
  });
});

describe('what git says', () => {
  const steps: RolloutStep[] = [{ setExposure: { percent: '100' } }, { pause: {} }];

  it('replaces one candidate by the next, which begins with nobody', async () => {
    await aRolloutInSteps('git', steps);
    const first = await want('git', 'Good day');
    const before = await statusIs('git', { phase: 'Paused', candidate: { name: first.metadata.name } });
    const second = await want('git', 'Good evening');
    const after = await statusIs('git', { phase: 'Paused', candidate: { name: second.metadata.name } });
    expect(after.exposure.salt).not.toBe(before.exposure.salt);
    expect(after.rejected).toBeUndefined();
    expect(after.revision).toBeGreaterThan(before.revision);
  });

  it('goes back at once by a revert', async () => {
    const stable = await want('git', 'Hello');
    const status = await statusIs('git', { phase: 'Idle', stable: { name: stable.metadata.name } });
    expect(status).toMatchObject({ decision: { kind: 'Withdrawn', reason: 'Reverted' } });
    expect([status.candidate, status.exposure]).toEqual([undefined, undefined]);
  });

  it('withdraws a candidate whose PromptVersion is deleted', async () => {
    const candidate = await want('git', 'Good night');
    await statusIs('git', { phase: 'Paused' });
    await world.remove(PROMPT_VERSIONS, 'git', candidate.metadata.name);
    const { decision } = await statusIs('git', { phase: 'Refused' });
    expect(decision).toMatchObject({ kind: 'Withdrawn', reason: 'CandidateMissing' });
  });

  it('goes back to a stable version whose PromptVersion was deleted, by the text that is stored', async () => {
    const stable = await want('git', 'Hello');
    await statusIs('git', { phase: 'Idle', stable: { name: stable.metadata.name } });
    const candidate = await want('git', 'Good day');
    await documentIs('git', {
      candidate: { version: candidate.metadata.name },
      exposure: { basisPoints: 10_000 },
    });
    await world.remove(PROMPT_VERSIONS, 'git', stable.metadata.name);
    await ask('git', { verb: 'abort' });
    const { revision } = await statusIs('git', { phase: 'RolledBack' });
    const document = await documentIs('git', { revision });
    expect(document).toMatchObject({ stable: { text: stable.spec.text } });
    expect(document.candidate).toBeUndefined();
    await ask('git', { verb: 'retry', reason: 'Nothing was wrong with it.' });
  });

  it('may delete a rollout in the middle, and make it anew', async () => {
    await want('git', 'Good day');
    await statusIs('git', { phase: 'Paused' });
    const { spec, status } = await rolloutOf('git');
    await world.remove(CANARY_ROLLOUTS, 'git', 'greeter');
    await world.create(CANARY_ROLLOUTS, { metadata: { namespace: 'git', name: 'greeter' }, spec });
    // Nothing is stable in a new one: what it wants is, at once.
    const { stable, revision } = await statusIs('git', { phase: 'Idle' });
    expect(revision).toBeGreaterThan(status?.revision ?? Infinity);
    expect(stable.name).toBe(spec.versionRef.name);
  });
});

describe('without outcomes', () => {
  it('an analysis says why, and passes nothing', async () => {
    await aRolloutInSteps('unread', [{ setExposure: { percent: '1' } }, { analyse: { maximumSeconds: 1 } }]);
    await createAgent(world, 'unread', 'greeter', { replicas: 0 });
    await want('unread', 'Good day');
    await statusIs('unread', { step: { kind: 'analyse' }, analysis: { problem: expect.any(String) } });
    await sleep(2500);
    await statusIs('unread', { phase: 'Progressing', exposure: { exposedAgents: 1 } });
  });
});

describe('a status with all that a judge knows', () => {
  it('is taken by the API server as it is, and read again as it was', async () => {
    await aRolloutInSteps('judged', [{ pause: {} }]);
    const metrics = ['RunSucceeded', 'SchemaValid', 'ToolsSucceeded', 'NotRefused', 'Feedback'] as const;
    const rules = judgingRules({ metrics: metrics.map((metric) => ({ metric })) });
    const judge = new CanaryJudge(
      {
        unit: 'Agent',
        rules,
        stableDigest: 'a'.repeat(64),
        candidateDigest: 'b'.repeat(64),
        past: {
          histories: new Map([['a', { RunSucceeded: { good: 480, bad: 20 } }]]),
          before: { RunSucceeded: { good: 4800, bad: 200 } },
        },
      },
      undefined,
      1,
    );
    for (let position = 2; position < 300; position += 1) {
      const isCandidate = position % 2 === 0;
      judge.count({
        kind: 'run',
        position,
        atMicroseconds: position * 1_000_000,
        runId: `run-${position}`,
        agentUid: 'a',
        arm: isCandidate ? 'candidate' : 'stable',
        digest: (isCandidate ? 'b' : 'a').repeat(64),
        hasSucceeded: position % 7 !== 0,
        isSchemaValid: true,
        haveToolsSucceeded: true,
        isRefusal: false,
        costNanoUsd: 1000,
        durationMicroseconds: 1000,
      });
    }
    const analysis = judge.status({ startPosition: 1, since: '2026-01-01T00:00:00.000Z' }, 250, 3600);
    const { status } = await rolloutOf('judged');
    const whole = CanaryRolloutStatus.parse({ ...status, analysis });
    await world.stopOperator(operator);
    await world.patch(CANARY_ROLLOUTS, 'judged', 'greeter', { status: whole }, 'status');
    expect((await rolloutOf('judged')).status.analysis).toEqual(JSON.parse(JSON.stringify(analysis)));
  });
});

describe('an operator that is killed at every step', () => {
  it(`obeys each of ${APPROVALS} commands once, and its decisions are counted without a gap`, async () => {
    let seed = 20_260_105;
    const random = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    await freeLease(world);
    const first = await world.startOperator('before');
    const steps = Array.from({ length: APPROVALS + 1 }, () => ({ approve: {} }));
    await aRolloutInSteps('killed', steps);
    await want('killed', 'Good day');
    const before = await statusIs('killed', { phase: 'AwaitingApproval', step: { index: 0 } });
    await world.stopOperator(first);
    let interrupted = 0;
    for (let approval = 1; approval <= APPROVALS; approval += 1) {
      await freeLease(world);
      const victim = await world.startOperator(`victim-${approval}`);
      await ask('killed', { verb: 'approve' });
      await sleep(random() ** 2 * 60);
      victim.kill('SIGKILL');
      await victim.exited;
      const { status } = await rolloutOf('killed');
      if (status.step.index < approval) interrupted += 1;
      await freeLease(world);
      const next = await world.startOperator(`next-${approval}`);
      await statusIs('killed', { phase: 'AwaitingApproval', step: { index: approval } });
      next.kill('SIGKILL');
      await next.exited;
    }
    // Otherwise nothing was interrupted, and this test tests nothing.
    expect(interrupted).toBeGreaterThan(0);
    await freeLease(world);
    await world.startOperator('after');
    await sleep(1000);
    await statusIs('killed', {
      step: { index: APPROVALS },
      decision: { number: before.decision.number + APPROVALS, kind: 'Advanced' },
      exposure: { salt: before.exposure.salt },
    });
  }, 240_000);
});
