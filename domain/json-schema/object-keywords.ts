/**
 * Keywords about objects. Only an object's own members are members: every object inherits "constructor" and "toString".
 */
import type { Evaluation, Keyword, Place, SchemaNode } from './evaluation.ts';
import type { KeywordContext, KeywordFactory } from './keyword-context.ts';
import type { LinearPattern } from './linear-pattern.ts';
import { isPlainObject } from './schema-document.ts';
import { counted } from './value-keywords.ts';

type Members = Readonly<Record<string, unknown>>;

/** A keyword that says nothing about what is no object. */
function ofObjects(
  check: (
    members: Members,
    ...rest: Parameters<Keyword> extends [unknown, ...infer Rest] ? Rest : never
  ) => boolean,
): Keyword {
  return (value, place, evaluation, seen) => !isPlainObject(value) || check(value, place, evaluation, seen);
}

function at(parent: Place | undefined, key: string): Place {
  return { parent, key };
}

/** Whether all names hold; every name is paid for, and without need nobody looks further than the first that does not. */
function every(names: readonly string[], evaluation: Evaluation, holds: (name: string) => boolean): boolean {
  let verdict = true;
  for (const name of names) {
    evaluation.spend(1);
    if (holds(name)) continue;
    verdict = false;
    if (!evaluation.wantsMore) break;
  }
  return verdict;
}

const required: KeywordFactory = (context) => {
  const names = context.names();
  return ofObjects((members, place, evaluation) =>
    every(
      names,
      evaluation,
      (name) => Object.hasOwn(members, name) || evaluation.report(at(place, name), 'is missing'),
    ),
  );
};

const dependentRequired: KeywordFactory = (context) => {
  const entries = context.entries().map(([name, names]) => [name, context.names(names)] as const);
  return needs(entries);
};

function needs(entries: readonly (readonly [string, readonly string[]])[]): Keyword {
  return ofObjects((members, place, evaluation) => {
    let verdict = true;
    for (const [name, needed] of entries) {
      if (!Object.hasOwn(members, name)) continue;
      const holds = every(
        needed,
        evaluation,
        (other) =>
          Object.hasOwn(members, other) ||
          evaluation.report(at(place, other), `is missing beside "${name.slice(0, 60)}"`),
      );
      if (holds) continue;
      verdict = false;
      if (!evaluation.wantsMore) break;
    }
    return verdict;
  });
}

const dependentSchemas: KeywordFactory = (context) =>
  whenPresent(context.entries().map(([name]) => [name, context.inPlace(name)]));

function whenPresent(entries: readonly (readonly [string, SchemaNode])[]): Keyword {
  return ofObjects((members, place, evaluation, seen) => {
    let verdict = true;
    for (const [name, node] of entries) {
      if (!Object.hasOwn(members, name) || evaluation.fits(node, members, place, seen)) continue;
      verdict = false;
      if (!evaluation.wantsMore) break;
    }
    return verdict;
  });
}

/** Before 2019-09 both kinds of dependencies in one keyword. */
const dependencies: KeywordFactory = (context) => {
  const entries = context.entries();
  const names = needs(
    entries.flatMap(([name, value]) => (Array.isArray(value) ? [[name, context.names(value)] as const] : [])),
  );
  const schemas = whenPresent(
    entries.flatMap(([name, value]) =>
      Array.isArray(value) ? [] : [[name, context.inPlace(name)] as const],
    ),
  );
  return (...given) => {
    const holds = names(...given);
    return (holds || given[2].wantsMore) && schemas(...given) && holds;
  };
};

function sizeKeyword(word: 'least' | 'most'): KeywordFactory {
  return (context) => {
    const limit = context.count() ?? 0;
    const clause = `must have at ${word} ${counted(limit, 'property')}`;
    return ofObjects((members, place, evaluation) => {
      const size = evaluation.namesOf(members).length;
      return (word === 'least' ? size >= limit : size <= limit) || evaluation.report(place, clause);
    });
  };
}

const propertyNames: KeywordFactory = (context) => {
  const node = context.node();
  return ofObjects((members, place, evaluation) =>
    every(
      evaluation.namesOf(members),
      evaluation,
      (name) =>
        evaluation.quietly(() => evaluation.fits(node, name, undefined)) ||
        evaluation.report(at(place, name), 'is not an allowed name'),
    ),
  );
};

const properties: KeywordFactory = (context) => {
  const entries = context.entries().map(([name]) => [name, context.node(name)] as const);
  return ofObjects((members, place, evaluation, seen) => {
    let verdict = true;
    for (const [name, node] of entries) {
      if (!Object.hasOwn(members, name)) continue;
      seen?.properties.add(name);
      if (evaluation.fits(node, members[name], at(place, name))) continue;
      verdict = false;
      if (!evaluation.wantsMore) break;
    }
    return verdict;
  });
};

function patternsOf(context: KeywordContext): readonly (readonly [LinearPattern, SchemaNode])[] {
  return context.entries().map(([source]) => [context.pattern(source), context.node(source)] as const);
}

const patternProperties: KeywordFactory = (context) => {
  const patterns = patternsOf(context);
  return ofObjects((members, place, evaluation, seen) =>
    every(evaluation.namesOf(members), evaluation, (name) =>
      patterns.every(([pattern, node]) => {
        if (!evaluation.matches(pattern, name)) return true;
        seen?.properties.add(name);
        return evaluation.fits(node, members[name], at(place, name));
      }),
    ),
  );
};

const additionalProperties: KeywordFactory = (context) => {
  const node = context.node();
  const { properties: named, patternProperties: patterned } = context.schema;
  const names = new Set(Object.keys(isPlainObject(named) ? named : {}));
  const sources = Object.keys(isPlainObject(patterned) ? patterned : {});
  const patterns = sources.map((source) => context.pattern(source));
  const isOther = (name: string, evaluation: Evaluation): boolean =>
    !names.has(name) && !patterns.some((pattern) => evaluation.matches(pattern, name));
  return others(node, context.value, (name, evaluation) => isOther(name, evaluation));
};

const unevaluatedProperties: KeywordFactory = (context) =>
  others(context.node(), context.value, (name, _, seen) => seen?.properties.has(name) !== true);

function others(
  node: SchemaNode,
  schema: unknown,
  isOther: (name: string, evaluation: Evaluation, seen: Parameters<Keyword>[3]) => boolean,
): Keyword {
  return ofObjects((members, place, evaluation, seen) =>
    every(evaluation.namesOf(members), evaluation, (name) => {
      if (!isOther(name, evaluation, seen)) return true;
      seen?.properties.add(name);
      if (schema === false) return evaluation.report(at(place, name), 'is not known');
      return schema === true || evaluation.fits(node, members[name], at(place, name));
    }),
  );
}

export const OBJECT_KEYWORDS: Readonly<Record<string, KeywordFactory>> = {
  required,
  dependentRequired,
  minProperties: sizeKeyword('least'),
  maxProperties: sizeKeyword('most'),
  propertyNames,
  additionalProperties,
  properties,
  patternProperties,
  dependentSchemas,
  dependencies,
};

export const UNEVALUATED_PROPERTIES: Readonly<Record<string, KeywordFactory>> = { unevaluatedProperties };
