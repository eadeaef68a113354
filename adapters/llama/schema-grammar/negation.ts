/**
 * The schema that fits exactly where another does not, as far as schemas can say it. What they cannot say is left
 * open and marked, so that the answer is checked afterwards.
 */
import type { CheckedKeyword } from './checked-afterwards.ts';
import {
  type Schema,
  type SchemaDocument,
  type SchemaObject,
  entriesOf,
  listOf,
  saysNothing,
} from './schema-document.ts';
import { ALL_TYPES, type ValueType, statedTypes } from './value-types.ts';

/** Keywords that only this compiler writes. Symbols, because every string may stand in a user's schema. */
export const TYPES = Symbol('types');
/** Scalars of which the value must be one. */
export const SCALARS = Symbol('scalars');
/** Scalars of which the value must be none. */
export const EXCLUDED_SCALARS = Symbol('excludedScalars');
export const EXCLUDED_PATTERN = Symbol('excludedPattern');
/** The name of a keyword that is not kept here. */
export const UNKEPT = Symbol('unkept');

const ofTypes = (types: readonly ValueType[], more: SchemaObject = {}): SchemaObject => ({
  [TYPES]: types,
  ...more,
});
const OBJECT = ['object'] as const;
const ARRAY = ['array'] as const;
const STRING = ['string'] as const;
const NUMBER = ['integer', 'fraction'] as const;

type Negate = (value: unknown, schema: SchemaObject) => readonly Schema[] | undefined;

/** What each keyword becomes: one of these schemas must fit. Undefined where no schema can say it. */
const NEGATED_KEYWORDS: Readonly<Record<string, Negate>> = {
  type: (_, schema) => {
    const types = statedTypes(schema) ?? [];
    return [ofTypes(ALL_TYPES.filter((type) => !types.includes(type)))];
  },
  const: (value) => [notOneOf([value])],
  enum: (values) => [notOneOf(values as unknown[])],
  required: (names) => (names as string[]).map((name) => ofTypes(OBJECT, { properties: { [name]: false } })),
  properties: (_, schema) =>
    entriesOf(schema, 'properties').map(([name, inner]) =>
      ofTypes(OBJECT, { required: [name], properties: { [name]: { not: inner } } }),
    ),
  minimum: (bound) => [ofTypes(NUMBER, { exclusiveMaximum: bound })],
  maximum: (bound) => [ofTypes(NUMBER, { exclusiveMinimum: bound })],
  exclusiveMinimum: (bound) => [ofTypes(NUMBER, { maximum: bound })],
  exclusiveMaximum: (bound) => [ofTypes(NUMBER, { minimum: bound })],
  minLength: (least) => below(least, (most) => ofTypes(STRING, { maxLength: most })),
  maxLength: (most) => [ofTypes(STRING, { minLength: Number(most) + 1 })],
  pattern: (pattern) => [ofTypes(STRING, { [EXCLUDED_PATTERN]: pattern })],
  minItems: (least) => below(least, (most) => ofTypes(ARRAY, { maxItems: most })),
  maxItems: (most) => [ofTypes(ARRAY, { minItems: Number(most) + 1 })],
  minProperties: (least) => below(least, (most) => ofTypes(OBJECT, { maxProperties: most })),
  maxProperties: (most) => [ofTypes(OBJECT, { minProperties: Number(most) + 1 })],
  prefixItems: (_, schema) =>
    listOf(schema, 'prefixItems').map((inner, index) =>
      ofTypes(ARRAY, {
        minItems: index + 1,
        prefixItems: [...Array.from({ length: index }, () => true), { not: inner }],
      }),
    ),
  items: (inner, schema) =>
    Array.isArray(inner) || 'prefixItems' in schema
      ? undefined
      : [ofTypes(ARRAY, { contains: { not: inner } })],
  contains: (inner, schema) => {
    const { minContains = 1, maxContains } = schema;
    const tooFew = below(minContains, (most) =>
      ofTypes(
        ARRAY,
        most === 0 ? { items: { not: inner } } : { contains: inner, minContains: 0, maxContains: most },
      ),
    );
    return maxContains === undefined
      ? tooFew
      : [...tooFew, ofTypes(ARRAY, { contains: inner, minContains: Number(maxContains) + 1 })];
  },
  allOf: (_, schema) => listOf(schema, 'allOf').map((inner) => ({ not: inner })),
  anyOf: (_, schema) => [{ allOf: listOf(schema, 'anyOf').map((inner) => ({ not: inner })) }],
  not: (inner) => [inner as Schema],
  if: (condition, { then: consequence = true, else: otherwise = true }) => [
    { allOf: [condition, { not: consequence }] },
    { allOf: [{ not: condition }, { not: otherwise }] },
  ],
  dependentRequired: (_, schema) =>
    Object.entries(schema['dependentRequired'] as Record<string, string[]>).flatMap(([name, others]) =>
      others.map((other) => ofTypes(OBJECT, { required: [name], properties: { [other]: false } })),
    ),
  dependentSchemas: (_, schema) =>
    entriesOf(schema, 'dependentSchemas').map(([name, inner]) =>
      ofTypes(OBJECT, { required: [name], allOf: [{ not: inner }] }),
    ),
};

/** `keyword` is the one that a schema's user wrote: it is named when the negation is not exact. */
export function negate(schema: Schema, document: SchemaDocument, keyword: CheckedKeyword): Schema {
  if (typeof schema === 'boolean') return !schema;
  const unkept: Schema = { [UNKEPT]: keyword };
  // What this compiler wrote itself is not turned round a second time.
  const branches: Schema[] = Object.getOwnPropertySymbols(schema).length > 0 ? [unkept] : [];
  for (const [name, value] of Object.entries(schema)) {
    if (saysNothing(name) || (document.standsAlone(schema) && name !== '$ref')) continue;
    const target = document.targetOf(schema, name);
    const negated = target === undefined ? NEGATED_KEYWORDS[name]?.(value, schema) : [{ not: target }];
    branches.push(...(negated ?? [unkept]));
  }
  return branches.length === 0 ? false : { anyOf: branches };
}

function below(least: unknown, schemaOf: (most: number) => Schema): readonly Schema[] {
  return Number(least) > 0 ? [schemaOf(Number(least) - 1)] : [];
}

function notOneOf(values: readonly unknown[]): Schema {
  const scalars = values.filter(isScalar);
  const others = values.filter((value) => !isScalar(value));
  return { [EXCLUDED_SCALARS]: scalars, allOf: others.map((value) => ({ not: schemaOfValue(value) })) };
}

export function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

/** The schema that only this list or object fits. */
export function schemaOfValue(value: unknown): Schema {
  if (isScalar(value)) return { const: value };
  if (Array.isArray(value)) {
    return {
      type: 'array',
      prefixItems: value.map(schemaOfValue),
      minItems: value.length,
      maxItems: value.length,
    };
  }
  const entries = Object.entries(value as Record<string, unknown>);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, inner]) => [name, schemaOfValue(inner)])),
    required: entries.map(([name]) => name),
    maxProperties: entries.length,
  };
}
