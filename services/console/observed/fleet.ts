/**
 * All agents as they are shown to somebody who may see everything: which there are and how they stand from the API server, all
 * that was counted and judged from the observer. No agent is shown that the API server does not have any more.
 */
import type { ResilientInformer } from '#adapters/kubernetes/resilient-informer.ts';
import type { Currency, ShownRow } from '../api/answers.ts';
import { type AgentObject, rowOfAgent } from '../objects/agent-objects.ts';
import type { ObserverConnection } from './follow-observer.ts';
import { type ObservedFleet, keyOf } from './observed-fleet.ts';

export interface Fleet {
  readonly rows: () => readonly ShownRow[];
  readonly row: (namespace: string, name: string) => ShownRow | undefined;
  readonly currency: () => Currency;
}

export function createFleet({
  agents,
  observed,
  connection,
  version,
}: {
  readonly agents: Pick<ResilientInformer<AgentObject>, 'list' | 'get' | 'synced'>;
  readonly observed: ObservedFleet;
  readonly connection: ObserverConnection;
  /** Grows whenever an agent or what is observed of it changes. */
  readonly version: () => number;
}): Fleet {
  let made: { readonly version: number; readonly rows: readonly ShownRow[] } | undefined;

  const rowOf = (agent: AgentObject): ShownRow => {
    const own = rowOfAgent(agent);
    const told = observed.rows.get(keyOf(own));
    // One of the same name that was deleted is another agent.
    if (told === undefined || told.uid !== own.uid) return own;
    const { state, stateSentence, prompt, models } = own;
    return { ...told, state, stateSentence, prompt, models };
  };

  return {
    rows: () => {
      const now = version();
      made = made?.version === now ? made : { version: now, rows: agents.list().map(rowOf) };
      return made.rows;
    },
    row: (namespace, name) => {
      const agent = agents.get(keyOf({ namespace, name }));
      return agent && rowOf(agent);
    },
    currency: () => ({
      asOfMicroseconds: observed.asOfMicroseconds,
      problem: agents.synced()
        ? (connection.problem ?? observed.problem)
        : 'The API server has not yet told which agents there are.',
    }),
  };
}
