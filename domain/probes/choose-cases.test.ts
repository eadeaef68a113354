import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GoldenCase } from '#domain/evaluation/golden-set.ts';
import { casesOfRound, classOf } from './choose-cases.ts';

function aCase(id: string, tags: readonly string[] = [], metadata: GoldenCase['metadata'] = {}): GoldenCase {
  return { id, vars: {}, assertions: [], critical: false, tags, tools: [], metadata, line: 1 };
}

function setOf(sizes: readonly number[]): readonly GoldenCase[] {
  return sizes.flatMap((size, number) =>
    Array.from({ length: size }, (_, at) => aCase(`${number}-${at}`, [`class-${number}`])),
  );
}

const ids = (cases: readonly GoldenCase[]): readonly string[] => cases.map(({ id }) => id);

describe('the cases of a round', () => {
  it('are the same for the same round, each once, and as many as were asked for where there are so many', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 }),
        fc.nat(1_000_000),
        fc.integer({ min: 1, max: 50 }),
        (sizes, round, count) => {
          const cases = setOf(sizes);
          const chosen = ids(casesOfRound(cases, round, count));
          expect(chosen).toEqual(ids(casesOfRound(cases, round, count)));
          expect(new Set(chosen).size).toBe(Math.min(count, cases.length));
          expect(chosen).toHaveLength(Math.min(count, cases.length));
        },
      ),
    );
  });

  it('have every class in its share of the set, as nearly as whole cases can, in every round and also past the last case', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        fc.nat(10_000),
        fc.integer({ min: 1, max: 30 }),
        (sizes, round, count) => {
          const cases = setOf(sizes);
          const chosen = casesOfRound(cases, round, count);
          for (const [number, size] of sizes.entries()) {
            const share = (chosen.length * size) / cases.length;
            const found = chosen.filter(({ tags }) => tags[0] === `class-${number}`).length;
            expect(Math.abs(found - share)).toBeLessThanOrEqual(1 + (sizes.length * size) / cases.length);
          }
        },
      ),
    );
  });

  it('come to every case equally often: after as many rounds as it takes each was asked once more', () => {
    const cases = setOf([7, 13, 4]);
    const asked = new Map<string, number>();
    for (let round = 5; round < 5 + cases.length; round += 1) {
      for (const id of ids(casesOfRound(cases, round, 5))) asked.set(id, (asked.get(id) ?? 0) + 1);
    }
    expect([...asked.values()]).toEqual(cases.map(() => 5));
  });

  it('are none where there are none', () => {
    expect(casesOfRound([], 3, 20)).toEqual([]);
  });
});

describe('the class of a case', () => {
  it.each([
    [aCase('a', ['hard'], { class: 'spam', category: 'mail' }), 'spam'],
    [aCase('a', ['hard'], { category: 'mail' }), 'mail'],
    [aCase('a', ['spam', 'hard']), 'spam'],
    [aCase('a', [], { class: 7 }), undefined],
    [aCase('a'), undefined],
    [aCase('a', ['x'.repeat(300)]), 'x'.repeat(256)],
  ])('of %j is %j', (given, expected) => {
    expect(classOf(given)).toBe(expected);
  });
});
