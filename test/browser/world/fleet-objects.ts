/** The objects of a simulated fleet in a real API server, as the operator leaves them: there is no operator and no node here. */
import { promptDigest, promptVersionName } from '#domain/prompts/prompt-digest.ts';
import { AGENTS } from '#operator/agent/resources.ts';
import { CANARY_ROLLOUTS } from '#operator/canary-rollout/resources.ts';
import { MODELS } from '#operator/model/resources.ts';
import { PROMPT_VERSIONS } from '#operator/prompt-version/resources.ts';
import { type AnyObject, type World } from '#test/cluster/operator/operator-world.ts';
import { inTurns } from './in-turns.ts';
import { releaseStatus, stableStatus } from './rollout-statuses.ts';
import { type SimulatedAgent, type SimulatedFleet, stablePromptText } from './simulated-fleet.ts';

const AT_ONCE = 24;

/** Canaries on their way: each test that acts on one has its own. */
export const RELEASES = [
  { namespace: 'shop', prompt: 'product-describer', moment: 'analyse' },
  { namespace: 'shop', prompt: 'size-advisor', moment: 'approve' },
  { namespace: 'support', prompt: 'reply-drafter', moment: 'paused' },
  { namespace: 'finance', prompt: 'tax-code-finder', moment: 'analyse' },
  { namespace: 'logistics', prompt: 'route-explainer', moment: 'analyse' },
] as const;

export async function createFleet(world: World, fleet: SimulatedFleet): Promise<void> {
  for (const namespace of fleet.namespaces) {
    await world.createNamespace(namespace);
    for (const model of fleet.models) await createModel(world, namespace, model);
  }
  const rollouts = fleet.namespaces.flatMap((namespace) =>
    (fleet.prompts.get(namespace) ?? []).map((prompt) => ({ namespace, prompt })),
  );
  await inTurns(rollouts, AT_ONCE, (rollout) => createRollout(world, rollout));
  await inTurns(fleet.agents, AT_ONCE, (agent) => createAgent(world, agent));
}

async function createModel(
  world: World,
  namespace: string,
  { name, provider, providerModel }: SimulatedFleet['models'][number],
): Promise<void> {
  await world.create(MODELS, {
    metadata: { namespace, name },
    spec: {
      provider,
      model: providerModel,
      keyFrom: { secretRef: { name: `${name}-key` } },
      capabilities: ['Chat', 'Tools', 'JsonSchema'],
    },
  });
  await world.patch(
    MODELS,
    namespace,
    name,
    { status: readyStatus('Usable', 'The Model can be used.') },
    'status',
  );
}

async function createRollout(
  world: World,
  { namespace, prompt }: { readonly namespace: string; readonly prompt: string },
): Promise<void> {
  const release = RELEASES.find((one) => one.namespace === namespace && one.prompt === prompt);
  const [stable, candidate] = await Promise.all(
    [stablePromptText(prompt), `${stablePromptText(prompt)} Answer in one sentence.`].map(async (text) => {
      const digest = promptDigest(text);
      const name = promptVersionName(prompt, digest);
      await world.create(PROMPT_VERSIONS, { metadata: { namespace, name }, spec: { prompt, text, digest } });
      return { name, digest };
    }),
  );
  if (stable === undefined || candidate === undefined) throw new Error('There are two versions.');
  await world.create(CANARY_ROLLOUTS, {
    metadata: { namespace, name: prompt },
    spec: {
      prompt,
      versionRef: { name: (release === undefined ? stable : candidate).name },
      steps: [
        { setExposure: { percent: '5' } },
        { analyse: { minSamples: 250 } },
        { approve: {} },
        { setExposure: { percent: '50' } },
        { bake: { seconds: 3_600 } },
      ],
    },
  });
  const at = new Date(Date.now() - 5_400_000).toISOString();
  const status =
    release === undefined
      ? stableStatus(stable, at)
      : releaseStatus({ stable, candidate, moment: release.moment, at });
  await world.patch(CANARY_ROLLOUTS, namespace, prompt, { status }, 'status');
}

async function createAgent(world: World, agent: SimulatedAgent): Promise<void> {
  const { namespace, name, description, prompt, models } = agent;
  await world.create(AGENTS, {
    metadata: { namespace, name },
    spec: {
      description,
      promptRef: { name: prompt },
      modelPolicy: { allow: models.map((model, index) => ({ name: model, weight: index === 0 ? 1 : 0 })) },
    },
  });
  const digest = promptDigest(stablePromptText(prompt));
  const isStalled = agent.story === 'stalled';
  const status = {
    ...(isStalled
      ? notReadyStatus('PodsNotReady', 'No pod is ready: the image could not be pulled (ErrImagePull).')
      : readyStatus('PodsReady', 'Every pod is ready and serves the present spec.')),
    replicas: 1,
    readyReplicas: isStalled ? 0 : 1,
    rollout: prompt,
    arm: 'stable',
    prompt: { version: promptVersionName(prompt, digest), digest },
  };
  await world.patch(AGENTS, namespace, name, { status }, 'status');
}

/** As the operator writes it when all is well. */
export function readyStatus(reason: string, message: string): AnyObject {
  return { observedGeneration: 1, conditions: [condition('Ready', 'True', reason, message)] };
}

function notReadyStatus(reason: string, message: string): AnyObject {
  return {
    observedGeneration: 1,
    conditions: [condition('Ready', 'False', reason, message), condition('Stalled', 'True', reason, message)],
  };
}

function condition(type: string, status: string, reason: string, message: string): AnyObject {
  return {
    type,
    status,
    reason,
    message,
    observedGeneration: 1,
    lastTransitionTime: new Date().toISOString(),
  };
}
