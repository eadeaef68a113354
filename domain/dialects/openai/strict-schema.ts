/**
 * Whether a schema is one that OpenAI takes as `strict` (https://platform.openai.com/docs/guides/structured-outputs): closed
 * objects with all properties required, and few keywords. Any other one is refused there, and taken when it is not strict.
 */
import type { JsonSchema } from '#domain/chat/chat-request.ts';
import { isObject } from './wire-values.ts';

const KEYWORDS = new Set([
  'type',
  'title',
  'description',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'anyOf',
  '$ref',
  '$defs',
  'definitions',
  'pattern',
  'format',
  'multipleOf',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minItems',
  'maxItems',
]);
const FORMATS = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
]);
const MOST_PROPERTIES = 5_000;
const MOST_ENUM_VALUES = 1_000;
const DEEPEST = 10;

export function fitsStrict(schema: JsonSchema): boolean {
  if (schema['type'] !== 'object' || schema['anyOf'] !== undefined) return false;
  const counts = { properties: 0, enumValues: 0 };
  return isStrict(schema, 0, counts);
}

interface Counts {
  properties: number;
  enumValues: number;
}

function isStrict(node: unknown, objectDepth: number, counts: Counts): boolean {
  if (!isObject(node) || !Object.keys(node).every((keyword) => KEYWORDS.has(keyword))) return false;
  // Neither company beside a reference nor a value without a type is taken.
  if (node['$ref'] !== undefined) return Object.keys(node).length === 1;
  if (node['type'] === undefined && node['anyOf'] === undefined) return false;
  const properties = node['properties'];
  const isObjectType = [node['type']].flat().includes('object') || properties !== undefined;
  const depth = objectDepth + (isObjectType ? 1 : 0);
  if (depth > DEEPEST || !isFewEnumValues(node['enum'], counts) || !isKnownFormat(node['format']))
    return false;
  if (isObjectType && !isClosed(node, counts)) return false;
  const list: readonly unknown[] = Array.isArray(node['anyOf']) ? node['anyOf'] : [];
  const nested = [
    ...valuesOf(properties),
    ...valuesOf(node['$defs']),
    ...valuesOf(node['definitions']),
    ...list,
    ...(node['items'] === undefined ? [] : [node['items']]),
  ];
  return nested.every((each) => isStrict(each, depth, counts));
}

function isClosed(node: JsonSchema, counts: Counts): boolean {
  const names = isObject(node['properties']) ? Object.keys(node['properties']) : [];
  counts.properties += names.length;
  const required = new Set<unknown>(Array.isArray(node['required']) ? node['required'] : []);
  return (
    counts.properties <= MOST_PROPERTIES &&
    node['additionalProperties'] === false &&
    names.every((name) => required.has(name)) &&
    required.size === names.length
  );
}

function isFewEnumValues(values: unknown, counts: Counts): boolean {
  counts.enumValues += Array.isArray(values) ? values.length : 0;
  return counts.enumValues <= MOST_ENUM_VALUES;
}

function isKnownFormat(format: unknown): boolean {
  return format === undefined || (typeof format === 'string' && FORMATS.has(format));
}

function valuesOf(container: unknown): readonly unknown[] {
  return isObject(container) ? Object.values(container) : [];
}
