/** "Did you mean": the known name that is fewest letters away. */
import { closest, distance } from 'fastest-levenshtein';

const NAME_MAXIMUM_CHARACTERS = 64;

/** A sentence's end, or nothing when no name is near. */
export function didYouMean(given: string, known: readonly string[]): string {
  const short = given.slice(0, NAME_MAXIMUM_CHARACTERS);
  const nearest = closest(short, known);
  return distance(short, nearest) <= Math.max(2, Math.floor(short.length / 3))
    ? `; did you mean "${nearest}"?`
    : `; there are ${known.join(', ')}`;
}
