import { expect, it } from 'vitest';
import { readCallHeaders } from './call-context.ts';

it.each([
  [
    { 'x-capataz-run-id': 'run-1', 'x-capataz-run-purpose': 'probe' },
    { id: 'run-1', purpose: 'probe' },
  ],
  [
    { 'x-capataz-run-id': 'run-1', 'x-capataz-step': '2', 'x-capataz-run-purpose': 'evaluation' },
    { id: 'run-1', step: 2, purpose: 'evaluation' },
  ],
  // What is not known is production: nobody gets out of the sums by a word of his own.
  [{ 'x-capataz-run-id': 'run-1', 'x-capataz-run-purpose': 'holiday' }, { id: 'run-1' }],
  [{ 'x-capataz-run-purpose': 'probe' }, undefined],
])('Of the headers %j the run is %j', (headers, run) => {
  expect(readCallHeaders(headers).run).toEqual(run);
});
