/** What needs somebody and is no question of what is usual: rollouts that wait, agents and Models that do not work, the ledger. */
import type { AttentionItem } from '../observation/attention-item.ts';
import type { KnownAgent, KnownLedger, KnownModel, KnownRollout } from '../watching/fleet-knowledge.ts';
import type { SeenGap } from '../watching/platform-watch.ts';
import { moment } from '../watching/sentences.ts';
import { type FoundCause, causeId } from './attention-queue.ts';

/** Until then it is under way. */
const PATIENCE_MICROSECONDS = 600_000_000;
const LEAST_PAUSE_MICROSECONDS = 60_000_000;
/** A ledger that is behind for longer is told of. */
export const LEDGER_PATIENCE_MICROSECONDS = 300_000_000;

const PLAIN = { causes: [], runs: [], weight: 0 } as const;

/** Those that wait for a person, and those that were given up within the last day. */
export function rolloutCause(rollout: KnownRollout, nowMicroseconds: number): FoundCause | undefined {
  const { namespace, name, phase, sentence, waitsForPerson, sinceMicroseconds } = rollout;
  const isGivenUp = phase === 'RolledBack' || phase === 'Refused';
  if (!waitsForPerson && !isGivenUp) return undefined;
  const since = sinceMicroseconds ?? nowMicroseconds;
  if (waitsForPerson && nowMicroseconds - since < LEAST_PAUSE_MICROSECONDS && sinceMicroseconds !== null) {
    return undefined;
  }
  const what = waitsForPerson ? 'waits for a person' : 'was given up';
  return {
    ...PLAIN,
    id: causeId('rollout', waitsForPerson ? 'waits' : 'given-up', namespace, name),
    kind: 'rollout',
    urgency: waitsForPerson ? 'ticket' : 'notice',
    agents: agentsOf(namespace, rollout.agents),
    subject: { namespace, name },
    title: `Rollout ${name} ${what}`,
    titleOfMany: `agents follow the rollout ${name}, which ${what}`,
    why: sentence,
    sinceMicroseconds: since,
  };
}

export function agentCause(agent: KnownAgent, nowMicroseconds: number): FoundCause | undefined {
  const { namespace, name, state, stateSentence, stateSinceMicroseconds } = agent;
  const since = stateSinceMicroseconds ?? nowMicroseconds;
  const isLate = state === 'progressing' && nowMicroseconds - since > PATIENCE_MICROSECONDS;
  if (state !== 'stalled' && !isLate) return undefined;
  return {
    ...PLAIN,
    id: causeId('agent', namespace, name),
    kind: 'agent',
    urgency: 'ticket',
    agents: [{ namespace, name }],
    subject: null,
    title: isLate ? `Agent ${name} has not become ready` : `Agent ${name} does not get on`,
    titleOfMany: 'agents are not ready',
    why: stateSentence,
    sinceMicroseconds: since,
  };
}

/** `users`: agents that may use it; `stranded`: whether one of them has no other Model that is ready. */
export function modelCause(
  model: KnownModel,
  users: readonly KnownAgent[],
  isStranded: (agent: KnownAgent) => boolean,
  nowMicroseconds: number,
): FoundCause | undefined {
  const { namespace, name, isReady, sentence, sinceMicroseconds } = model;
  if (isReady === 'True') return undefined;
  const stranded = users.filter(isStranded);
  const since = sinceMicroseconds ?? nowMicroseconds;
  if (isReady === 'Unknown' && nowMicroseconds - since < PATIENCE_MICROSECONDS) return undefined;
  return {
    ...PLAIN,
    id: causeId('model', namespace, name),
    kind: 'model',
    urgency: urgencyOfModel(isReady, stranded.length),
    agents: agentsOf(
      namespace,
      users.map((user) => user.name),
    ),
    subject: { namespace, name },
    title: `Model ${name} is not ready`,
    titleOfMany: `agents may use the Model ${name}, which is not ready`,
    why:
      stranded.length === 0
        ? sentence
        : `${sentence} ${stranded.length} of the agents that use it ${stranded.length === 1 ? 'has' : 'have'} no other Model that is ready.`,
    sinceMicroseconds: since,
    weight: stranded.length,
  };
}

function urgencyOfModel(isReady: 'False' | 'Unknown', stranded: number): AttentionItem['urgency'] {
  if (isReady === 'Unknown') return 'notice';
  return stranded > 0 ? 'page' : 'ticket';
}

export function ledgerCause(
  { currentAtMicroseconds, problem }: KnownLedger,
  nowMicroseconds: number,
): FoundCause | undefined {
  const since = currentAtMicroseconds ?? nowMicroseconds;
  if (currentAtMicroseconds === null || nowMicroseconds - since <= LEDGER_PATIENCE_MICROSECONDS)
    return undefined;
  return {
    ...PLAIN,
    id: causeId('ledger', 'silent'),
    kind: 'ledger',
    urgency: 'page',
    agents: [],
    subject: null,
    title: 'The ledger is not read',
    titleOfMany: 'agents are not watched: the ledger is not read',
    why: `Nothing newer than ${moment(since)} is known of any agent. ${problem ?? ''}`.trim(),
    sinceMicroseconds: since,
  };
}

/** One for each namespace and cause. */
export function gapCause({ namespace, cause, sentence, atMicroseconds }: SeenGap): FoundCause {
  return {
    ...PLAIN,
    id: causeId('ledger', 'gap', namespace, cause),
    kind: 'ledger',
    urgency: 'ticket',
    agents: [],
    subject: { namespace, name: cause },
    title: `Records are missing in the ledger of ${namespace}`,
    titleOfMany: `agents may lack records in the ledger of ${namespace}`,
    why: sentence,
    sinceMicroseconds: atMicroseconds,
    weight: 1,
  };
}

function agentsOf(namespace: string, names: readonly string[]): AttentionItem['agents'] {
  return names.map((name) => ({ namespace, name }));
}
