/** Keywords about arrays. */
import type { Evaluation, Keyword, Place, SchemaNode, Seen } from './evaluation.ts';
import type { KeywordFactory } from './keyword-context.ts';
import { counted } from './value-keywords.ts';

type ArrayCheck = (
  items: readonly unknown[],
  place: Place | undefined,
  evaluation: Evaluation,
  seen: Seen | undefined,
) => boolean;

/** A keyword that says nothing about what is no array. */
function ofArrays(check: ArrayCheck): Keyword {
  return (value, place, evaluation, seen) =>
    !Array.isArray(value) || check(value as readonly unknown[], place, evaluation, seen);
}

function sizeKeyword(word: 'least' | 'most'): KeywordFactory {
  return (context) => {
    const limit = context.count() ?? 0;
    const clause = `must have at ${word} ${counted(limit, 'item')}`;
    return ofArrays(
      ({ length }, place, evaluation) =>
        (word === 'least' ? length >= limit : length <= limit) || evaluation.report(place, clause),
    );
  };
}

const uniqueItems: KeywordFactory = (context) => {
  if (typeof context.value !== 'boolean') context.mustBe('true or false');
  if (!context.value) return undefined;
  return ofArrays((items, place, evaluation) => {
    const indexOf = new Map<string, number>();
    for (const [index, item] of items.entries()) {
      const key = evaluation.canonical(item);
      const earlier = indexOf.get(key);
      if (earlier !== undefined) {
        return evaluation.report(place, `must not have equal items, and ${earlier} and ${index} are equal`);
      }
      indexOf.set(key, index);
    }
    return true;
  });
};

/** Schemas for the first items, one each. */
function tuple(nodes: readonly SchemaNode[]): Keyword {
  return ofArrays((items, place, evaluation, seen) => {
    let verdict = true;
    for (const [index, node] of nodes.entries()) {
      if (index >= items.length) break;
      if (evaluation.fits(node, items[index], { parent: place, key: index })) continue;
      verdict = false;
      if (!evaluation.wantsMore) break;
    }
    if (seen !== undefined)
      seen.itemsBefore = Math.max(seen.itemsBefore, Math.min(nodes.length, items.length));
    return verdict;
  });
}

/** One schema for all items from `start` that `isOther` does not leave out. */
function rest(
  node: SchemaNode,
  schema: unknown,
  start: (seen: Seen | undefined) => number,
  isOther: (index: number, seen: Seen | undefined) => boolean = () => true,
): Keyword {
  return ofArrays((items, place, evaluation, seen) => {
    let verdict = true;
    for (let index = start(seen); index < items.length; index += 1) {
      evaluation.spend(1);
      if (schema === true) break;
      if (!isOther(index, seen)) continue;
      const itemPlace = { parent: place, key: index };
      if (schema !== false && evaluation.fits(node, items[index], itemPlace)) continue;
      if (schema === false) evaluation.report(itemPlace, 'is one item too many');
      verdict = false;
      if (!evaluation.wantsMore) break;
    }
    if (seen !== undefined) seen.itemsBefore = items.length;
    return verdict;
  });
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}

/** Empty, as generators write a tuple of nothing, it says nothing. */
const prefixItems: KeywordFactory = (context) =>
  tuple(context.list().map((_, index) => context.node(String(index))));

const items: KeywordFactory = (context) => {
  // Before 2020-12 a list here was what "prefixItems" is now, and an empty one was allowed.
  if (Array.isArray(context.value))
    return tuple(context.value.map((_, index) => context.node(String(index))));
  const first = lengthOf(context.schema['prefixItems']);
  return rest(context.node(), context.value, () => first);
};

const additionalItems: KeywordFactory = (context) => {
  const { items: first } = context.schema;
  if (!Array.isArray(first)) return undefined;
  return rest(context.node(), context.value, () => first.length);
};

const contains: KeywordFactory = (context) => {
  const node = context.node();
  const least = context.count('minContains') ?? 1;
  const most = context.count('maxContains') ?? Number.POSITIVE_INFINITY;
  return ofArrays((list, place, evaluation, seen) => {
    let fitting = 0;
    for (const [index, item] of list.entries()) {
      if (!evaluation.quietly(() => evaluation.fits(node, item, undefined))) continue;
      fitting += 1;
      seen?.items.add(index);
      if (fitting > most) {
        return evaluation.report(place, `must have at most ${counted(most, 'item')} that fit "contains"`);
      }
      if (seen === undefined && fitting >= least && most === Number.POSITIVE_INFINITY) break;
    }
    return (
      fitting >= least ||
      evaluation.report(place, `must have at least ${counted(least, 'item')} that fit "contains"`)
    );
  });
};

const boundOfContains: KeywordFactory = (context) => {
  context.count();
  return undefined;
};

const unevaluatedItems: KeywordFactory = (context) =>
  rest(
    context.node(),
    context.value,
    (seen) => seen?.itemsBefore ?? 0,
    (index, seen) => seen?.items.has(index) !== true,
  );

export const ARRAY_KEYWORDS: Readonly<Record<string, KeywordFactory>> = {
  minItems: sizeKeyword('least'),
  maxItems: sizeKeyword('most'),
  uniqueItems,
  minContains: boundOfContains,
  maxContains: boundOfContains,
  prefixItems,
  items,
  additionalItems,
  contains,
};

export const UNEVALUATED_ITEMS: Readonly<Record<string, KeywordFactory>> = { unevaluatedItems };
