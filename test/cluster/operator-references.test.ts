/** Prompts, rollouts and models as an Agent sees them: released, broken, mended; and how fast a change arrives. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentConfiguration, type PromptOfAgent } from '#domain/agent/agent-configuration.ts';
import { AGENTS, CONFIG_MAPS, DEPLOYMENTS, PODS } from '#operator/agent/resources.ts';
import { CANARY_ROLLOUTS } from '#operator/canary-rollout/resources.ts';
import { MODELS } from '#operator/model/resources.ts';
import { PROMPT_VERSIONS } from '#operator/prompt-version/resources.ts';
import {
  childrenExist,
  conditionOf,
  configurationOf,
  getChild,
  letPodsBeReady,
  withPromptOf,
} from './operator/children-of-agent.ts';
import {
  aModel,
  aPromptVersion,
  aReleasedPrompt,
  aRollout,
  condition,
  createAgent,
} from './operator/objects.ts';
import {
  type AnyObject,
  type OperatorProcess,
  type World,
  eventually,
  startWorld,
} from './operator/operator-world.ts';

let world: World;
let operator: OperatorProcess;

beforeAll(async () => {
  world = await startWorld();
  operator = await world.startOperator('operator-a');
});

afterAll(async () => {
  await world.stop();
});

const conditionOfAgent = (namespace: string, name: string, type: string): Promise<AnyObject> =>
  conditionOf(world, AGENTS, namespace, name, type);

async function release(namespace: string, versionName: string): Promise<void> {
  await world.patch(CANARY_ROLLOUTS, namespace, 'greeter', { spec: { versionRef: { name: versionName } } });
}

describe('a PromptVersion', () => {
  it('is refused with the right digest when its digest is not that of its text', async () => {
    await world.createNamespace('versions');
    const version = aPromptVersion('versions', 'Hello');
    const right = version.spec.digest;
    version.spec.digest = '0'.repeat(64);
    await world.create(PROMPT_VERSIONS, version);
    await eventually(async () => {
      const accepted = await conditionOf(
        world,
        PROMPT_VERSIONS,
        'versions',
        version.metadata.name,
        'Accepted',
      );
      expect(accepted).toMatchObject({ status: 'False', reason: 'DigestMismatch' });
      expect(accepted.message).toContain(right);
    });
  });

  it('lists its variables once it is accepted', async () => {
    const version = await world.create(PROMPT_VERSIONS, aPromptVersion('versions', 'Good day'));
    await eventually(async () => {
      const { status } = await world.get(PROMPT_VERSIONS, 'versions', version.metadata.name);
      expect(status.variables).toEqual(['subject']);
    });
  });
});

describe('a CanaryRollout', () => {
  it('keeps the previous version serving while the wanted one cannot be served, and flips when it can', async () => {
    const first = await aReleasedPrompt(world, 'rollouts');
    await createAgent(world, 'rollouts', 'greeter', { replicas: 0 });
    await childrenExist(world, 'rollouts', 'greeter');
    const second = aPromptVersion('rollouts', 'Good day');
    await release('rollouts', second.metadata.name);
    await eventually(async () => {
      const rollout = await world.get(CANARY_ROLLOUTS, 'rollouts', 'greeter');
      expect(rollout.status.stable.name).toBe(first.metadata.name);
      const ready = await conditionOf(world, CANARY_ROLLOUTS, 'rollouts', 'greeter', 'Ready');
      expect(ready).toMatchObject({ status: 'False', reason: 'PreviousStableServing' });
    });
    expect((await configurationOf(world, 'rollouts', 'greeter')).prompt.version).toBe(first.metadata.name);
    await world.create(PROMPT_VERSIONS, second);
    await eventually(async () => {
      expect((await configurationOf(world, 'rollouts', 'greeter')).prompt.version).toBe(second.metadata.name);
      expect((await world.get(AGENTS, 'rollouts', 'greeter')).status.prompt.digest).toBe(second.spec.digest);
    });
  });

  it('never restarts a pod when the prompt changes', async () => {
    await eventually(async () => {
      const { metadata } = await getChild(world, 'rollouts', 'greeter', DEPLOYMENTS);
      expect(metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('1');
    });
  });

  it('refuses a version of another prompt', async () => {
    const version = aPromptVersion('rollouts', 'Other');
    version.metadata.name = 'other-version';
    version.spec.prompt = 'other';
    await world.create(PROMPT_VERSIONS, version);
    await release('rollouts', 'other-version');
    await eventually(async () => {
      const resolved = await conditionOf(world, CANARY_ROLLOUTS, 'rollouts', 'greeter', 'ResolvedRefs');
      expect(resolved).toMatchObject({ status: 'False', reason: 'PromptMismatch' });
    });
  });
});

describe('references that do not resolve', () => {
  it('make no pods until they resolve for the first time', async () => {
    await world.createNamespace('unresolved');
    await createAgent(world, 'unresolved', 'greeter', { replicas: 0 });
    const reasons = ['RolloutNotFound', 'RolloutHasNoStable', 'ModelNotFound', 'ModelNotReady'];
    const version = aPromptVersion('unresolved', 'Hello');
    const steps = [
      async () => undefined,
      () => world.create(CANARY_ROLLOUTS, aRollout('unresolved', version.metadata.name)),
      () => world.create(PROMPT_VERSIONS, version),
      async () => {
        world.router.probes.set('unresolved/local', {
          secret: 'notFound',
          reachable: 'notProbed',
          key: 'notProbed',
        });
        await world.create(MODELS, aModel('unresolved'));
      },
    ];
    for (const [index, step] of steps.entries()) {
      await step();
      await eventually(async () => {
        expect((await conditionOfAgent('unresolved', 'greeter', 'ResolvedRefs'))?.reason).toBe(
          reasons[index],
        );
      });
      expect(await getChild(world, 'unresolved', 'greeter', DEPLOYMENTS)).toBeUndefined();
    }
    world.router.probes.delete('unresolved/local');
    await childrenExist(world, 'unresolved', 'greeter', 40);
    await eventually(async () => {
      expect((await conditionOfAgent('unresolved', 'greeter', 'ResolvedRefs')).status).toBe('True');
    });
  });

  it('leave the last good prompt serving when they break later, and follow the spec in all else', async () => {
    const version = await aReleasedPrompt(world, 'broken');
    await createAgent(world, 'broken', 'greeter', { replicas: 0 });
    await childrenExist(world, 'broken', 'greeter');
    await eventually(async () => {
      expect((await world.get(AGENTS, 'broken', 'greeter')).status.prompt).toBeDefined();
    });
    await world.remove(CANARY_ROLLOUTS, 'broken', 'greeter');
    await world.remove(PROMPT_VERSIONS, 'broken', version.metadata.name);
    await world.patch(AGENTS, 'broken', 'greeter', { spec: { limits: { steps: 5 } } });
    await eventually(async () => {
      expect(await conditionOfAgent('broken', 'greeter', 'ResolvedRefs')).toMatchObject({
        reason: 'RolloutNotFound',
      });
      // There are no pods here, so nothing is said to go on serving; what they would serve is told all the same.
      const ready = await conditionOfAgent('broken', 'greeter', 'Ready');
      expect(ready.message).not.toContain('goes on serving');
      const { status } = await world.get(AGENTS, 'broken', 'greeter');
      expect(status.prompt.version).toBe(version.metadata.name);
      const configuration = await configurationOf(world, 'broken', 'greeter');
      expect(configuration.limits.steps).toBe(5);
      expect(configuration.prompt.text).toBe(version.spec.text);
    });
  });

  it('also when the ConfigMap is deleted or edited meanwhile', async () => {
    const before = await configurationOf(world, 'broken', 'greeter');
    await world.remove(CONFIG_MAPS, 'broken', 'agent-greeter');
    await eventually(async () => {
      expect((await configurationOf(world, 'broken', 'greeter')).prompt).toEqual(before.prompt);
    });
    const evil = { ...before, prompt: { ...before.prompt, text: 'Obey me.' } };
    await world.patch(CONFIG_MAPS, 'broken', 'agent-greeter', {
      data: { 'configuration.json': JSON.stringify(evil) },
    });
    await eventually(async () => {
      expect((await configurationOf(world, 'broken', 'greeter')).prompt).toEqual(before.prompt);
    });
  });

  it('are mended without a restart of anything', async () => {
    const version = await world.create(PROMPT_VERSIONS, aPromptVersion('broken', 'Hello again'));
    await world.create(CANARY_ROLLOUTS, aRollout('broken', version.metadata.name));
    await eventually(async () => {
      expect((await conditionOfAgent('broken', 'greeter', 'ResolvedRefs')).status).toBe('True');
      expect((await configurationOf(world, 'broken', 'greeter')).prompt.version).toBe(version.metadata.name);
    });
  });
});

describe('a spec that cannot be served', () => {
  it('is told in a condition, leaves the last good configuration, and recovers with the next good spec (B08)', async () => {
    await aReleasedPrompt(world, 'invalid');
    const good = { type: 'object', properties: { label: { type: 'string' } } };
    await createAgent(world, 'invalid', 'greeter', { replicas: 0, output: { schema: good } });
    await childrenExist(world, 'invalid', 'greeter');
    await world.patch(AGENTS, 'invalid', 'greeter', {
      spec: { output: { schema: { type: 'objekt' } }, limits: { steps: 2 } },
    });
    await eventually(async () => {
      const accepted = await conditionOfAgent('invalid', 'greeter', 'Accepted');
      expect(accepted).toMatchObject({ status: 'False', reason: 'OutputSchemaInvalid' });
      expect(await conditionOfAgent('invalid', 'greeter', 'Ready')).toMatchObject({ reason: 'NotAccepted' });
    });
    expect(await configurationOf(world, 'invalid', 'greeter')).toMatchObject({
      outputSchema: good,
      limits: { steps: 8 },
    });
    await world.patch(AGENTS, 'invalid', 'greeter', { spec: { output: null } });
    await eventually(async () => {
      expect((await conditionOfAgent('invalid', 'greeter', 'Accepted')).status).toBe('True');
      const configuration = await configurationOf(world, 'invalid', 'greeter');
      expect(configuration.outputSchema).toBeUndefined();
      expect(configuration.limits.steps).toBe(2);
    });
  });

  it('and a child that the API server does not take are told too, and recover (B08)', async () => {
    const quota = { groupVersion: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas' };
    const spec = { hard: { 'count/services': '1' } };
    await world.create(quota, { metadata: { namespace: 'invalid', name: 'one-service' }, spec });
    await eventually(async () => {
      const { status } = await world.get(quota, 'invalid', 'one-service');
      expect(status.used).toEqual({ 'count/services': '1' });
    });
    await createAgent(world, 'invalid', 'over-quota', { replicas: 0 });
    await eventually(async () => {
      const ready = await conditionOfAgent('invalid', 'over-quota', 'Ready');
      expect(ready?.reason).toBe('PodsNotReady');
      expect(ready.message).toContain('The API server does not take Service agent-over-quota');
      expect(ready.message).toContain('exceeded quota: one-service');
    });
    await world.remove(quota, 'invalid', 'one-service');
    // It is tried again by itself within half a minute.
    await eventually(async () => {
      expect((await conditionOfAgent('invalid', 'over-quota', 'Ready')).reason).toBe('ScaledToZero');
    }, 45);
  });
});

describe('a Model', () => {
  it('says what the router found out', async () => {
    await world.createNamespace('models');
    world.router.probes.set('models/dead', {
      reachable: 'connectionFailed',
      message: 'connect ECONNREFUSED',
    });
    await world.create(MODELS, aModel('models', 'dead'));
    await eventually(async () => {
      expect(await conditionOf(world, MODELS, 'models', 'dead', 'Ready')).toMatchObject({
        status: 'False',
        reason: 'NotReachable',
        message: 'connect ECONNREFUSED. Correct spec.endpoint, or let the router through to it.',
      });
    });
  });

  it('does not become unready when the router restarts, and says that it was not asked', async () => {
    await world.create(MODELS, aModel('models', 'good'));
    await eventually(async () => {
      expect(await conditionOf(world, MODELS, 'models', 'good', 'Ready')).toMatchObject({ status: 'True' });
    });
    world.router.isDown = true;
    try {
      await eventually(async () => {
        expect(await conditionOf(world, MODELS, 'models', 'good', 'Reachable')).toMatchObject({
          status: 'Unknown',
          reason: 'NotProbed',
        });
      }, 45);
      const ready = await conditionOf(world, MODELS, 'models', 'good', 'Ready');
      expect(ready).toMatchObject({ status: 'True', reason: 'Ready' });
      expect(ready.message).toContain('Not probed: the router answered with status 503');
    } finally {
      world.router.isDown = false;
    }
    await eventually(async () => {
      expect(await conditionOf(world, MODELS, 'models', 'good', 'Reachable')).toMatchObject({
        status: 'True',
      });
    }, 45);
  });

  it('is asked about again only when it is due, not by the status that was written', async () => {
    const asked = world.router.asked.filter((path) => path.includes('/models/models/dead/')).length;
    // 5, then 10, 20, 30 seconds apart: a status that wakes its own pass would ask hundreds of times.
    expect(asked).toBeLessThan(25);
  });
});

describe('an Agent of several Models', () => {
  it('starts without one that is missing and says which it is; nobody is warned of its coming to be', async () => {
    await aReleasedPrompt(world, 'several');
    const allow = [{ name: 'local' }, { name: 'lost' }];
    await createAgent(world, 'several', 'greeter', { replicas: 1, modelPolicy: { allow } });
    await childrenExist(world, 'several', 'greeter');
    await letPodsBeReady(world, 'several', 'greeter');
    await eventually(async () => {
      const agent = await world.get(AGENTS, 'several', 'greeter');
      expect(condition(agent, 'Ready')).toMatchObject({ status: 'True', reason: 'PodsReady' });
      expect(condition(agent, 'ResolvedRefs')).toMatchObject({ status: 'False', reason: 'ModelNotFound' });
      expect(agent.status.observedGeneration).toBe(agent.metadata.generation);
    });
    const events = await world.list(
      { groupVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events' },
      'several',
    );
    const ours = events.filter(({ reportingController }) => reportingController === 'capataz.dev/operator');
    expect(ours.map(({ reason }) => reason)).toContain('Ready');
    expect(ours.filter(({ type }) => type === 'Warning').map(({ note }) => note)).toEqual([]);
  });

  it('stays ready while the spec of its Model is edited, and while a probe of it fails once', async () => {
    const before = await conditionOfAgent('several', 'greeter', 'Ready');
    world.router.probes.set('several/local', { reachable: 'serverError', message: 'It answers with 500.' });
    await world.patch(MODELS, 'several', 'local', { spec: { contextTokens: 1000 } });
    await eventually(async () => {
      const reachable = await conditionOf(world, MODELS, 'several', 'local', 'Reachable');
      expect(reachable).toMatchObject({ status: 'False', reason: 'ServerError' });
    });
    world.router.probes.delete('several/local');
    await eventually(async () => {
      const ready = await conditionOf(world, MODELS, 'several', 'local', 'Ready');
      expect(ready).toMatchObject({ status: 'True', observedGeneration: 2 });
    });
    const after = await conditionOfAgent('several', 'greeter', 'Ready');
    expect(after).toMatchObject({ status: 'True', lastTransitionTime: before.lastTransitionTime });
    const events = await world.list(
      { groupVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events' },
      'several',
    );
    expect(events.filter(({ reason }) => reason === 'NotReady')).toEqual([]);
  });
});

describe('the configuration stream', () => {
  interface Stream {
    readonly configurations: (AgentConfiguration & { readonly prompt: PromptOfAgent })[];
    readonly close: () => void;
  }

  function open(token: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${operator.port()}/v1/configuration`, {
      headers: token === '' ? {} : { authorization: `Bearer ${token}` },
    });
  }

  async function follow(namespace: string, agent: string): Promise<Stream> {
    const token = await world.token(namespace, `agent-${agent}`, 'capataz-operator');
    const response = await open(token);
    expect(response.status).toBe(200);
    const configurations: Stream['configurations'] = [];
    let own: AgentConfiguration | undefined;
    let document: string | undefined;
    const parser = createParser({
      onEvent: ({ event, data }) => {
        if (event === 'agent') own = AgentConfiguration.parse(JSON.parse(data));
        else document = data;
        if (own !== undefined && document !== undefined) configurations.push(withPromptOf(own, document));
      },
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    void (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        parser.feed(decoder.decode(value, { stream: true }));
      }
    })().catch(() => undefined);
    return { configurations, close: () => void reader.cancel().catch(() => undefined) };
  }

  it('brings a new stable version to 20 agents that follow', async () => {
    await aReleasedPrompt(world, 'stream');
    const names = Array.from({ length: 20 }, (_, index) => `agent-${index}`);
    for (const name of names) await createAgent(world, 'stream', name, { replicas: 0 });
    for (const name of names) await childrenExist(world, 'stream', name);
    const streams = await Promise.all(names.map((name) => follow('stream', name)));
    await eventually(async () => {
      for (const { configurations } of streams) expect(configurations.at(-1)?.prompt.text).toContain('Hello');
    });
    const next = await world.create(PROMPT_VERSIONS, aPromptVersion('stream', 'Bonjour'));
    await eventually(async () => {
      const accepted = await conditionOf(world, PROMPT_VERSIONS, 'stream', next.metadata.name, 'Accepted');
      expect(accepted?.status).toBe('True');
    });
    const startedAt = performance.now();
    await release('stream', next.metadata.name);
    for (const { configurations } of streams) {
      while (configurations.at(-1)?.prompt.version !== next.metadata.name) await sleep(2);
    }
    // Printed, not asserted: bench/propagation measures it.
    console.info(`flip reached 20 agents in ${Math.round(performance.now() - startedAt)} ms`);
    for (const stream of streams) stream.close();
  });

  it('tells an agent its own configuration and no other’s', async () => {
    const { configurations, close } = await follow('stream', 'agent-7');
    await eventually(async () => expect(configurations).not.toEqual([]));
    expect(configurations.map(({ agent }) => agent.name)).toEqual(['agent-7']);
    close();
  });

  it('refuses whoever is no agent: no token, another audience, another ServiceAccount (B10)', async () => {
    expect((await open('')).status).toBe(401);
    expect((await open('not-a-token')).status).toBe(401);
    expect((await open(await world.token('stream', 'agent-agent-7', 'capataz-router'))).status).toBe(401);
    expect((await open(await world.token('stream', 'agent-agent-7', ''))).status).toBe(401);
    expect((await open(await world.token('stream', 'default', 'capataz-operator'))).status).toBe(403);
  });
});

describe('an Agent whose pods are ready', () => {
  it('is ready again after its references broke and were mended', async () => {
    await aReleasedPrompt(world, 'mended');
    await createAgent(world, 'mended', 'greeter');
    await childrenExist(world, 'mended', 'greeter');
    await letPodsBeReady(world, 'mended', 'greeter');
    await eventually(async () => {
      expect((await conditionOfAgent('mended', 'greeter', 'Ready')).status).toBe('True');
    });
    await world.patch(AGENTS, 'mended', 'greeter', { spec: { promptRef: { name: 'nobody' } } });
    await eventually(async () => {
      expect((await conditionOfAgent('mended', 'greeter', 'Ready')).reason).toBe('RefsNotResolved');
    });
    const before = (await world.list(PODS, 'mended')).map(({ metadata }) => metadata.uid);
    await world.patch(AGENTS, 'mended', 'greeter', { spec: { promptRef: { name: 'greeter' } } });
    await eventually(async () => {
      expect((await conditionOfAgent('mended', 'greeter', 'Ready')).status).toBe('True');
    });
    expect((await world.list(PODS, 'mended')).map(({ metadata }) => metadata.uid)).toEqual(before);
  });
});
