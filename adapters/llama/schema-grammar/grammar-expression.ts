/**
 * Context-free grammars as values: what a schema becomes before it is llama.cpp's text (gbnf.ts) or some sentences
 * (sentences.ts). Rules are named by their index; the root is rule 0.
 */

/** Code points, both ends included, sorted and apart. */
export type CharacterRanges = readonly (readonly [number, number])[];

export type Expression =
  | { readonly kind: 'never' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'characters'; readonly ranges: CharacterRanges }
  | { readonly kind: 'sequence'; readonly parts: readonly Expression[] }
  | { readonly kind: 'choice'; readonly branches: readonly Expression[] }
  | {
      readonly kind: 'repetition';
      readonly body: Expression;
      readonly least: number;
      readonly most: number | undefined;
    }
  | { readonly kind: 'rule'; readonly rule: number }
  /** The wanted one, or, where it has no sentence, the other. */
  | { readonly kind: 'preference'; readonly wanted: Expression; readonly otherwise: Expression };

export const NEVER: Expression = { kind: 'never' };
export const NOTHING: Expression = { kind: 'text', text: '' };

export function text(content: string): Expression {
  return { kind: 'text', text: content };
}

export function characters(ranges: CharacterRanges): Expression {
  return ranges.length === 0 ? NEVER : { kind: 'characters', ranges };
}

/** `oneOfCharacters('a-z', '_')`: ranges of single letters. */
export function oneOfCharacters(...spans: readonly string[]): Expression {
  return characters(
    spans.map((span) => [span.codePointAt(0) ?? 0, span.codePointAt(span.length - 1) ?? 0] as const),
  );
}

export function sequence(...parts: readonly Expression[]): Expression {
  if (parts.some((part) => part.kind === 'never')) return NEVER;
  const needed = parts.filter((part) => part !== NOTHING);
  return needed.length === 1 && needed[0] !== undefined ? needed[0] : { kind: 'sequence', parts: needed };
}

export function choice(...branches: readonly Expression[]): Expression {
  const possible = branches.filter((branch) => branch.kind !== 'never');
  if (possible.length === 0) return NEVER;
  return possible.length === 1 && possible[0] !== undefined
    ? possible[0]
    : { kind: 'choice', branches: possible };
}

export function optional(body: Expression): Expression {
  return repetition(body, 0, 1);
}

export function repetition(body: Expression, least: number, most?: number): Expression {
  if (most !== undefined && most < least) return NEVER;
  if (body.kind === 'never') return least === 0 ? NOTHING : NEVER;
  if (most === 0) return NOTHING;
  return least === 1 && most === 1 ? body : { kind: 'repetition', body, least, most };
}

export function preference(wanted: Expression, otherwise: Expression): Expression {
  return { kind: 'preference', wanted, otherwise };
}

export type Rules = readonly Expression[];

/**
 * The grammar without what has no sentence, and with every preference decided; undefined when no sentence is left.
 * Rules that cannot end (a list that must contain itself) vanish, so that an answer never enters them.
 */
export function reduceRules(rules: Rules): Rules | undefined {
  const lengths = shortestLengths(rules);
  const reduced = rules.map((rule) => reduce(rule, lengths));
  return reduced[0]?.kind === 'never' ? undefined : reduced;
}

export interface ShortestLengths {
  /** Characters of the shortest sentence; Infinity when there is none. */
  readonly of: (expression: Expression) => number;
}

export function shortestLengths(rules: Rules): ShortestLengths {
  const lengths = rules.map(() => Infinity);
  const switched = new Set<Expression>();
  const of = (expression: Expression): number => lengthOf(expression, lengths, switched);
  const users = usersOf(rules);
  for (;;) {
    settle(rules, lengths, users, of);
    const before = switched.size;
    for (const rule of rules) switchPreferences(rule, of, switched);
    if (switched.size === before) return { of };
  }
}

/** Which rules refer to each rule. */
function usersOf(rules: Rules): readonly ReadonlySet<number>[] {
  const users = rules.map(() => new Set<number>());
  for (const [index, rule] of rules.entries()) {
    for (const used of rulesIn(rule)) users[used]?.add(index);
  }
  return users;
}

/** The rules that an expression refers to. */
export function rulesIn(expression: Expression | undefined): readonly number[] {
  const found: number[] = [];
  const pending = [expression];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === 'rule') found.push(next.rule);
    pending.push(...childrenOf(next));
  }
  return found;
}

/** The rules that a sentence can go through. */
export function reachableRules(rules: Rules): ReadonlySet<number> {
  const reached = new Set([0]);
  for (const rule of reached) for (const used of rulesIn(rules[rule])) reached.add(used);
  return reached;
}

function settle(
  rules: Rules,
  lengths: number[],
  users: readonly ReadonlySet<number>[],
  of: (expression: Expression) => number,
): void {
  const pending = new Set(rules.keys());
  for (const index of pending) {
    // Taken out, so that it comes again when something that it uses becomes shorter.
    pending.delete(index);
    const length = of(rules[index] ?? NEVER);
    if (length >= (lengths[index] ?? 0)) continue;
    lengths[index] = length;
    for (const user of users[index] ?? []) pending.add(user);
  }
}

function lengthOf(
  expression: Expression,
  lengths: readonly number[],
  switched: ReadonlySet<Expression>,
): number {
  const of = (inner: Expression): number => lengthOf(inner, lengths, switched);
  switch (expression.kind) {
    case 'never':
      return Infinity;
    case 'text':
      return expression.text.length;
    case 'characters':
      return 1;
    case 'sequence':
      return expression.parts.reduce((sum, part) => sum + of(part), 0);
    case 'choice':
      return expression.branches.reduce((least, branch) => Math.min(least, of(branch)), Infinity);
    case 'repetition':
      return expression.least === 0 ? 0 : expression.least * of(expression.body);
    case 'rule':
      return lengths[expression.rule] ?? Infinity;
    case 'preference':
      break;
  }
  return of(switched.has(expression) ? expression.otherwise : expression.wanted);
}

function switchPreferences(
  expression: Expression,
  of: (expression: Expression) => number,
  switched: Set<Expression>,
): void {
  if (expression.kind === 'preference' && of(expression.wanted) === Infinity) switched.add(expression);
  for (const child of childrenOf(expression)) switchPreferences(child, of, switched);
}

export function childrenOf(expression: Expression): readonly Expression[] {
  if (expression.kind === 'sequence') return expression.parts;
  if (expression.kind === 'choice') return expression.branches;
  if (expression.kind === 'repetition') return [expression.body];
  return expression.kind === 'preference' ? [expression.wanted, expression.otherwise] : [];
}

function reduce(expression: Expression, lengths: ShortestLengths): Expression {
  if (lengths.of(expression) === Infinity) return NEVER;
  const inner = (child: Expression): Expression => reduce(child, lengths);
  switch (expression.kind) {
    case 'sequence':
      return sequence(...expression.parts.map(inner));
    case 'choice':
      return choice(...expression.branches.map(inner));
    case 'repetition':
      return repetition(inner(expression.body), expression.least, expression.most);
    case 'preference':
      return lengths.of(expression.wanted) === Infinity
        ? inner(expression.otherwise)
        : inner(expression.wanted);
    case 'never':
    case 'text':
    case 'characters':
    case 'rule':
      break;
  }
  return expression;
}
