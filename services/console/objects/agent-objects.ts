/** An Agent as the API server has it, cut down to what the console shows. */
import { z } from 'zod';
import type { KubeObject, KubeObjectMeta } from '#adapters/kubernetes/kube-object.ts';
import type { AgentRow } from '#domain/observation/agent-row.ts';
import type { JudgedMeasure } from '#domain/observation/judged-measure.ts';
import type { Condition, ShownRow } from '../api/answers.ts';
import { Conditions, conditionOf } from './conditions.ts';

export interface AgentObject extends KubeObject {
  readonly metadata: KubeObjectMeta & { readonly namespace: string };
  readonly state: AgentRow['state'];
  readonly stateSentence: string;
  readonly prompt: AgentRow['prompt'];
  readonly models: readonly string[];
  readonly conditions: readonly Condition[];
}

const MOST_MODELS = 64;

const AgentParts = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
  }),
  spec: z
    .object({
      modelPolicy: z.object({ allow: z.array(z.object({ name: z.string() })) }).optional(),
      promptRef: z.object({ name: z.string().optional(), version: z.string().optional() }).optional(),
    })
    .catch({}),
  status: z
    .object({
      conditions: Conditions.optional(),
      prompt: z.object({ version: z.string().optional(), digest: z.string().optional() }).optional(),
    })
    .catch({})
    .default({}),
});

/** A thousand of them are kept in memory: other parts of the object are left out. */
export function agentObjectOf(object: KubeObject): AgentObject {
  const { metadata, spec, status } = AgentParts.parse(object);
  const conditions = status.conditions ?? [];
  const name = status.prompt?.version ?? spec.promptRef?.name ?? spec.promptRef?.version;
  return {
    metadata,
    state: stateOf(conditions),
    stateSentence: conditionOf(conditions, 'Ready')?.message ?? 'The operator has not looked at it yet.',
    prompt: name === undefined ? null : { name, digest: status.prompt?.digest ?? '' },
    models: (spec.modelPolicy?.allow ?? []).slice(0, MOST_MODELS).map((model) => model.name),
    conditions,
  };
}

/** As kstatus reads it. */
function stateOf(conditions: readonly Condition[]): AgentRow['state'] {
  const statusOf = (type: string): string | undefined => conditionOf(conditions, type)?.status;
  if (statusOf('Ready') === 'True') return 'ready';
  if (statusOf('Stalled') === 'True') return 'stalled';
  if (statusOf('Reconciling') === 'True' || statusOf('Ready') === 'False') return 'progressing';
  return 'unknown';
}

/** Of what the API server says alone: all that the observer would know is not known. */
export function rowOfAgent(agent: AgentObject): ShownRow {
  return {
    namespace: agent.metadata.namespace,
    name: agent.metadata.name,
    uid: agent.metadata.uid,
    state: agent.state,
    stateSentence: agent.stateSentence,
    prompt: agent.prompt,
    models: [...agent.models],
    cost: unknownMeasure(NOT_OBSERVED),
    latency: unknownMeasure(NOT_OBSERVED),
    drift: unknownFinding('NotObserved', NOT_OBSERVED),
    probed: unknownFinding('NotObserved', NOT_OBSERVED),
    hourlyCosts: [],
    costMonthToDate: null,
    costMonthEnd: null,
    runs: null,
    securityEvents: null,
    lastRunMicroseconds: null,
  };
}

const NOT_OBSERVED = 'The observer has told nothing of this agent yet.';

export function unknownMeasure(sentence: string): JudgedMeasure {
  return {
    verdict: 'unknown',
    amount: null,
    projected: null,
    usual: null,
    ratio: null,
    sentence,
    sinceMicroseconds: null,
  };
}

export function unknownFinding(reason: string, sentence: string): AgentRow['drift'] {
  return { status: 'Unknown', reason, sentence, sinceMicroseconds: null };
}
