/** What an agent did hour by hour, what was changed meanwhile, and how each of its signals stands. */
import type { AgentHistory } from '../observation/agent-history.ts';
import type { UsualBand } from '../observation/judged-measure.ts';
import type { UsualHours } from '../normality/usual-hours.ts';
import { sharesToTell } from '../drift/watched-share.ts';
import { costChangeOfDay } from './cost-causes.ts';
import type { FleetKnowledge, KnownAgent, KnownChange } from './fleet-knowledge.ts';
import type { FleetState } from './fleet-watch.ts';
import { judgeDrift, servedChangesOf } from './judge-drift.ts';
import { SLOWNESS } from './latency-watch.ts';
import type { SignalState } from './quality-watch.ts';
import { bounded } from './sentences.ts';
import { HOUR_MICROSECONDS } from './time-units.ts';
import type { WatchedAgent } from './watched-agent.ts';

const HOURS = 336;
const MOST_CHANGES = 100;

export function agentHistory(
  state: FleetState,
  agent: WatchedAgent,
  nowMicroseconds: number,
  knowledge: FleetKnowledge,
): AgentHistory {
  const { namespace, name } = agent;
  const known = knowledge.agents.find((one) => one.namespace === namespace && one.name === name);
  const models = new Map(knowledge.models.map((model) => [`${model.namespace}/${model.name}`, model]));
  const hour = Math.floor(nowMicroseconds / HOUR_MICROSECONDS);
  const running = agent.latency.p95Now(hour)?.microseconds ?? null;
  return {
    costs: hoursOf(hour, agent.cost.usual, (at) => agent.cost.amountAt(at) ?? null),
    latencies: hoursOf(hour, agent.latency.usual, (at) =>
      at === hour ? running : (agent.latency.amountAt(at) ?? null),
    ),
    changes: changesOf(state, agent, known, { ...knowledge, nowMicroseconds }).slice(0, MOST_CHANGES),
    costChange: costChangeOfDay(agent, nowMicroseconds, models),
    signals: signalsOf(state, agent),
    causes: known === undefined ? [] : [...judgeDrift(state, agent, known, nowMicroseconds).causes],
  };
}

type HoursOfAgent = AgentHistory['costs'];

function hoursOf(hour: number, usual: UsualHours, amountAt: (hour: number) => number | null): HoursOfAgent {
  const hours: HoursOfAgent = [];
  for (let at = hour - HOURS + 1; at <= hour; at += 1) {
    const amount = amountAt(at);
    const found: UsualBand | null = usual.usualIn(at) ?? null;
    hours.push({
      atMicroseconds: at * HOUR_MICROSECONDS,
      amount: amount === null ? null : Math.round(amount),
      usual: found,
    });
  }
  return hours;
}

/** Newest first. */
function changesOf(
  state: FleetState,
  agent: WatchedAgent,
  known: KnownAgent | undefined,
  { models, rollouts, nowMicroseconds }: FleetKnowledge & { readonly nowMicroseconds: number },
): AgentHistory['changes'] {
  const changes: KnownChange[] = [...agent.changes, ...(known?.changes ?? [])];
  for (const change of servedChangesOf(state, agent)) changes.push(change);
  for (const model of models) {
    if (model.namespace === agent.namespace && agent.models.has(model.name)) changes.push(...model.changes);
  }
  for (const rollout of rollouts) {
    if (rollout.namespace !== agent.namespace || !rollout.agents.includes(agent.name)) continue;
    for (const { atMicroseconds, decision, sentence } of state.platform.decisionsOf(
      rollout.namespace,
      rollout.name,
      nowMicroseconds,
    )) {
      changes.push({
        atMicroseconds,
        kind: 'prompt',
        sentence: bounded(`Rollout ${rollout.name}: ${decision.replaceAll('_', ' ')}. ${sentence}`),
      });
    }
  }
  return changes
    .toSorted((one, other) => other.atMicroseconds - one.atMicroseconds)
    .map(({ atMicroseconds, kind, sentence }) => ({ atMicroseconds, kind, sentence: bounded(sentence) }));
}

function signalsOf({ designs }: FleetState, agent: WatchedAgent): AgentHistory['signals'] {
  const signals: AgentHistory['signals'] = [];
  for (const [signal, state] of agent.quality.states()) {
    signals.push(signalOf(signal, state, (usual) => designs.design(sharesToTell(usual)).threshold));
  }
  const slow = { watched: agent.latency.slow, recentShare: 0, runs: 0 };
  const slowness = signalOf('slow', slow, (usual) => designs.design(SLOWNESS.sharesToTell(usual)).threshold);
  return [...signals, { ...slowness, recentShare: recentOf(agent.latency.slow) }];
}

function signalOf(
  signal: string,
  { watched, recentShare, runs }: SignalState,
  thresholdOf: (usual: number) => number,
): AgentHistory['signals'][number] {
  if (watched.phase === 'learning') {
    const nothing = { usualShare: null, score: null, threshold: null };
    return { signal, phase: 'learning', ...nothing, recentShare: runs === 0 ? null : recentShare, runs };
  }
  return {
    signal,
    phase: watched.isDrifting ? 'drifted' : 'watching',
    usualShare: watched.usual,
    recentShare: recentOf(watched) ?? recentShare,
    score: watched.score,
    threshold: thresholdOf(watched.usual),
    runs,
  };
}

/** Since the score left zero. */
function recentOf(watched: SignalState['watched']): number | null {
  if (watched.phase === 'learning' || watched.since === undefined) return null;
  const { good, bad } = watched.since.seen;
  return bad / Math.max(1, good + bad);
}
