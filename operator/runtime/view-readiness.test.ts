import { expect, it } from 'vitest';
import { viewReadiness } from './view-readiness.ts';

const view = (isSynced: boolean, seconds: number) =>
  viewReadiness({ isSynced: () => isSynced, secondsSinceLastContact: () => seconds });

it('a replica is ready with a complete view of the last minute, and says what is missing else', () => {
  expect(view(true, 60)).toEqual({ ready: true });
  expect(view(false, 0)).toEqual({ ready: false, reason: 'The view of the cluster is not complete yet.' });
  expect(view(true, 61.4)).toEqual({
    ready: false,
    reason: 'The API server has not been heard of for 61 seconds.',
  });
});
