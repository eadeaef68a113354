/**
 * Gathers all that decides about one Agent, from the local copies. No request to the API server is made, but for the golden set
 * of an Agent that is probed.
 */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { DesiredObject } from '#adapters/kubernetes/object-writer.ts';
import type { Agent } from '#crds/agent.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { Model } from '#crds/model.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import {
  AGENT_CONFIGURATION_KEY,
  AgentConfiguration,
  FORMER_AGENT_CONFIGURATION_KEY,
} from '#domain/agent/agent-configuration.ts';
import { type CompiledJsonSchema, compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { promptDigest } from '#domain/prompts/prompt-digest.ts';
import type { ObservedChildren } from '../runtime/decision.ts';
import type { PodSummary } from './pod-summary.ts';
import type { PodSettings } from './pod-template.ts';
import type { ObservedProbes } from './probes/decide-probes.ts';
import { CONFIG_MAPS } from './resources.ts';
import { findToolProblem } from './tool-problem.ts';

/** Look-ups in the local copies, by key (`namespace/name`). */
export interface AgentSources {
  readonly getRollout: (key: string) => CanaryRollout | undefined;
  readonly getPromptVersion: (key: string) => PromptVersion | undefined;
  readonly getModel: (key: string) => Model | undefined;
  /** What the rollout with this key served last, also when it and the version are gone. */
  readonly getLastStable: (rolloutKey: string) => PromptVersion | undefined;
  /** By the key of their Agent. */
  readonly listPods: (agentKey: string) => readonly PodSummary[];
  readonly podSettings: PodSettings;
}

export interface ObservedAgent {
  readonly agent: Agent;
  /** What promptRef.name names. */
  readonly rollout: CanaryRollout | undefined;
  /** What the Agent is to serve by its promptRef. */
  readonly wanted: PromptVersion | undefined;
  /** What the Agent was told to serve last, as long as it is still the same text. */
  readonly previous: PromptVersion | undefined;
  /** The last configuration whose prompt, if it has one, is what its digest says. */
  readonly lastConfiguration: AgentConfiguration | undefined;
  /** As it is in the ConfigMap, for pods of version 0.1. */
  readonly lastFormerConfiguration: AgentConfiguration | undefined;
  readonly models: readonly { readonly name: string; readonly model: Model | undefined }[];
  /** Of `output.schema`; undefined when there is none. */
  readonly outputSchema: CompiledJsonSchema | undefined;
  /** What is wrong with one of the Http tools. */
  readonly toolProblem: string | undefined;
  readonly pods: readonly PodSummary[];
  /** Undefined when it is not to be probed. */
  readonly probes: ObservedProbes | undefined;
  /** What every agent's pod has in common in this installation. */
  readonly podSettings: PodSettings;
}

export function observeAgent(
  agent: Agent,
  children: ObservedChildren,
  sources: AgentSources,
  probes: ObservedProbes | undefined,
): ObservedAgent {
  const { namespace, name, uid } = agent.metadata;
  const { promptRef, modelPolicy, output, tools = [] } = agent.spec;
  const inNamespace = (objectName: string): string => `${namespace}/${objectName}`;
  const rollout = promptRef.name === undefined ? undefined : sources.getRollout(inNamespace(promptRef.name));
  const wantedName = promptRef.version ?? rollout?.status?.stable?.name;
  const wanted = wantedName === undefined ? undefined : sources.getPromptVersion(inNamespace(wantedName));

  return {
    agent,
    rollout,
    wanted,
    previous:
      previousPromptVersion(agent, sources) ??
      (promptRef.name === undefined ? undefined : sources.getLastStable(inNamespace(promptRef.name))),
    lastConfiguration:
      lastConfiguration(children.wanted.get(CONFIG_MAPS.kind), uid) ??
      lastConfiguration(children.live.get(CONFIG_MAPS.kind), uid),
    lastFormerConfiguration: readConfiguration(
      dataOf(children.live.get(CONFIG_MAPS.kind))[FORMER_AGENT_CONFIGURATION_KEY],
      uid,
    ),
    models: modelPolicy.allow.map((allowed) => ({
      name: allowed.name,
      model: sources.getModel(inNamespace(allowed.name)),
    })),
    outputSchema: output === undefined ? undefined : compileOnce(output.schema),
    toolProblem: findToolProblem(tools, compileOnce),
    pods: sources.listPods(inNamespace(name)),
    probes,
    podSettings: sources.podSettings,
  };
}

function previousPromptVersion(
  { metadata, status }: Agent,
  sources: AgentSources,
): PromptVersion | undefined {
  // What an exposed Agent tried is nothing to fall back to when its rollout is gone.
  if (status?.prompt?.version === undefined || status.arm === 'candidate') return undefined;
  const promptVersion = sources.getPromptVersion(`${metadata.namespace}/${status.prompt.version}`);
  return promptVersion?.spec.digest === status.prompt.digest ? promptVersion : undefined;
}

/** Of a ConfigMap as it is, or as it was wanted. */
function dataOf(configMap: KubeObject | DesiredObject | undefined): Readonly<Record<string, string>> {
  const { data } = (configMap ?? {}) as { readonly data?: Readonly<Record<string, string>> };
  return data ?? {};
}

function lastConfiguration(
  configMap: KubeObject | DesiredObject | undefined,
  agentUid: string,
): AgentConfiguration | undefined {
  const data = dataOf(configMap);
  return (
    readConfiguration(data[AGENT_CONFIGURATION_KEY], agentUid) ??
    readConfiguration(data[FORMER_AGENT_CONFIGURATION_KEY], agentUid)
  );
}

/** Undefined unless it is this Agent's, whole, and a prompt in it is what its digest says: anyone may have edited it. */
function readConfiguration(text: string | undefined, agentUid: string): AgentConfiguration | undefined {
  if (text === undefined) return undefined;
  try {
    const configuration = AgentConfiguration.parse(JSON.parse(text));
    const { prompt, agent } = configuration;
    const isWhole = prompt === undefined || promptDigest(prompt.text) === prompt.digest;
    return agent.uid === agentUid && isWhole ? configuration : undefined;
  } catch {
    return undefined;
  }
}

/** Compiling takes milliseconds, and the object stays the same until it is changed. */
const compiledSchemas = new WeakMap<object, CompiledJsonSchema>();

function compileOnce(schema: Readonly<Record<string, unknown>>): CompiledJsonSchema {
  const known = compiledSchemas.get(schema);
  if (known !== undefined) return known;
  const compiled = compileJsonSchema(schema);
  compiledSchemas.set(schema, compiled);
  return compiled;
}
