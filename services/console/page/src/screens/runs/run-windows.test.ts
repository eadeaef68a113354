import { expect, it } from 'vitest';
import { queryOf, readWindow, WindowTrail } from './run-windows.ts';

it('An address without a place is the beginning, and one with a place alone is somewhere in the run.', () => {
  expect(readWindow({})).toEqual({ after: 0, number: 0 });
  expect(readWindow({ after: '88200', window: '1' })).toEqual({ after: 88_200, number: 1 });
  expect(readWindow({ after: '88200' })).toEqual({ after: 88_200, number: undefined });
  expect(readWindow({ after: '-1', window: 'x' })).toEqual({ after: 0, number: 0 });
});

it('The beginning has no place in its address.', () => {
  expect(queryOf({ after: 0, number: 0 })).toEqual({ after: undefined, window: undefined });
  expect(queryOf({ after: 88_200, number: 1 })).toEqual({ after: '88200', window: '1' });
});

it('Back leads where one came from, as far as anybody came by.', () => {
  const trail = new WindowTrail();
  trail.learn({ after: 0, number: 0 }, 88_200);
  trail.learn({ after: 88_200, number: 1 }, 88_400);
  expect(trail.before({ after: 88_400, number: 2 })).toEqual({ after: 88_200, number: 1 });
  expect(trail.before({ after: 88_200, number: 1 })).toEqual({ after: 0, number: 0 });
  expect(trail.before({ after: 0, number: 0 })).toBeUndefined();
  expect(trail.before({ after: 99_000, number: 7 })).toBeUndefined();
  expect(trail.before({ after: 99_000, number: undefined })).toBeUndefined();
});
