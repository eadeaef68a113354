/** Walks a JSON Schema along a template path, to tell before any run whether the path can lead to a value. */
import type { JsonSchema } from '#domain/json-schema/compile-json-schema.ts';

/** `ANYTHING` is a place where the schema says nothing, so every path below it may exist. */
export const ANYTHING: JsonSchema = {};

const REFERENCE_HOPS_MAXIMUM = 16;
const COMPOSING_KEYWORDS = ['anyOf', 'oneOf', 'allOf', 'if', 'patternProperties', '$ref', '$dynamicRef'];

/** The schema of `segment` inside `schema`, or undefined when the schema says there is no such thing. */
export function schemaAt(schema: JsonSchema, segment: string, root: JsonSchema): JsonSchema | undefined {
  const here = resolveReference(schema, root);
  const declared = asSchema(ownValue(ownValue(here, 'properties'), segment));
  if (declared !== undefined) return declared;
  if (COMPOSING_KEYWORDS.some((keyword) => Object.hasOwn(here, keyword))) return ANYTHING;
  const types = typesOf(here);
  if (segment === 'length' && (types.has('array') || types.has('string'))) return { type: 'integer' };
  if (types.has('array') && /^\d+$/.test(segment)) return elementOf(here);
  if (types.size > 0 && !types.has('object')) return undefined;
  const additional = ownValue(here, 'additionalProperties');
  if (additional === false) return undefined;
  if (additional === undefined && ownValue(here, 'properties') !== undefined) return undefined;
  return asSchema(additional) ?? ANYTHING;
}

/** The schema of what `{{#each}}` goes over, or undefined when the value is neither list nor object. */
export function elementSchema(schema: JsonSchema, root: JsonSchema): JsonSchema | undefined {
  const here = resolveReference(schema, root);
  const types = typesOf(here);
  if (types.size === 0) return ANYTHING;
  if (types.has('array')) return elementOf(here);
  if (!types.has('object')) return undefined;
  return Object.hasOwn(here, 'properties')
    ? ANYTHING
    : (asSchema(ownValue(here, 'additionalProperties')) ?? ANYTHING);
}

/** Whether printing such a value with `{{name}}` would write "[object Object]". */
export function printsAsObject(schema: JsonSchema, root: JsonSchema): boolean {
  const here = resolveReference(schema, root);
  const types = typesOf(here);
  if (types.has('object')) return true;
  return types.has('array') && printsAsObject(elementOf(here), root);
}

function elementOf(schema: JsonSchema): JsonSchema {
  if (Object.hasOwn(schema, 'prefixItems')) return ANYTHING;
  return asSchema(ownValue(schema, 'items')) ?? ANYTHING;
}

function typesOf(schema: JsonSchema): ReadonlySet<unknown> {
  const type = ownValue(schema, 'type');
  if (type === undefined) return new Set();
  return new Set(Array.isArray(type) ? type : [type]);
}

function resolveReference(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let here = schema;
  for (let hops = 0; hops < REFERENCE_HOPS_MAXIMUM; hops += 1) {
    const reference = ownValue(here, '$ref');
    if (typeof reference !== 'string' || !reference.startsWith('#/')) return here;
    let target: unknown = root;
    for (const part of reference.slice(2).split('/')) {
      target = ownValue(target, part.replaceAll('~1', '/').replaceAll('~0', '~'));
    }
    const next = asSchema(target);
    if (next === undefined) return here;
    here = next;
  }
  return ANYTHING;
}

function ownValue(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

function asSchema(value: unknown): JsonSchema | undefined {
  if (value === true) return ANYTHING;
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonSchema)
    : undefined;
}
