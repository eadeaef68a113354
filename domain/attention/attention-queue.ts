/**
 * What needs somebody, in the order in which it does. Whatever is of one cause is one item with the list of all agents that it
 * touches, so that a price that rises under three hundred agents wakes one person once.
 */
import { type AttentionItem, type RankedCause, URGENCIES } from '../observation/attention-item.ts';
import { hashOf } from './stable-hash.ts';

/** One thing that was found, of one agent or of none: others with the same id are the same cause. */
export interface FoundCause extends Readonly<Omit<AttentionItem, 'silence' | 'agents' | 'causes' | 'runs'>> {
  readonly agents: readonly AttentionItem['agents'][number][];
  readonly causes: readonly RankedCause[];
  readonly runs: readonly AttentionItem['runs'][number][];
  /** Of several agents, behind their number: `agents cost more since ...`. */
  readonly titleOfMany: string;
  /** Of two items that are equally urgent the heavier goes first; added up over the agents. */
  readonly weight: number;
  /** From this weight on somebody is woken, however little each agent adds. */
  readonly pageWeight?: number;
}

export type Silence = NonNullable<AttentionItem['silence']>;

const MOST_ITEMS = 1_000;
const MOST_AGENTS = 1_000;
const MOST_CAUSES = 8;
const MOST_RUNS = 10;
const ID_CHARACTERS = 200;
const TITLE_CHARACTERS = 256;
const WHY_CHARACTERS = 1_024;

/** Of parts that stay the same for as long as the cause lasts; never longer than an id may be. */
export function causeId(...parts: readonly string[]): string {
  const id = parts.join('/');
  return id.length <= ID_CHARACTERS ? id : `${id.slice(0, ID_CHARACTERS - 17)}-${hashOf(id)}`;
}

/** Most urgent first; what is silenced stands behind what is not. */
export function attentionQueue(
  found: readonly FoundCause[],
  silenceOf: (id: string) => Silence | undefined,
): AttentionItem[] {
  const groups = new Map<string, FoundCause[]>();
  for (const cause of found) {
    const group = groups.get(cause.id);
    if (group === undefined) groups.set(cause.id, [cause]);
    else group.push(cause);
  }
  return Array.from(groups.values(), (group) => ({
    item: itemOf(group, silenceOf),
    weight: weightOf(group),
  }))
    .toSorted((one, other) => rankOf(one.item) - rankOf(other.item) || other.weight - one.weight)
    .slice(0, MOST_ITEMS)
    .map(({ item }) => item);
}

function itemOf(group: readonly FoundCause[], silenceOf: (id: string) => Silence | undefined): AttentionItem {
  const [heaviest] = group.toSorted((one, other) => other.weight - one.weight) as [FoundCause];
  const { id, kind, subject, why } = heaviest;
  const agents = agentsOf(group);
  const isMany = agents.length > 1;
  const title = isMany ? `${agents.length} ${heaviest.titleOfMany}` : heaviest.title;
  return {
    id,
    kind,
    urgency: urgencyOf(group),
    agents: agents.slice(0, MOST_AGENTS),
    subject,
    title: title.slice(0, TITLE_CHARACTERS),
    why: (isMany ? `${agents[0]?.name}: ${why}` : why).slice(0, WHY_CHARACTERS),
    causes: heaviest.causes.slice(0, MOST_CAUSES),
    runs: group.flatMap(({ runs }) => runs).slice(0, MOST_RUNS),
    sinceMicroseconds: Math.min(...group.map(({ sinceMicroseconds }) => sinceMicroseconds)),
    silence: silenceOf(id) ?? null,
  };
}

/** The heaviest first, each once. */
function agentsOf(group: readonly FoundCause[]): AttentionItem['agents'] {
  const agents = new Map<string, AttentionItem['agents'][number]>();
  for (const { agents: some } of group.toSorted((one, other) => other.weight - one.weight)) {
    for (const agent of some) agents.set(`${agent.namespace}/${agent.name}`, agent);
  }
  return [...agents.values()];
}

function urgencyOf(group: readonly FoundCause[]): AttentionItem['urgency'] {
  const pageWeight = Math.min(...group.map((cause) => cause.pageWeight ?? Number.POSITIVE_INFINITY));
  if (weightOf(group) >= pageWeight) return 'page';
  const ranks = group.map(({ urgency }) => URGENCIES.indexOf(urgency));
  return URGENCIES[Math.min(...ranks)] ?? 'notice';
}

function weightOf(group: readonly FoundCause[]): number {
  return group.reduce((sum, { weight }) => sum + weight, 0);
}

function rankOf({ urgency, silence }: AttentionItem): number {
  return URGENCIES.indexOf(urgency) + (silence === null ? 0 : URGENCIES.length);
}
