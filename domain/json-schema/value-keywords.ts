/** Keywords about a value as such: its type, which value it is, and the bounds of numbers and texts. */
import { canonicalJson } from '#domain/canonical-json/canonical-json.ts';
import type { Keyword } from './evaluation.ts';
import { FORMAT_NAMES, findFormat } from './formats.ts';
import { isMultipleOf, isMultipleOfQuickly } from './json-numbers.ts';
import type { KeywordContext, KeywordFactory } from './keyword-context.ts';
import { isPlainObject } from './schema-document.ts';

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  null: (value) => value === null,
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
  string: (value) => typeof value === 'string',
  array: (value) => Array.isArray(value),
  object: isPlainObject,
};

function isType(name: unknown): name is string {
  return typeof name === 'string' && Object.hasOwn(TYPES, name);
}

const type: KeywordFactory = (context) => {
  const names: readonly unknown[] = Array.isArray(context.value) ? context.value : [context.value];
  if (names.length === 0 || !names.every(isType)) {
    return context.mustBe(`one or several of ${Object.keys(TYPES).join(', ')}`);
  }
  // OpenAPI 3.0 says so what later drafts say by a second type.
  const all = context.schema['nullable'] === true ? [...new Set([...names, 'null'])] : names;
  const checks = all.map((name) => TYPES[name] ?? (() => false));
  const [only = () => false] = checks;
  const isOne = checks.length === 1 ? only : (value: unknown) => checks.some((check) => check(value));
  const clause = `must be ${all.join(' or ')}`;
  return (value, place, evaluation) => isOne(value) || evaluation.report(place, clause);
};

const nullable: KeywordFactory = (context) => {
  if (typeof context.value !== 'boolean') context.mustBe('true or false');
  return undefined;
};

const constant: KeywordFactory = (context) =>
  oneOfValues([context.value], `must be ${showValue(context.value)}`);

const enumeration: KeywordFactory = (context) => {
  const values = context.list();
  if (values.length === 0) context.mustBe('a list of at least one value');
  return oneOfValues(values, `must be one of ${showValues(values)}`);
};

/** As quick for ten thousand values as for one. */
function oneOfValues(values: readonly unknown[], clause: string): Keyword {
  const scalars = new Set(values.filter((value) => !isContainer(value)));
  const containers = new Set(values.filter(isContainer).map(canonicalJson));
  return (value, place, evaluation) => {
    const isOne = isContainer(value)
      ? containers.size > 0 && containers.has(evaluation.canonical(value))
      : scalars.has(value);
    return isOne || evaluation.report(place, clause, true);
  };
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

const SHOWN_VALUES_MAXIMUM = 10;
const SHOWN_CHARACTERS_MAXIMUM = 60;

function showValues(values: readonly unknown[]): string {
  const shown = `[${values.slice(0, SHOWN_VALUES_MAXIMUM).map(showValue).join(',')}]`;
  const rest = values.length - SHOWN_VALUES_MAXIMUM;
  return rest > 0 ? `${shown} or one of ${rest} more` : shown;
}

function showValue(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS_MAXIMUM ? `${text.slice(0, SHOWN_CHARACTERS_MAXIMUM)}...` : text;
}

type LimitKeyword = (context: KeywordContext, limit?: number) => Keyword;

function numberKeyword(word: string, holds: (value: number, limit: number) => boolean): LimitKeyword {
  return (context, limit = context.number()) => {
    const clause = `must be ${word} ${limit}`;
    return (value, place, evaluation) =>
      typeof value !== 'number' || holds(value, limit) || evaluation.report(place, clause);
  };
}

/** Draft 4 and OpenAPI 3.0 say by true that the bound beside it is itself excluded. */
function exclusive(bound: 'minimum' | 'maximum', keyword: LimitKeyword): KeywordFactory {
  return (context) => {
    if (typeof context.value !== 'boolean') return keyword(context);
    const limit = context.schema[bound];
    if (!context.value) return undefined;
    return typeof limit === 'number' ? keyword(context, limit) : context.mustBe(`beside "${bound}"`);
  };
}

const multipleOf: KeywordFactory = (context) => {
  const divisor = context.number();
  if (divisor <= 0) context.mustBe('a number greater than 0');
  const clause = `must be a multiple of ${divisor}`;
  return (value, place, evaluation) => {
    if (typeof value !== 'number') return true;
    const quick = isMultipleOfQuickly(value, divisor);
    evaluation.spend(quick === undefined ? DIVISION_STEPS : 1);
    return (quick ?? isMultipleOf(value, divisor)) || evaluation.report(place, clause);
  };
};

/** Decimals are divided as integers of up to six hundred digits. */
const DIVISION_STEPS = 100;

const minLength: KeywordFactory = (context) => {
  const least = context.count() ?? 0;
  const clause = `must have at least ${counted(least, 'character')}`;
  return (value, place, evaluation) => {
    if (typeof value !== 'string' || value.length >= 2 * least) return true;
    return (value.length >= least && evaluation.lengthOf(value) >= least) || evaluation.report(place, clause);
  };
};

const maxLength: KeywordFactory = (context) => {
  const most = context.count() ?? 0;
  const clause = `must have at most ${counted(most, 'character')}`;
  return (value, place, evaluation) => {
    if (typeof value !== 'string' || value.length <= most) return true;
    return (
      (value.length <= 2 * most && evaluation.lengthOf(value) <= most) || evaluation.report(place, clause)
    );
  };
};

export function counted(count: number, noun: string): string {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${count} ${count === 1 ? noun : plural}`;
}

const pattern: KeywordFactory = (context) => {
  const source = context.text();
  const compiled = context.pattern(source);
  const clause = `must match the pattern ${showValue(source)}`;
  return (value, place, evaluation) =>
    typeof value !== 'string' || evaluation.matches(compiled, value) || evaluation.report(place, clause);
};

const format: KeywordFactory = (context) => {
  const name = context.text();
  const known = findFormat(name);
  if (known === undefined) return context.mustBe(describeFormats(name));
  const clause = `must match format "${name}"`;
  return (value, place, evaluation) =>
    (typeof value !== 'string' && typeof value !== 'number') ||
    typeof value !== known.appliesTo ||
    evaluation.hasFormat(known, value) ||
    evaluation.report(place, clause);
};

/** All of them would be a sentence of a hundred words. */
function describeFormats(given: string): string {
  const alike = FORMAT_NAMES.filter((name) => name[0] === given.toLowerCase()[0]).slice(0, 8);
  const shown = alike.length > 0 ? alike : ['date-time', 'email', 'uri', 'uuid'];
  return `the name of a known format, such as ${shown.join(', ')}`;
}

export const VALUE_KEYWORDS: Readonly<Record<string, KeywordFactory>> = {
  type,
  nullable,
  const: constant,
  enum: enumeration,
  minimum: numberKeyword('>=', (value, limit) => value >= limit),
  maximum: numberKeyword('<=', (value, limit) => value <= limit),
  exclusiveMinimum: exclusive(
    'minimum',
    numberKeyword('>', (value, limit) => value > limit),
  ),
  exclusiveMaximum: exclusive(
    'maximum',
    numberKeyword('<', (value, limit) => value < limit),
  ),
  multipleOf,
  minLength,
  maxLength,
  pattern,
  format,
};
