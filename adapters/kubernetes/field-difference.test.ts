import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findDifferences } from './field-difference.ts';

describe('the differences between a desired and a live object', () => {
  it.each([
    ['what the server filled in is none', { a: 1 }, { a: 1, defaulted: true }, []],
    ['a changed value', { a: { b: 1 } }, { a: { b: 2 } }, ['a.b']],
    ['a missing field', { a: { b: 1 } }, { a: {} }, ['a.b']],
    ['a missing object', { a: { b: 1 } }, {}, ['a']],
    ['another type', { a: '1' }, { a: 1 }, ['a']],
    ['an added list entry', { list: [1] }, { list: [1, 2] }, ['list']],
    ['a removed list entry', { list: [1, 2] }, { list: [1] }, ['list']],
    ['a moved list entry', { list: [1, 2] }, { list: [2, 1] }, ['list[0]', 'list[1]']],
    ['a change inside a list entry', { list: [{ a: 1 }] }, { list: [{ a: 2, b: 3 }] }, ['list[0].a']],
    ['an undefined field is not desired', { a: undefined }, { a: 1 }, []],
    ['null is a value', { a: null }, { a: 1 }, ['a']],
    ['an empty object is there or not', { emptyDir: {} }, {}, ['emptyDir']],
  ])('%s', (_, desired, live, paths) => {
    expect(findDifferences(desired, live)).toEqual(paths);
  });

  it('are none between any object and itself with more beside it', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (desired, more) => {
          expect(findDifferences(desired, { ...more, ...desired })).toEqual([]);
        },
      ),
    );
  });
});
