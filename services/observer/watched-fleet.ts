/** What the observer watches of the cluster, and what it makes known of it to those who judge. */
import { type KubeObject, objectKey } from '#adapters/kubernetes/kube-object.ts';
import type { ClusterView } from '#adapters/kubernetes/cluster-view.ts';
import { type ReadObject, currentConditionStatus, readableObject } from '#adapters/kubernetes/read-kind.ts';
import { type AnyWatchedResource, watchedKind } from '#adapters/kubernetes/watched-resource.ts';
import type { ObjectChange } from '#adapters/kubernetes/resilient-informer.ts';
import { AGENT, type AgentSpec, type AgentStatus } from '#crds/agent.ts';
import { CANARY_ROLLOUT, type CanaryRollout } from '#crds/canary-rollout.ts';
import type { Condition } from '#crds/conditions.ts';
import type { KindObject, KindStatus } from '#crds/kind-definition.ts';
import { MODEL, type Model } from '#crds/model.ts';
import { DEFAULT_PROBE_MINUTES } from '#domain/probes/probe-entry.ts';
import { priceOfModel } from '#domain/pricing/price-request.ts';
import type { AgentRow } from '#domain/observation/agent-row.ts';
import type {
  FleetKnowledge,
  KnownAgent,
  KnownChange,
  KnownLedger,
  KnownModel,
  KnownRollout,
} from '#domain/watching/fleet-knowledge.ts';
import { type ChangesOfObjects, aspectsOfAgent, aspectsOfModel } from './changes-of-objects.ts';

export const AGENTS = watchedKind(AGENT);
export const MODELS = watchedKind(MODEL);
export const ROLLOUTS = watchedKind(CANARY_ROLLOUT);
export const WATCHED_RESOURCES: readonly AnyWatchedResource[] = [AGENTS, MODELS, ROLLOUTS];

const SECONDS_PER_MINUTE = 60;
const SENTENCE_CHARACTERS = 1_024;
const RUNNING_PHASES: ReadonlySet<string> = new Set([
  'Progressing',
  'Paused',
  'AwaitingApproval',
  'OutsideWindow',
]);
const PHASES_OF_A_PERSON: ReadonlySet<string> = new Set(['Paused', 'AwaitingApproval', 'Refused']);

type ReadAgent = ReadObject<AgentSpec, AgentStatus>;

export type ChangesOf = (kind: 'Agent' | 'Model', key: string) => readonly KnownChange[];

export function knowledgeOf(
  view: ClusterView,
  changesOf: ChangesOf,
  ledger: KnownLedger,
  now: Date,
): FleetKnowledge {
  const agents = view.of(AGENTS).list();
  const models = view
    .of(MODELS)
    .list()
    .flatMap((read) => readableObject(read) ?? []);
  const rollouts = view
    .of(ROLLOUTS)
    .list()
    .flatMap((read) => readableObject(read) ?? []);
  const followers = Map.groupBy(agents, (agent) => {
    const { metadata, spec } = readableObject(agent) ?? {};
    const name = spec?.promptRef.name;
    return name === undefined || metadata === undefined ? '' : objectKey({ ...metadata, name });
  });
  return {
    agents: agents.map((agent) => knownAgent(agent, changesOf('Agent', objectKey(agent.metadata)))),
    models: models.map((model) => knownModel(model, changesOf('Model', objectKey(model.metadata)), now)),
    rollouts: rollouts.map((rollout) =>
      knownRollout(rollout, followers.get(objectKey(rollout.metadata)) ?? []),
    ),
    ledger,
  };
}

/** One whose spec this version cannot read is known all the same: what it did stands in the ledger. */
function knownAgent({ content }: ReadAgent, changes: readonly KnownChange[]): KnownAgent {
  const agent = content.object;
  const { metadata, status } = agent;
  const { namespace, name, uid } = metadata;
  const { rollout, prompt } = status ?? {};
  const promptName = rollout ?? prompt?.version;
  const ready = conditionOf(agent, 'Ready');
  return {
    namespace,
    name,
    uid,
    state: stateOf(agent),
    stateSentence: sentenceOf(ready),
    stateSinceMicroseconds: sinceOf(ready),
    prompt:
      promptName === undefined || prompt?.digest === undefined
        ? null
        : { name: promptName, digest: prompt.digest },
    models: content.ok ? content.object.spec.modelPolicy.allow.map((allowed) => allowed.name) : [],
    probesEverySeconds: content.ok ? secondsBetweenProbes(content.object.spec) : null,
    changes,
  };
}

/** Null: it is not probed, or its spec cannot be read. */
function secondsBetweenProbes({ probes }: AgentSpec): number | null {
  return probes === undefined ? null : (probes.everyMinutes ?? DEFAULT_PROBE_MINUTES) * SECONDS_PER_MINUTE;
}

/** As kstatus reads it. */
export function stateOf(object: KindObject<unknown, KindStatus>): AgentRow['state'] {
  const { status, metadata } = object;
  if (status?.conditions === undefined) return 'unknown';
  if (status.observedGeneration !== metadata.generation) return 'progressing';
  if (currentConditionStatus(object, 'Stalled') === 'True') return 'stalled';
  return currentConditionStatus(object, 'Ready') === 'True' ? 'ready' : 'progressing';
}

function knownModel(model: Model, changes: readonly KnownChange[], now: Date): KnownModel {
  const { metadata, spec } = model;
  const ready = conditionOf(model, 'Ready');
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    isReady: currentConditionStatus(model, 'Ready') ?? 'Unknown',
    sentence: sentenceOf(ready),
    sinceMicroseconds: sinceOf(ready),
    prices: pricesOf(spec, now),
    changes,
  };
}

function pricesOf(spec: Model['spec'], now: Date): KnownModel['prices'] {
  const found = priceOfModel(
    { provider: spec.provider, model: spec.model, ...(spec.price !== undefined && { price: spec.price }) },
    now,
  );
  if (found === undefined) return null;
  const { inputFemtoUsd, cachedInputFemtoUsd, cacheWriteFemtoUsd, outputFemtoUsd } = found.price;
  return {
    input: Number(inputFemtoUsd),
    cachedInput: Number(cachedInputFemtoUsd),
    cacheWrite: Number(cacheWriteFemtoUsd),
    output: Number(outputFemtoUsd),
  };
}

function knownRollout(rollout: CanaryRollout, followers: readonly KubeObject[]): KnownRollout {
  const { metadata, status = {} } = rollout;
  const { phase = 'Idle', paused, decision, candidate, progressSince } = status;
  const message = (paused ?? conditionOf(rollout, 'Ready') ?? decision)?.message ?? '';
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    agents: followers.map((agent) => agent.metadata.name),
    phase,
    sentence: message.slice(0, SENTENCE_CHARACTERS),
    sinceMicroseconds: microsecondsOf((paused ?? decision)?.at ?? progressSince),
    isRunning: RUNNING_PHASES.has(phase) && candidate !== undefined,
    waitsForPerson: PHASES_OF_A_PERSON.has(phase),
  };
}

function conditionOf({ status }: KindObject<unknown, KindStatus>, type: string): Condition | undefined {
  return status?.conditions?.find((one) => one.type === type);
}

function sentenceOf(condition: Condition | undefined): string {
  return condition?.message.slice(0, SENTENCE_CHARACTERS) ?? 'The operator has not looked at it yet.';
}

function sinceOf(condition: Condition | undefined): number | null {
  return microsecondsOf(condition?.lastTransitionTime);
}

function microsecondsOf(time: string | undefined): number | null {
  const milliseconds = Date.parse(time ?? '');
  return Number.isNaN(milliseconds) ? null : milliseconds * 1_000;
}

/** Told of every change of what is watched. */
export function seeObject(
  changes: ChangesOfObjects,
  resource: AnyWatchedResource,
  key: string,
  { current }: ObjectChange<KubeObject>,
  at: Date,
): void {
  const atMicroseconds = at.getTime() * 1_000;
  const { kind } = resource;
  if (current === undefined) {
    changes.forget(`${kind} ${key}`);
  } else if (resource === AGENTS) {
    const agent = readableObject(current as ReadAgent);
    if (agent !== undefined) {
      changes.see(`${kind} ${key}`, current.metadata.uid, aspectsOfAgent(agent.spec), atMicroseconds);
    }
  } else if (resource === MODELS) {
    const model = readableObject(current as ReadObject<Model['spec'], Model['status']>);
    if (model !== undefined) {
      const aspects = aspectsOfModel(model.metadata.name, model.spec);
      changes.see(`${kind} ${key}`, current.metadata.uid, aspects, atMicroseconds);
    }
  }
}
