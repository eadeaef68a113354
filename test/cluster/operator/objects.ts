/** The objects of the tests: a prompt in two versions, a rollout, a model, and agents. */
import { promptDigest, promptVersionName } from '#domain/prompts/prompt-digest.ts';
import { AGENTS } from '#operator/agent/resources.ts';
import { CANARY_ROLLOUTS } from '#operator/canary-rollout/resources.ts';
import { MODELS } from '#operator/model/resources.ts';
import { PROMPT_VERSIONS } from '#operator/prompt-version/resources.ts';
import type { AnyObject, World } from './operator-world.ts';
import { eventually } from './operator-world.ts';

export function promptText(greeting: string): string {
  return `---\ninput:\n  schema:\n    subject: string\n---\n${greeting} {{subject}}\n`;
}

export function aPromptVersion(namespace: string, greeting: string): AnyObject {
  const text = promptText(greeting);
  const digest = promptDigest(text);
  return {
    metadata: { namespace, name: promptVersionName('greeter', digest) },
    spec: { prompt: 'greeter', text, digest },
  };
}

export function aRollout(namespace: string, versionName: string): AnyObject {
  return {
    metadata: { namespace, name: 'greeter' },
    spec: { prompt: 'greeter', versionRef: { name: versionName } },
  };
}

export function aModel(namespace: string, name = 'local'): AnyObject {
  return {
    metadata: { namespace, name },
    spec: {
      provider: 'OpenAICompatible',
      endpoint: 'http://capataz-local-model.capataz-system.svc:8080/v1',
      model: 'smollm2-135m-instruct',
      capabilities: ['Chat'],
      price: { inputUsdPerMillionTokens: '0', outputUsdPerMillionTokens: '0' },
    },
  };
}

export function anAgent(namespace: string, name: string, spec: AnyObject = {}): AnyObject {
  return {
    metadata: { namespace, name },
    spec: { promptRef: { name: 'greeter' }, modelPolicy: { allow: [{ name: 'local' }] }, ...spec },
  };
}

/** A namespace with a released prompt and a usable model. Returns the PromptVersion. */
export async function aReleasedPrompt(world: World, namespace: string): Promise<AnyObject> {
  await world.createNamespace(namespace);
  const version = await world.create(PROMPT_VERSIONS, aPromptVersion(namespace, 'Hello'));
  await world.create(MODELS, aModel(namespace));
  await world.create(CANARY_ROLLOUTS, aRollout(namespace, version.metadata.name));
  await eventually(async () => {
    const rollout = await world.get(CANARY_ROLLOUTS, namespace, 'greeter');
    if (rollout.status?.stable?.name !== version.metadata.name) throw new Error('not stable yet');
    const model = await world.get(MODELS, namespace, 'local');
    if (condition(model, 'Ready')?.status !== 'True')
      throw new Error(`model not ready: ${JSON.stringify(model.status)}`);
  });
  return version;
}

export async function createAgent(
  world: World,
  namespace: string,
  name: string,
  spec: AnyObject = {},
): Promise<AnyObject> {
  return await world.create(AGENTS, anAgent(namespace, name, spec));
}

export function condition(object: AnyObject, type: string): AnyObject {
  return object?.status?.conditions?.find((one: AnyObject) => one.type === type);
}
