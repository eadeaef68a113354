/** What the watch says of all agents at one time. Nothing is changed by asking. */
import type { AgentRow, Finding } from '../observation/agent-row.ts';
import type { JudgedMeasure } from '../observation/judged-measure.ts';
import { costFound, driftFound, latencyFound, probeFound } from '../attention/agent-causes.ts';
import { type FoundCause, type Silence, attentionQueue } from '../attention/attention-queue.ts';
import {
  LEDGER_PATIENCE_MICROSECONDS,
  agentCause,
  gapCause,
  ledgerCause,
  modelCause,
  rolloutCause,
} from '../attention/platform-causes.ts';
import { securityCause } from '../attention/security-causes.ts';
import { costCauses, explainCost } from './cost-causes.ts';
import type { FleetJudgement } from './fleet-judgement.ts';
import type { FleetKnowledge, KnownAgent, KnownModel } from './fleet-knowledge.ts';
import type { FleetState } from './fleet-watch.ts';
import { judgeCost } from './judge-cost.ts';
import { type DriftFinding, judgeDrift, ourChangesOf } from './judge-drift.ts';
import { judgeLatency } from './judge-latency.ts';
import { judgeProbes } from './judge-probes.ts';
import { explainLatency } from './latency-causes.ts';
import { summariesOf } from './namespace-summaries.ts';
import { bounded, moment } from './sentences.ts';
import { DAY_MICROSECONDS, HOUR_MICROSECONDS } from './time-units.ts';
import type { WatchedAgent } from './watched-agent.ts';
import type { WatchedModel } from './watched-model.ts';

/** All that is asked for one judgement. */
interface Question {
  readonly state: FleetState;
  readonly nowMicroseconds: number;
  /**
   * Up to when what the ledger tells is known: now, or when it fell silent. Causes are judged as of then, because hours of
   * which nothing is known must not count as good ones: a cause of then is not over before the ledger says so.
   */
  readonly knownMicroseconds: number;
  readonly knowledge: FleetKnowledge;
  readonly models: ReadonlyMap<string, KnownModel>;
  /** A sentence when nothing current is known. */
  readonly blindness: string | undefined;
}

/** A row, and the causes under which what is abnormal in it stands in the queue. */
interface JudgedAgent {
  readonly row: AgentRow;
  readonly found: readonly FoundCause[];
  readonly idOf: Readonly<Partial<Record<'cost' | 'latency' | 'drift', string>>>;
}

const NOTHING_SEEN = 'Nothing was recorded of it yet.';

export function judgeFleet(
  state: FleetState,
  nowMicroseconds: number,
  knowledge: FleetKnowledge,
): FleetJudgement {
  const blindness = blindnessOf(knowledge, nowMicroseconds);
  const { currentAtMicroseconds } = knowledge.ledger;
  const question: Question = {
    state,
    nowMicroseconds,
    knownMicroseconds: blindness === undefined ? nowMicroseconds : (currentAtMicroseconds ?? nowMicroseconds),
    knowledge,
    models: new Map(knowledge.models.map((model) => [`${model.namespace}/${model.name}`, model])),
    blindness,
  };
  const judged = knowledge.agents.map((agent) => judgeAgent(question, agent));
  const silenceOf = (id: string): Silence | undefined => silenceFor(state, id, nowMicroseconds);
  // Before everything was read once nothing was found that could last.
  const ofAgents = currentAtMicroseconds === null ? [] : judged.flatMap((agent) => agent.found);
  const found = [...ofAgents, ...platformCauses(question)];
  const rows = judged.map((agent) => withExpected(agent, silenceOf));
  return {
    rows,
    namespaces: summariesOf(rows, state.local, nowMicroseconds),
    attention: attentionQueue(found, silenceOf),
  };
}

function judgeAgent(question: Question, known: KnownAgent): JudgedAgent {
  const { state, nowMicroseconds, knownMicroseconds, blindness } = question;
  const agent = state.agents.get(`${known.namespace}/${known.name}`);
  const security = state.security.ofAgent(known.namespace, known.name, nowMicroseconds);
  const plain = plainRow(known, security);
  if (agent === undefined) return { row: blind(plain, blindness ?? NOTHING_SEEN), found: [], idOf: {} };
  const cost = judgeCost(agent, knownMicroseconds, state.local);
  const latency = judgeLatency(agent.latency, knownMicroseconds, state.local, 'run');
  const drift = judgeDrift(state, agent, known, knownMicroseconds);
  const probed = judgeProbes(agent.probes, known, knownMicroseconds);
  const hour = Math.floor(nowMicroseconds / HOUR_MICROSECONDS);
  const row: AgentRow = {
    ...plain,
    cost: cost.measure,
    latency,
    drift: drift.finding,
    probed,
    hourlyCosts: Array.from({ length: 24 }, (_, index) => rounded(agent.cost.amountAt(hour - 23 + index))),
    costMonthToDate: agent.cost.monthToDate(hour),
    costMonthEnd: agent.cost.monthEnd(hour),
    runs: agent.counters.within(nowMicroseconds),
    lastRunMicroseconds: agent.lastRunMicroseconds,
  };
  const found = [
    cost.isAbnormal ? costCauseOf(question, agent, known, row.cost) : undefined,
    latency.verdict === 'abnormal' ? latencyCauseOf(question, agent, known, row.latency) : undefined,
    drift.isDrifting ? driftFound(known, drift, modelOfDrift(state, agent, drift)) : undefined,
  ] as const;
  const [foundCost, foundLatency, foundDrift] = found;
  // A drift tells of its probes itself.
  const foundProbe = drift.isDrifting && probed.status === 'False' ? undefined : probeFound(known, probed);
  const causes = [...found, foundProbe].filter((cause) => cause !== undefined);
  if (blindness !== undefined) return { row: blind(row, blindness), found: causes, idOf: {} };
  const measure = foundCost?.causes[0];
  const explained = measure === undefined ? row.cost : withWhy(row.cost, measure.sentence);
  return {
    row: { ...row, cost: explained },
    found: causes,
    idOf: {
      ...(foundCost && { cost: foundCost.id }),
      ...(foundLatency && { latency: foundLatency.id }),
      ...(foundDrift && { drift: foundDrift.id }),
    },
  };
}

function withWhy(measure: JudgedMeasure, why: string): JudgedMeasure {
  return { ...measure, sentence: bounded(`${measure.sentence}; ${why}`) };
}

function costCauseOf(
  { state, knownMicroseconds, models }: Question,
  agent: WatchedAgent,
  known: KnownAgent,
  measure: JudgedMeasure,
): FoundCause {
  const since = measure.sinceMicroseconds ?? knownMicroseconds;
  const explained = explainCost(agent, knownMicroseconds, Math.floor(since / HOUR_MICROSECONDS), models);
  const name = explained?.model;
  const ofModel = name === undefined ? [] : (models.get(`${agent.namespace}/${name}`)?.changes ?? []);
  const changes = [...ourChangesOf(agent, known), ...ofModel];
  const causes = costCauses(explained, changes, since);
  const model = name === undefined ? undefined : state.models.get(`${agent.namespace}/${name}`);
  const [first] = causes;
  const told = first === undefined ? measure : withWhy(measure, first.sentence);
  return costFound(known, told, explained, model, causes);
}

function latencyCauseOf(
  { state, knownMicroseconds }: Question,
  agent: WatchedAgent,
  known: KnownAgent,
  measure: JudgedMeasure,
): FoundCause {
  const since = measure.sinceMicroseconds ?? knownMicroseconds;
  const changes = ourChangesOf(agent, known);
  const { causes, model } = explainLatency(state, agent, changes, since, knownMicroseconds);
  return latencyFound(known, measure, model, causes);
}

/** The Model whose answers changed, or whose calls fail, where that is the cause. */
function modelOfDrift(state: FleetState, agent: WatchedAgent, drift: DriftFinding): WatchedModel | undefined {
  const models = Array.from(agent.models.keys(), (name) => state.models.get(`${agent.namespace}/${name}`));
  const [first] = drift.causes;
  if (first?.cause === 'served_model_changed') {
    return models.find((model) =>
      model?.servedChanges.some(({ atMicroseconds }) => atMicroseconds === first.atMicroseconds),
    );
  }
  if (!drift.isOfFailuresAlone) return undefined;
  return models.find((model) => model?.failed.phase === 'watching' && model.failed.isDrifting);
}

function platformCauses({
  state,
  knowledge,
  nowMicroseconds,
  knownMicroseconds,
}: Question): readonly FoundCause[] {
  const { agents, models, rollouts, ledger } = knowledge;
  const isReady = new Map(
    models.map(({ namespace, name, ...model }) => [`${namespace}/${name}`, model.isReady === 'True']),
  );
  const isStranded = (agent: KnownAgent): boolean =>
    agent.models.every((model) => isReady.get(`${agent.namespace}/${model}`) !== true);
  const users = usersByModel(agents);
  const causes = [
    ledgerCause(ledger, nowMicroseconds),
    ...agents.map((agent) => agentCause(agent, nowMicroseconds)),
    ...models.map((model) =>
      modelCause(model, users.get(`${model.namespace}/${model.name}`) ?? [], isStranded, nowMicroseconds),
    ),
    ...rollouts.map((rollout) => rolloutCause(rollout, nowMicroseconds)),
    ...state.platform.gapsSince(knownMicroseconds - DAY_MICROSECONDS).map(gapCause),
    ...Array.from(state.security.sources(), (source) => securityCause(source, knownMicroseconds)),
  ];
  return causes.filter((cause) => cause !== undefined);
}

function usersByModel(agents: readonly KnownAgent[]): ReadonlyMap<string, readonly KnownAgent[]> {
  const users = new Map<string, KnownAgent[]>();
  for (const agent of agents) {
    for (const model of agent.models) {
      const key = `${agent.namespace}/${model}`;
      const known = users.get(key);
      if (known === undefined) users.set(key, [agent]);
      else known.push(agent);
    }
  }
  return users;
}

function silenceFor(state: FleetState, id: string, nowMicroseconds: number): Silence | undefined {
  const silence = state.platform.silenceOf(id, nowMicroseconds);
  if (silence === undefined) return undefined;
  const { action, by, reason, untilMicroseconds } = silence;
  return { action, by, reason: bounded(reason), untilMicroseconds };
}

/** What somebody said is expected is neither abnormal nor normal: it is that. */
function withExpected({ row, idOf }: JudgedAgent, silenceOf: (id: string) => Silence | undefined): AgentRow {
  const expectedOf = (id: string | undefined): Silence | undefined => {
    const silence = id === undefined ? undefined : silenceOf(id);
    return silence?.action === 'expected' ? silence : undefined;
  };
  const measured = (measure: JudgedMeasure, id: string | undefined): JudgedMeasure => {
    const silence = expectedOf(id);
    if (silence === undefined) return measure;
    return withWhy({ ...measure, verdict: 'expected' }, expectedSentence(silence));
  };
  const ofDrift = expectedOf(idOf.drift);
  const drift: Finding =
    ofDrift === undefined
      ? row.drift
      : {
          ...row.drift,
          status: 'False',
          reason: 'Expected',
          sentence: bounded(`${row.drift.sentence}; ${expectedSentence(ofDrift)}`),
        };
  return { ...row, cost: measured(row.cost, idOf.cost), latency: measured(row.latency, idOf.latency), drift };
}

function expectedSentence({ by, reason, untilMicroseconds }: Silence): string {
  return `expected until ${moment(untilMicroseconds)}, says ${by}: ${reason}`;
}

function blindnessOf({ ledger }: FleetKnowledge, nowMicroseconds: number): string | undefined {
  const { currentAtMicroseconds, problem } = ledger;
  if (currentAtMicroseconds === null) {
    return `The ledger is still being read; nothing can be said yet. ${problem ?? ''}`.trim();
  }
  if (nowMicroseconds - currentAtMicroseconds <= LEDGER_PATIENCE_MICROSECONDS) return undefined;
  return `The ledger has told nothing since ${moment(currentAtMicroseconds)}. ${problem ?? ''}`.trim();
}

/** What is not known is neither green nor red. */
function blind(row: AgentRow, sentence: string): AgentRow {
  const measured = (measure: JudgedMeasure): JudgedMeasure => ({
    ...measure,
    verdict: 'unknown',
    sentence,
    sinceMicroseconds: null,
  });
  const reason = sentence === NOTHING_SEEN ? 'NothingSeen' : 'LedgerNotCurrent';
  const finding: Finding = { status: 'Unknown', reason, sentence, sinceMicroseconds: null };
  return {
    ...row,
    cost: measured(row.cost),
    latency: measured(row.latency),
    drift: finding,
    probed: finding,
  };
}

const NO_MEASURE: JudgedMeasure = {
  verdict: 'unknown',
  amount: null,
  projected: null,
  usual: null,
  ratio: null,
  sentence: NOTHING_SEEN,
  sinceMicroseconds: null,
};
const NO_FINDING: Finding = {
  status: 'Unknown',
  reason: 'NothingSeen',
  sentence: NOTHING_SEEN,
  sinceMicroseconds: null,
};

function plainRow(known: KnownAgent, securityEvents: AgentRow['securityEvents']): AgentRow {
  const { namespace, name, uid, state, stateSentence, prompt, models } = known;
  return {
    namespace,
    name,
    uid,
    state,
    stateSentence: bounded(stateSentence),
    prompt,
    models: models.slice(0, 64),
    cost: NO_MEASURE,
    latency: NO_MEASURE,
    drift: NO_FINDING,
    probed: NO_FINDING,
    hourlyCosts: Array.from({ length: 24 }, () => null),
    costMonthToDate: null,
    costMonthEnd: null,
    runs: { total: 0, failed: 0, fitting: 0, unfitting: 0 },
    securityEvents,
    lastRunMicroseconds: null,
  };
}

function rounded(amount: number | undefined): number | null {
  return amount === undefined ? null : Math.round(amount);
}
