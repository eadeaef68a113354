/** Keywords that apply further schemas to the same value: references, combinations and conditions. */
import type { Evaluation, Keyword, Place, Problem, SchemaNode } from './evaluation.ts';
import type { KeywordFactory } from './keyword-context.ts';

const reference: KeywordFactory = (context) => {
  const { node } = context.document.resolve(context.value, context.located, context.name);
  context.applyInPlace(node);
  return (value, place, evaluation, seen) => evaluation.fits(node, value, place, seen);
};

const dynamicReference: KeywordFactory = (context) => {
  const { initial, overrides } = context.document.resolveDynamic(context.value, context.located);
  // With nothing that could take its place it is a "$ref"; else only the check knows where it leads.
  if (overrides.size <= 1) context.applyInPlace(initial);
  return (value, place, evaluation, seen) => {
    const outermost = evaluation.scope.find((resource) => overrides.has(resource));
    const node = outermost === undefined ? initial : (overrides.get(outermost) ?? initial);
    return evaluation.fits(node, value, place, seen);
  };
};

const allOf: KeywordFactory = (context) => {
  const nodes = context.branches().map((node) => context.applyInPlace(node));
  return (value, place, evaluation, seen) => {
    let verdict = true;
    for (const node of nodes) {
      if (evaluation.fits(node, value, place, seen)) continue;
      verdict = false;
      if (!evaluation.wantsMore) break;
    }
    return verdict;
  };
};

const anyOf: KeywordFactory = (context) => {
  const nodes = context.branches().map((node) => context.applyInPlace(node));
  return (value, place, evaluation, seen) => {
    let verdict = false;
    for (const node of nodes) {
      verdict = evaluation.quietly(() => evaluation.fits(node, value, place, seen)) || verdict;
      // All that fit count for what is evaluated; else one is enough.
      if (verdict && seen === undefined) break;
    }
    return verdict || explainNone(nodes, 'anyOf', value, place, evaluation);
  };
};

const oneOf: KeywordFactory = (context) => {
  const nodes = context.branches().map((node) => context.applyInPlace(node));
  return (value, place, evaluation, seen) => {
    let fitting: number | undefined;
    for (const [index, node] of nodes.entries()) {
      if (!evaluation.quietly(() => evaluation.fits(node, value, place, seen))) continue;
      if (fitting !== undefined) {
        return evaluation.report(
          place,
          `must fit exactly one schema of "oneOf", and fits those at ${fitting} and ${index}`,
        );
      }
      fitting = index;
    }
    return fitting !== undefined || explainNone(nodes, 'oneOf', value, place, evaluation);
  };
};

const BRANCHES_EXPLAINED_MAXIMUM = 32;
const PROBLEMS_OF_BRANCH_MAXIMUM = 5;
const CLAUSES_JOINED_MAXIMUM = 8;

/**
 * One clause, not one for each branch: what is wrong with the branch that the value was meant for when that is plain,
 * else the values of the member that names the branch, else the types that would do, else that none fits.
 */
function explainNone(
  nodes: readonly SchemaNode[],
  keyword: string,
  value: unknown,
  place: Place | undefined,
  evaluation: Evaluation,
): false {
  if (!evaluation.wantsProblems) return false;
  if (nodes.length <= BRANCHES_EXPLAINED_MAXIMUM) {
    const branches = nodes.map((node) =>
      evaluation.problemsOf(() => evaluation.fits(node, value, place), PROBLEMS_OF_BRANCH_MAXIMUM),
    );
    const inside = branches.filter(
      (problems) => problems.length > 0 && problems.every((problem) => problem.place !== place),
    );
    const meant = inside.filter((problems) => !problems.some(({ isOtherValue }) => isOtherValue === true));
    const only = meant.length === 1 ? meant[0] : undefined;
    if (only !== undefined) return evaluation.reportAll(only);
    const tag = meant.length === 0 ? findTag(inside, place) : undefined;
    if (tag !== undefined) return evaluation.report(tag.place, tag.clause, true);
    const clause = joinClauses(
      branches.map(([first]) => (first?.place === place ? first?.clause : undefined)),
    );
    if (clause !== undefined) return evaluation.report(place, clause);
  }
  return evaluation.report(place, `must fit a schema of "${keyword}", and fits none of the ${nodes.length}`);
}

const MUST_BE = 'must be ';

/** The member by which the branches are told apart, when the value has another there than any of them names. */
function findTag(branches: readonly (readonly Problem[])[], place: Place | undefined): Problem | undefined {
  const others = branches.map((problems) =>
    problems.find(
      (problem) =>
        problem.isOtherValue === true && problem.place !== undefined && problem.place.parent === place,
    ),
  );
  const [first] = others;
  if (first === undefined || others.some((other) => other?.place?.key !== first.place?.key)) return undefined;
  const clause = joinClauses(others.map((other) => other?.clause));
  return clause === undefined ? undefined : { place: first.place, clause };
}

function joinClauses(clauses: readonly (string | undefined)[]): string | undefined {
  const all = [...new Set(clauses)];
  if (all.length > CLAUSES_JOINED_MAXIMUM) return undefined;
  const ends = all.flatMap((clause) => (clause?.startsWith(MUST_BE) ? [clause.slice(MUST_BE.length)] : []));
  return ends.length === all.length ? MUST_BE + ends.join(' or ') : undefined;
}

const not: KeywordFactory = (context) => {
  const node = context.inPlace();
  return (value, place, evaluation) =>
    !evaluation.quietly(() => evaluation.fits(node, value, undefined)) ||
    evaluation.report(place, 'must not fit the schema under "not"');
};

const condition: KeywordFactory = (context) => {
  const test = context.inPlace();
  const [whenTrue, whenFalse] = [context.sibling('then'), context.sibling('else')];
  for (const branch of [whenTrue, whenFalse]) if (branch !== undefined) context.applyInPlace(branch);
  const keyword: Keyword = (value, place, evaluation, seen) => {
    const branch = evaluation.quietly(() => evaluation.fits(test, value, place, seen)) ? whenTrue : whenFalse;
    return branch === undefined || evaluation.fits(branch, value, place, seen);
  };
  return keyword;
};

export const COMBINING_KEYWORDS: Readonly<Record<string, KeywordFactory>> = {
  $ref: reference,
  $dynamicRef: dynamicReference,
  allOf,
  anyOf,
  oneOf,
  not,
  if: condition,
};
