/**
 * Which cases of a golden set a round asks. All cases stand in one order in which every class is spread evenly, and each
 * round takes the next ones of it, from the beginning again after the last. So every case is asked equally often, each
 * round has the classes in the shares of the set as nearly as it can, and whoever knows the round knows its cases.
 */
import type { GoldenCase } from '#domain/evaluation/golden-set.ts';

const CLASS_MAXIMUM_CHARACTERS = 256;

/** What a case is of: its `metadata.class` or `metadata.category`, else its first tag; else it is of the one class there is. */
export function classOf({ metadata, tags }: Pick<GoldenCase, 'metadata' | 'tags'>): string | undefined {
  const named = [metadata['class'], metadata['category'], tags[0]].find(
    (each) => typeof each === 'string' && each !== '',
  );
  return typeof named === 'string' ? named.slice(0, CLASS_MAXIMUM_CHARACTERS).toWellFormed() : undefined;
}

export function casesOfRound(
  cases: readonly GoldenCase[],
  round: number,
  casesPerRound: number,
): readonly GoldenCase[] {
  const order = spreadOverClasses(cases);
  const count = Math.min(casesPerRound, order.length);
  const first = (round * count) % Math.max(1, order.length);
  return [...order, ...order].slice(first, first + count);
}

function spreadOverClasses(cases: readonly GoldenCase[]): readonly GoldenCase[] {
  const classes = [...Map.groupBy(cases, (each) => classOf(each) ?? '').values()];
  return classes
    .flatMap((ofClass, classNumber) =>
      ofClass.map((each, at) => ({ each, place: (at + 0.5) / ofClass.length, classNumber })),
    )
    .toSorted((one, other) => one.place - other.place || one.classNumber - other.classNumber)
    .map(({ each }) => each);
}
