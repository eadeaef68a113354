/** From the objects of the files to what is served: one Agent, its prompt, and the Models it may use, as they are here. */
import { AgentSpec } from '#crds/agent.ts';
import { CanaryRolloutSpec } from '#crds/canary-rollout.ts';
import type { ModelPrice } from '#crds/model.ts';
import type { PromptVersionSpec } from '#crds/prompt-version.ts';
import type { AgentConfigurationContent } from '#domain/agent/agent-configuration.ts';
import { buildAgentConfiguration } from '#domain/agent/build-agent-configuration.ts';
import { type DevObject, base64 } from './read-objects.ts';

/** Where every model call goes instead. */
export interface OtherEndpoint {
  readonly url: string;
  readonly model: string;
  /** Of the model there, whatever the manifests say of another. */
  readonly price: ModelPrice;
  readonly key?: string;
}

export type Served =
  | {
      readonly ok: true;
      readonly agent: DevObject;
      readonly configuration: AgentConfigurationContent;
      readonly models: readonly string[];
      readonly needsLocalModel: boolean;
    }
  | { readonly ok: false; readonly problem: string };

const KEY_SECRET = 'capataz-dev-key';
const LOCAL_MODEL = /^http:\/\/capataz-local-model\./;

export function chooseServed(objects: readonly DevObject[], agentName: string | undefined): Served {
  const agents = objects.filter(({ kind }) => kind === 'Agent');
  const named =
    agentName === undefined ? agents : agents.filter(({ metadata }) => metadata.name === agentName);
  const [agent] = named;
  const names = agents.map(({ metadata }) => metadata.name).join(', ');
  if (agent === undefined) {
    return refuse(
      agents.length === 0 ? 'The files hold no Agent.' : `There is no Agent ${agentName}: there is ${names}.`,
    );
  }
  if (named.length > 1) return refuse(`The files hold several Agents: choose one of ${names} with --agent.`);
  const spec = AgentSpec.parse(agent.spec);
  const prompt = promptOf(objects, spec);
  if (typeof prompt === 'string') return refuse(prompt);
  const { rollout: _, ...configuration } = buildAgentConfiguration(
    { metadata: { ...agent.metadata, uid: `dev-${agent.metadata.name}`, generation: 1 }, spec },
    prompt,
  );
  const models = spec.modelPolicy.allow.map(({ name }) => name);
  const needsLocalModel = objects.some(
    (one) => one.kind === 'Model' && models.includes(one.metadata.name) && isLocal(one),
  );
  return { ok: true, agent, configuration, models, needsLocalModel };
}

const refuse = (problem: string): Served => ({ ok: false, problem });

/** The prompt's own file comes first: it is what the author is writing. */
function promptOf(
  objects: readonly DevObject[],
  { promptRef }: AgentSpec,
): NonNullable<AgentConfigurationContent['prompt']> | string {
  const versions = objects
    .filter(({ kind }) => kind === 'PromptVersion')
    .map(({ metadata, spec, isPromptFile }) => ({ metadata, spec: spec as PromptVersionSpec, isPromptFile }));
  const rollout = objects.find(
    ({ kind, metadata }) => kind === 'CanaryRollout' && metadata.name === promptRef.name,
  );
  const released = rollout === undefined ? undefined : CanaryRolloutSpec.parse(rollout.spec);
  const wantedVersion = promptRef.version ?? released?.versionRef?.name;
  const pinned = versions.find(({ metadata }) => metadata.name === wantedVersion);
  const prompt =
    released?.prompt ??
    promptRef.name ??
    pinned?.spec.prompt ??
    promptRef.version?.replace(/-[0-9a-f]{12}$/, '');
  const found = versions.find(({ isPromptFile, spec }) => isPromptFile && spec.prompt === prompt) ?? pinned;
  if (found === undefined) {
    return `There is no prompt ${prompt}: the files hold neither ${prompt}.prompt that can be read nor the PromptVersion ${wantedVersion ?? ''}.`;
  }
  const { digest, text } = found.spec;
  return { name: found.spec.prompt, version: found.metadata.name, digest, text };
}

/** What the router is shown. `localModelUrl` is where the local model of the chart is here. */
export function objectsForRouter(
  objects: readonly DevObject[],
  served: Extract<Served, { ok: true }>,
  places: { readonly localModelUrl?: string; readonly other?: OtherEndpoint },
): readonly DevObject[] {
  const { namespace } = served.agent.metadata;
  const { localModelUrl, other } = places;
  const kept = objects.filter(({ kind }) => kind === 'Model' || kind === 'Secret');
  if (other === undefined) {
    return [
      served.agent,
      ...kept.map((one) =>
        localModelUrl !== undefined && isLocal(one)
          ? { ...one, spec: { ...(one.spec as object), endpoint: localModelUrl } }
          : one,
      ),
    ];
  }
  const keyFrom = { secretRef: { name: KEY_SECRET, key: 'key' } };
  const models = served.models.map((name): DevObject => {
    const before = kept.find((one) => one.kind === 'Model' && one.metadata.name === name)?.spec;
    const spec = {
      dataClasses: ['Public', 'Internal', 'Confidential', 'Restricted'],
      ...(before as object | undefined),
      capabilities: ['Chat', 'Tools', 'JsonSchema'],
      provider: 'OpenAICompatible',
      endpoint: other.url,
      model: other.model,
      price: other.price,
      keyFrom: other.key === undefined ? undefined : keyFrom,
    };
    return { kind: 'Model', metadata: { name, namespace }, spec };
  });
  const secret: DevObject = {
    kind: 'Secret',
    metadata: { name: KEY_SECRET, namespace },
    data: { key: base64(other.key ?? '') },
  };
  return [served.agent, ...models, secret];
}

function isLocal({ kind, spec }: DevObject): boolean {
  const endpoint = (spec as { readonly endpoint?: unknown } | undefined)?.endpoint;
  return kind === 'Model' && typeof endpoint === 'string' && LOCAL_MODEL.test(endpoint);
}
