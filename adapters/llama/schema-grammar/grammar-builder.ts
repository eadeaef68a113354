/** What the grammars of the single types need of the whole. */
import type { CheckedKeyword } from './checked-afterwards.ts';
import type { Alternative } from './conjunction.ts';
import type { Expression } from './grammar-expression.ts';
import type { Schema } from './schema-document.ts';
import type { StringLanguage } from './string-language.ts';

export interface GrammarBuilder {
  /** The values that fit all of them. */
  readonly valueOf: (schemas: readonly Schema[]) => Expression;
  /** A rule of its own, so that what refers to it stays small. */
  readonly ruleOf: (expression: Expression) => Expression;
  /** A rule whose content is not known yet. */
  readonly laterRule: () => { readonly rule: Expression; readonly fill: (expression: Expression) => void };
  /** The other is built only when the wanted one turns out to have no sentence. */
  readonly preferring: (wanted: Expression, otherwise: () => Expression) => Expression;
  /** The rule that was first made under this key. */
  readonly sharedRule: (key: string, expression: Expression) => Expression;
  readonly unkept: (keyword: CheckedKeyword) => void;
  readonly negationOf: (schema: Schema, keyword: CheckedKeyword) => Schema;
  readonly languageOf: (pattern: string) => StringLanguage;
}

/** llama.cpp refuses grammars that repeat more often, and writes out every repetition that it takes. */
export const REPETITIONS_MAXIMUM = 1000;

/** One space after a comma and a colon: what models write by themselves. */
export const COMMA = ', ';
export const COLON = ': ';

/** The strictest of the lower bounds. */
export function greatest(members: Alternative, keyword: string): number {
  return Math.max(0, ...numbersOf(members, keyword));
}

/** The strictest of the upper bounds. */
export function smallest(members: Alternative, keyword: string): number | undefined {
  const numbers = numbersOf(members, keyword);
  return numbers.length === 0 ? undefined : Math.min(...numbers);
}

function numbersOf(members: Alternative, keyword: string): readonly number[] {
  return members
    .map(({ schema }) => schema[keyword])
    .filter((value): value is number => typeof value === 'number');
}
