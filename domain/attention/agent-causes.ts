/** What was found of one agent, under the id of its cause: that of the Model where it is the Model, else its own. */
import type { AttentionItem, RankedCause } from '../observation/attention-item.ts';
import type { Finding } from '../observation/agent-row.ts';
import type { JudgedMeasure } from '../observation/judged-measure.ts';
import type { ExplainedCost } from '../watching/cost-causes.ts';
import type { DriftFinding } from '../watching/judge-drift.ts';
import type { WatchedModel } from '../watching/watched-model.ts';
import { type FoundCause, causeId } from './attention-queue.ts';

export interface AgentName {
  readonly namespace: string;
  readonly name: string;
}

const NANO = 1_000_000_000;
/** So much more in an hour than is usual is worth waking somebody. */
const PAGE_USD_OF_HOUR = 100;
const PAGE_LATENCY_RATIO = 5;
const PAGE_AGENTS = 10;
const PAGE_FAILED_SHARE = 0.5;
/** Parts of a rise that are the Model's and not the agent's. */
const OF_MODEL: ReadonlySet<string> = new Set(['price', 'retries']);

export function costFound(
  agent: AgentName,
  measure: JudgedMeasure,
  explained: ExplainedCost | undefined,
  model: WatchedModel | undefined,
  causes: readonly RankedCause[],
): FoundCause {
  const isOfModel = explained?.cause !== undefined && OF_MODEL.has(explained.cause) && model !== undefined;
  const what = explained?.cause ?? 'unknown';
  const excess = Math.max(0, (measure.projected ?? measure.amount ?? 0) - (measure.usual?.high ?? 0));
  return {
    ...base(agent, measure, causes),
    id: isOfModel ? causeId('cost', what, ...identityOf(model)) : ownId('cost', agent),
    kind: 'cost',
    urgency: 'ticket',
    subject: isOfModel ? subjectOf(agent, model) : null,
    title: `${agent.name} costs more than is usual`,
    titleOfMany: isOfModel
      ? `agents cost more than is usual: ${what} of ${model.identity.providerModel}`
      : 'agents cost more than is usual',
    runs: [],
    weight: excess / NANO,
    pageWeight: PAGE_USD_OF_HOUR,
  };
}

export function latencyFound(
  agent: AgentName,
  measure: JudgedMeasure,
  model: WatchedModel | undefined,
  causes: readonly RankedCause[],
): FoundCause {
  return {
    ...base(agent, measure, causes),
    id: model === undefined ? ownId('latency', agent) : causeId('latency', ...identityOf(model)),
    kind: 'latency',
    urgency: (measure.ratio ?? 0) >= PAGE_LATENCY_RATIO ? 'page' : 'ticket',
    subject: model === undefined ? null : subjectOf(agent, model),
    title: `${agent.name} is slower than is usual`,
    titleOfMany:
      model === undefined
        ? 'agents are slower than is usual'
        : `agents are slower than is usual: ${model.identity.providerModel} answers slowly`,
    runs: [],
    weight: 1,
    pageWeight: PAGE_AGENTS,
  };
}

/** `model`: whose answers changed or fail, where it is that. */
export function driftFound(
  agent: AgentName,
  drift: DriftFinding,
  model: WatchedModel | undefined,
): FoundCause {
  const kind = drift.isOfFailuresAlone ? 'failures' : 'drift';
  const cause = drift.causes[0]?.cause ?? 'unknown';
  const failedShare = Math.max(0, ...drift.signals.map(({ state }) => state.recentShare));
  const isGrave = drift.isOfFailuresAlone && failedShare >= PAGE_FAILED_SHARE;
  return {
    ...base(agent, drift.finding, drift.causes),
    id: model === undefined ? ownId(kind, agent) : causeId(kind, cause, ...identityOf(model)),
    kind,
    urgency: isGrave ? 'page' : 'ticket',
    subject: model === undefined ? null : subjectOf(agent, model),
    title: kind === 'failures' ? `Runs of ${agent.name} fail` : `The quality of ${agent.name} drifted`,
    titleOfMany:
      model === undefined
        ? 'agents drifted'
        : `agents drifted: ${cause.replaceAll('_', ' ')}, ${model.identity.providerModel}`,
    runs: drift.runs.toReversed().map(({ id }) => ({ namespace: agent.namespace, id })),
    weight: 1,
    pageWeight: PAGE_AGENTS,
  };
}

/** Probes that fell are a drift where production fell too; alone they are told of by themselves, and so is their silence. */
export function probeFound(agent: AgentName, finding: Finding): FoundCause | undefined {
  const isMissed = finding.reason === 'ProbesMissed' || finding.reason === 'NothingAsked';
  if (finding.status !== 'False' && !isMissed) return undefined;
  return {
    ...base(agent, finding, []),
    id: causeId('probe', isMissed ? 'missed' : 'fell', agent.namespace, agent.name),
    kind: 'probe',
    urgency: 'ticket',
    subject: null,
    title: isMissed ? `Probes of ${agent.name} are missing` : `Probes of ${agent.name} are answered worse`,
    titleOfMany: 'agents have probes that fell',
    runs: [],
    weight: 1,
  };
}

export function ownId(kind: string, { namespace, name }: AgentName): string {
  return causeId(kind, namespace, name);
}

function base(
  { namespace, name }: AgentName,
  { sentence, sinceMicroseconds }: Pick<Finding, 'sentence' | 'sinceMicroseconds'>,
  causes: readonly RankedCause[],
): Pick<FoundCause, 'agents' | 'why' | 'causes' | 'sinceMicroseconds'> {
  return {
    agents: [{ namespace, name }],
    why: sentence,
    causes,
    sinceMicroseconds: sinceMicroseconds ?? 0,
  };
}

function identityOf({ identity }: WatchedModel): readonly [string, string] {
  return [identity.provider, identity.providerModel];
}

function subjectOf({ namespace }: AgentName, { name }: WatchedModel): AttentionItem['subject'] {
  return { namespace, name };
}
