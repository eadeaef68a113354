/** Sentences of a grammar: to show that a schema has an answer, and for tests. */
import { type Expression, NEVER, type Rules, shortestLengths } from './grammar-expression.ts';

/** Steps after which a sentence takes the shortest way to its end. */
const WANDERING_STEPS = 200;
const MORE_REPETITIONS_MAXIMUM = 4;

export interface SentenceSource {
  /** In characters. */
  readonly shortestLength: number;
  readonly shortest: () => string;
  /** `random` gives numbers from 0 to below 1. */
  readonly random: (random: () => number) => string;
}

/** `rules` must be reduced: every rule has a sentence. */
export function sentencesOf(rules: Rules): SentenceSource {
  const lengths = shortestLengths(rules);
  const write = (random: () => number, wanderingSteps: number): string => {
    let steps = 0;
    let written = '';
    // A stack of what is still to be written: sentences nest deeper than calls may.
    const pending: Expression[] = [rules[0] ?? NEVER];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      steps += 1;
      const isWandering = steps <= wanderingSteps;
      if (next.kind === 'text') written += next.text;
      else if (next.kind === 'characters')
        written += String.fromCodePoint(pickCharacter(next.ranges, random));
      else if (next.kind === 'rule') pending.push(rules[next.rule] ?? NEVER);
      else if (next.kind === 'sequence') pending.push(...next.parts.toReversed());
      else if (next.kind === 'choice') {
        const picked = isWandering ? pick(next.branches, random) : shortestOf(next.branches, lengths.of);
        pending.push(picked ?? NEVER);
      } else if (next.kind === 'repetition') {
        const room = Math.min((next.most ?? Infinity) - next.least, MORE_REPETITIONS_MAXIMUM);
        const count = next.least + (isWandering ? Math.floor(random() * (room + 1)) : 0);
        for (let index = 0; index < count; index += 1) pending.push(next.body);
      } else throw new Error('a grammar must be reduced before it is spoken');
    }
    return written;
  };
  return {
    shortestLength: lengths.of(rules[0] ?? NEVER),
    shortest: () => write(() => 0, 0),
    random: (random) => write(random, WANDERING_STEPS),
  };
}

function pick<T>(list: readonly T[], random: () => number): T | undefined {
  return list[Math.floor(random() * list.length)];
}

/** Letters before strange signs, so that sentences stay readable. */
function pickCharacter(ranges: readonly (readonly [number, number])[], random: () => number): number {
  const plain = ranges.filter(([first, last]) => last >= 0x30 && first <= 0x7a);
  const [first, last] = pick(plain.length > 0 && random() < 0.9 ? plain : ranges, random) ?? [0, 0];
  return first + Math.floor(random() * (Math.min(last, first + 200) - first + 1));
}

function shortestOf(
  branches: readonly Expression[],
  lengthOf: (expression: Expression) => number,
): Expression | undefined {
  return branches.reduce<Expression | undefined>(
    (best, branch) => (best === undefined || lengthOf(branch) < lengthOf(best) ? branch : best),
    undefined,
  );
}
