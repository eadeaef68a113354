/**
 * Items of attention as one person may see them. An item may be about agents of several namespaces, and its sentences name and
 * count all of them: where somebody may not see the whole, what is left is told in words of our own.
 */
import { createHash } from 'node:crypto';
import type { AttentionItem, AttentionKind } from '#domain/observation/attention-item.ts';
import { namespacesOf } from '../observed/observed-fleet.ts';
import type { Scope } from './people-rights.ts';
import type { Visible } from './visible.ts';

/** What must be visible in a namespace for an item of this kind to be told there. */
const SCOPES: Readonly<Record<AttentionKind, (visible: Visible) => Scope>> = {
  cost: ({ costs }) => costs,
  latency: ({ runs }) => runs,
  drift: ({ runs }) => runs,
  failures: ({ runs }) => runs,
  probe: ({ runs }) => runs,
  security: ({ securityEvents }) => securityEvents,
  rollout: ({ rollouts }) => rollouts,
  model: ({ models }) => models,
  agent: ({ agents }) => agents,
  ledger: ({ agents }) => agents,
};

/** Undefined: nothing of it may be seen. */
export function shownItem(item: AttentionItem, visible: Visible): AttentionItem | undefined {
  const scope = SCOPES[item.kind](visible);
  const namespaces = namespacesOf(item);
  // Of the platform itself: it speaks of everything.
  if (namespaces.length === 0) return visible.agents.isEverywhere ? item : undefined;
  if (!namespaces.some(scope.includes)) return undefined;
  const runs = item.runs.filter(
    ({ namespace }) => scope.includes(namespace) && visible.runs.includes(namespace),
  );
  if (namespaces.every(scope.includes)) return { ...item, runs };
  const agents = item.agents.filter(({ namespace }) => scope.includes(namespace));
  const isSubjectShown = item.subject !== null && scope.includes(item.subject.namespace);
  return {
    id: shortenedId(item.id),
    kind: item.kind,
    urgency: item.urgency,
    agents,
    subject: isSubjectShown ? item.subject : null,
    title: TITLES[item.kind],
    why: 'It touches other namespaces too, which you may not see: its numbers are of all together and not shown.',
    causes: [],
    runs,
    sinceMicroseconds: item.sinceMicroseconds,
    silence: item.silence === null ? null : { ...item.silence, by: '', reason: '' },
  };
}

const TITLES: Readonly<Record<AttentionKind, string>> = {
  cost: 'Unusual cost',
  latency: 'Unusual latency',
  drift: 'Drift of quality',
  failures: 'Failing runs',
  probe: 'Failing probes',
  security: 'Security events',
  rollout: 'A rollout',
  model: 'A Model',
  agent: 'Agents that do not run',
  ledger: 'The ledger',
};

/** An id may be made of names that the person may not see. Nothing can be done by this one. */
export function shortenedId(id: string): string {
  return `part-${createHash('sha256').update(id).digest('hex').slice(0, 24)}`;
}
