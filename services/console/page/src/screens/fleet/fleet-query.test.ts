import { expect, it } from 'vitest';
import { fleetPath, nextOrder, readFleetQuery } from './fleet-query.ts';

it('An address without filters asks for what needs somebody first.', () => {
  expect(fleetPath(readFleetQuery({}))).toBe('/v1/agents?sort=urgency&order=descending&limit=100');
});

it('What an address says wrongly is the default, and nothing of it reaches the server.', () => {
  const query = readFleetQuery({ sort: 'constructor', order: 'up', state: 'x', verdict: '<b>' });
  expect(query).toMatchObject({ sort: 'urgency', order: 'descending', state: '', verdict: '' });
});

it('A head that is clicked sorts by it, the most first but names from A; clicked again it turns.', () => {
  const query = readFleetQuery({ sort: 'cost' });
  expect(nextOrder(query, 'name')).toEqual({ sort: 'name', order: 'ascending' });
  expect(nextOrder(query, 'latency')).toEqual({ sort: 'latency', order: 'descending' });
  expect(nextOrder(query, 'cost')).toEqual({ sort: 'cost', order: 'ascending' });
});
