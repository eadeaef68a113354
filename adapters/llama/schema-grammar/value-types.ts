/** The types of JSON values, numbers split in two so that they are apart from each other. */
import type { SchemaObject } from './schema-document.ts';

export type ValueType = 'null' | 'boolean' | 'object' | 'array' | 'string' | 'integer' | 'fraction';

export const ALL_TYPES: readonly ValueType[] = [
  'object',
  'array',
  'string',
  'integer',
  'fraction',
  'boolean',
  'null',
];

const TYPES_OF_NAME: Readonly<Record<string, readonly ValueType[]>> = {
  null: ['null'],
  boolean: ['boolean'],
  object: ['object'],
  array: ['array'],
  string: ['string'],
  integer: ['integer'],
  number: ['integer', 'fraction'],
};

/** What `type` (and OpenAPI's `nullable`) says; undefined when it says nothing. */
export function statedTypes(schema: SchemaObject): readonly ValueType[] | undefined {
  const type = schema['type'];
  if (type === undefined) return undefined;
  const names: readonly unknown[] = Array.isArray(type) ? type : [type];
  const types = names.flatMap((name) => TYPES_OF_NAME[String(name)] ?? []);
  return schema['nullable'] === true ? [...types, 'null'] : types;
}

export function typeOfValue(value: unknown): ValueType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'fraction';
  if (typeof value === 'string') return 'string';
  return typeof value === 'boolean' ? 'boolean' : 'object';
}

const NUMBERS = ['integer', 'fraction'] as const;
const TYPES_OF_KEYWORD: Readonly<Record<string, readonly ValueType[]>> = {
  properties: ['object'],
  patternProperties: ['object'],
  additionalProperties: ['object'],
  propertyNames: ['object'],
  required: ['object'],
  minProperties: ['object'],
  maxProperties: ['object'],
  unevaluatedProperties: ['object'],
  dependentRequired: ['object'],
  dependentSchemas: ['object'],
  dependencies: ['object'],
  items: ['array'],
  prefixItems: ['array'],
  additionalItems: ['array'],
  contains: ['array'],
  minItems: ['array'],
  maxItems: ['array'],
  uniqueItems: ['array'],
  unevaluatedItems: ['array'],
  pattern: ['string'],
  format: ['string'],
  minLength: ['string'],
  maxLength: ['string'],
  minimum: NUMBERS,
  maximum: NUMBERS,
  exclusiveMinimum: NUMBERS,
  exclusiveMaximum: NUMBERS,
  multipleOf: NUMBERS,
};

/** A schema without `type` whose keywords speak of one type means values of this type. */
export function impliedTypes(schema: SchemaObject): readonly ValueType[] {
  const keywords = Object.keys(schema).filter((keyword) => Object.hasOwn(TYPES_OF_KEYWORD, keyword));
  return keywords.flatMap((keyword) => TYPES_OF_KEYWORD[keyword] ?? []);
}
