/** The filters and the order of the fleet as they stand in the address. Pure. */
import type { AgentSort } from '#services/console/api/answers.ts';
import { withQuery } from '../../server/paths.ts';
import { STATES, VERDICTS } from '../../words/general-words.ts';
import { SORTS } from './fleet-words.ts';

export const PAGE_ROWS = 100;
export const ALL_STATES = Object.keys(STATES) as readonly (keyof typeof STATES)[];
export const ALL_VERDICTS = Object.keys(VERDICTS) as readonly (keyof typeof VERDICTS)[];

export interface FleetQuery {
  readonly namespace: string;
  readonly search: string;
  readonly state: string;
  readonly verdict: string;
  readonly sort: AgentSort;
  readonly order: 'ascending' | 'descending';
}

/** What an address does not say, or says wrongly, is the default. */
export function readFleetQuery(values: Readonly<Record<string, string>>): FleetQuery {
  const { namespace = '', search = '', state = '', verdict = '', sort = '', order } = values;
  return {
    namespace,
    search,
    state: ALL_STATES.find((each) => each === state) ?? '',
    verdict: ALL_VERDICTS.find((each) => each === verdict) ?? '',
    sort: isSort(sort) ? sort : 'urgency',
    order: order === 'ascending' || order === 'descending' ? order : firstOrder(sort),
  };
}

function isSort(sort: string): sort is AgentSort {
  return Object.hasOwn(SORTS, sort);
}

/** Names begin at A; of all else the most matters first. */
export function firstOrder(sort: string): FleetQuery['order'] {
  return sort === 'name' ? 'ascending' : 'descending';
}

/** What a click on the head of a column makes of the order. */
export function nextOrder(query: FleetQuery, sort: AgentSort): Pick<FleetQuery, 'sort' | 'order'> {
  if (query.sort !== sort) return { sort, order: firstOrder(sort) };
  return { sort, order: query.order === 'ascending' ? 'descending' : 'ascending' };
}

export function fleetPath(query: FleetQuery, cursor?: string): string {
  return withQuery('/v1/agents', { ...query, limit: PAGE_ROWS, cursor });
}
