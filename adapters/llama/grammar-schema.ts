/**
 * Turns a JSON Schema (draft-07 or 2020-12) into the smaller language that node-llama-cpp makes grammars of.
 *
 * Where the grammar cannot say what the schema says it is either narrower (every property is written, in the
 * schema's order; no additional ones beside them), which still fits the schema, or wider (pattern, bounds of
 * numbers, uniqueItems, not, if): then the caller must check the answer. What has no sensible grammar is a problem.
 */
import type { GbnfJsonSchema } from 'node-llama-cpp';

type Schema = Readonly<Record<string, unknown>>;
type Literal = string | number | boolean | null;

export type GrammarSchemaResult =
  | { readonly ok: true; readonly schema: GbnfJsonSchema }
  | { readonly ok: false; readonly problem: string };

/** llama.cpp refuses grammars that repeat more often, and expands every repetition that it takes. */
const REPETITIONS_MAXIMUM = 1000;
const DEPTH_MAXIMUM = 64;
const ROOT_DEFINITION = 'capataz-root';

const ANY_VALUE: GbnfJsonSchema = {
  oneOf: [
    { type: ['string', 'number', 'boolean', 'null'] },
    { type: 'object', additionalProperties: true },
    { type: 'array' },
  ],
};

export const ANY_OBJECT: GbnfJsonSchema = { type: 'object', additionalProperties: true };

class SchemaProblem extends Error {}

export function toGrammarSchema(schema: Schema): GrammarSchemaResult {
  try {
    const definitions = collectDefinitions(schema);
    const place: Place = { path: 'the schema', depth: 0, definitionNames: new Set(Object.keys(definitions)) };
    const root = convert(schema, place);
    if (Object.keys(definitions).length === 0) return { ok: true, schema: root };
    const $defs = Object.fromEntries(
      Object.entries(definitions).map(([name, node]) => [
        name,
        convert(node, { ...place, path: `$defs.${name}` }),
      ]),
    );
    // oneOf carries $defs whatever the root is.
    return { ok: true, schema: { oneOf: [root], $defs } as GbnfJsonSchema };
  } catch (error) {
    if (error instanceof SchemaProblem) return { ok: false, problem: error.message };
    throw error;
  }
}

interface Place {
  readonly path: string;
  readonly depth: number;
  readonly definitionNames: ReadonlySet<string>;
}

function collectDefinitions(schema: Schema): Record<string, unknown> {
  const definitions = { ...objectOf(schema['definitions']), ...objectOf(schema['$defs']) };
  return JSON.stringify(schema).includes('"$ref":"#"')
    ? { ...definitions, [ROOT_DEFINITION]: schema }
    : definitions;
}

function convert(node: unknown, place: Place): GbnfJsonSchema {
  if (place.depth > DEPTH_MAXIMUM) throw new SchemaProblem(`${place.path} is nested too deep`);
  if (node === true) return ANY_VALUE;
  if (!isObject(node)) throw new SchemaProblem(`${place.path} must be an object with a schema`);
  const converted = convertObject(node, { ...place, depth: place.depth + 1 });
  return node['nullable'] === true ? { oneOf: [converted, { type: 'null' }] } : converted;
}

function convertObject(node: Schema, place: Place): GbnfJsonSchema {
  if (typeof node['$ref'] === 'string') return convertReference(node['$ref'], place);
  if ('const' in node) return literalSchema(node['const']);
  if (Array.isArray(node['enum'])) return convertEnum(node['enum'], place);
  const branches = node['anyOf'] ?? node['oneOf'];
  if (Array.isArray(branches)) {
    if (branches.length === 0) throw new SchemaProblem(`${place.path} has an empty anyOf`);
    return { oneOf: branches.map((branch, index) => convert(branch, at(place, `anyOf[${index}]`))) };
  }
  if (Array.isArray(node['allOf'])) return convert(mergeAll(node, node['allOf'], place), place);
  return convertTyped(node, place);
}

function convertReference(reference: string, place: Place): GbnfJsonSchema {
  const name =
    reference === '#' ? ROOT_DEFINITION : /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(reference)?.[1];
  if (name === undefined || !place.definitionNames.has(name)) {
    throw new SchemaProblem(
      `${place.path} refers to ${reference}, and only "#/$defs/NAME" of the same schema can be used`,
    );
  }
  return { $ref: `#/$defs/${name}` } as unknown as GbnfJsonSchema;
}

function convertEnum(values: readonly unknown[], place: Place): GbnfJsonSchema {
  if (values.length === 0) throw new SchemaProblem(`${place.path} has an empty enum`);
  return values.every(isLiteral) ? { enum: values } : { oneOf: values.map((value) => literalSchema(value)) };
}

function literalSchema(value: unknown): GbnfJsonSchema {
  if (isLiteral(value)) return { const: value };
  if (Array.isArray(value)) {
    return { type: 'array', prefixItems: value.map((item) => literalSchema(item)), maxItems: value.length };
  }
  const entries = Object.entries(objectOf(value)).map(([key, item]) => [key, literalSchema(item)]);
  return { type: 'object', properties: Object.fromEntries(entries) as Record<string, GbnfJsonSchema> };
}

/** Only what is usual: objects whose properties stand in several parts. */
function mergeAll(node: Schema, parts: readonly unknown[], place: Place): Schema {
  const { allOf: _, ...own } = node;
  const merged = [own, ...parts].map((part) => objectOf(part)).filter((part) => Object.keys(part).length > 0);
  if (merged.length === 1) return merged[0] ?? {};
  if (merged.some((part) => '$ref' in part || 'anyOf' in part || 'oneOf' in part || 'enum' in part)) {
    throw new SchemaProblem(`${place.path} has an allOf of more than plain objects, which cannot be used`);
  }
  return {
    ...(Object.assign({}, ...merged) as Schema),
    properties: Object.assign({}, ...merged.map((part) => objectOf(part['properties']))) as Schema,
    required: merged.flatMap((part) => (Array.isArray(part['required']) ? part['required'] : [])),
  };
}

function convertTyped(node: Schema, place: Place): GbnfJsonSchema {
  const type: unknown = node['type'] ?? impliedType(node);
  if (Array.isArray(type)) {
    if (type.length === 0) throw new SchemaProblem(`${place.path} has an empty list of types`);
    return { oneOf: type.map((single) => convertTyped({ ...node, type: single }, place)) };
  }
  switch (type) {
    case undefined:
      return ANY_VALUE;
    case 'object':
      return convertObjectType(node, place);
    case 'array':
      return convertArrayType(node, place);
    case 'string':
      return convertStringType(node, place);
    case 'number':
    case 'integer':
    case 'boolean':
    case 'null':
      return { type };
    default:
      throw new SchemaProblem(`${place.path} has the unknown type ${JSON.stringify(type)}`);
  }
}

const TYPE_OF_KEYWORD: Readonly<Record<string, string>> = {
  properties: 'object',
  required: 'object',
  additionalProperties: 'object',
  items: 'array',
  prefixItems: 'array',
  minItems: 'array',
  pattern: 'string',
  format: 'string',
  minLength: 'string',
  maxLength: 'string',
  minimum: 'number',
  maximum: 'number',
  multipleOf: 'number',
};

function impliedType(node: Schema): string | undefined {
  const keyword = Object.keys(TYPE_OF_KEYWORD).find((name) => name in node);
  return keyword === undefined ? undefined : TYPE_OF_KEYWORD[keyword];
}

function convertObjectType(node: Schema, place: Place): GbnfJsonSchema {
  const declared = Object.entries(objectOf(node['properties']));
  const required = Array.isArray(node['required'])
    ? node['required'].filter((name) => typeof name === 'string')
    : [];
  const undeclared = required.filter((name) => !declared.some(([key]) => key === name));
  const entries = [...declared, ...undeclared.map((name) => [name, true] as const)];
  const properties = Object.fromEntries(entries.map(([key, child]) => [key, convert(child, at(place, key))]));
  if (entries.length > 0) return { type: 'object', properties };
  const additional = node['additionalProperties'] ?? true;
  if (additional === false) return { type: 'object' };
  return {
    type: 'object',
    additionalProperties: additional === true ? true : convert(additional, at(place, 'additionalProperties')),
    ...repetitions(node, 'minProperties', 'maxProperties', place),
  };
}

function convertArrayType(node: Schema, place: Place): GbnfJsonSchema {
  const isDraft07Tuple = Array.isArray(node['items']);
  const tuple = isDraft07Tuple ? node['items'] : node['prefixItems'];
  const rest = isDraft07Tuple ? node['additionalItems'] : node['items'];
  const prefixItems = Array.isArray(tuple)
    ? tuple.map((item, index) => convert(item, at(place, `[${index}]`)))
    : undefined;
  const bounds = repetitions(node, 'minItems', 'maxItems', place);
  if (rest === false)
    return { type: 'array', prefixItems: prefixItems ?? [], maxItems: prefixItems?.length ?? 0 };
  return {
    type: 'array',
    items: convert(rest ?? true, at(place, '[]')),
    ...(prefixItems === undefined ? {} : { prefixItems }),
    ...bounds,
  };
}

const GRAMMAR_FORMATS = ['date-time', 'time', 'date'] as const;

function convertStringType(node: Schema, place: Place): GbnfJsonSchema {
  const format = GRAMMAR_FORMATS.find((known) => known === node['format']);
  if (format !== undefined) return { type: 'string', format };
  return { type: 'string', ...repetitions(node, 'minLength', 'maxLength', place) };
}

/** A lower bound that is too high cannot be left out without breaking the promise; an upper one can. */
function repetitions(node: Schema, minimum: string, maximum: string, place: Place): Record<string, number> {
  const least = node[minimum];
  const most = node[maximum];
  if (typeof least === 'number' && least > REPETITIONS_MAXIMUM) {
    throw new SchemaProblem(
      `${place.path} has a ${minimum} above ${REPETITIONS_MAXIMUM}, which cannot be used`,
    );
  }
  return {
    ...(typeof least === 'number' && least > 0 ? { [minimum]: least } : {}),
    ...(typeof most === 'number' && most <= REPETITIONS_MAXIMUM ? { [maximum]: most } : {}),
  };
}

function at(place: Place, child: string): Place {
  return { ...place, path: `${place.path} at ${child}` };
}

function isLiteral(value: unknown): value is Literal {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): Schema {
  return isObject(value) ? value : {};
}
