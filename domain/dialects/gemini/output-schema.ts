/**
 * JSON Schema as Gemini's `responseJsonSchema` takes it (https://ai.google.dev/api/generate-content): a part of the
 * keywords, references without company. A bound that is not among them is told to the model in the description; what
 * shapes the answer and cannot be said is refused here and never dropped in silence.
 */
import type { JsonSchema } from '#domain/chat/chat-request.ts';
import { withToldKeywords } from '../schema-in-words.ts';
import { ANNOTATIONS, definitionOf, isRecursive, isSchema, typesOf } from '../schema-nodes.ts';

const FORMATS = new Set(['date-time', 'date', 'time']);

/** Bounds of single values: without them the answer is of the same shape. */
const TOLD = new Set([
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'contentEncoding',
  'contentMediaType',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'propertyNames',
  'not',
  'contains',
  'minContains',
  'maxContains',
  'dependentRequired',
]);

const SENT = new Set([
  '$ref',
  'type',
  'enum',
  'const',
  'items',
  'prefixItems',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'anyOf',
  'oneOf',
  'allOf',
  'properties',
  'additionalProperties',
  'required',
  'propertyOrdering',
  'nullable',
]);

const COMBINATIONS = ['anyOf', 'oneOf', 'allOf'] as const;

/** What Gemini cannot say of this schema, as the end of a sentence, or undefined. */
export function beyondGemini(schema: JsonSchema): string | undefined {
  // It unrolls a circle a few times only, and only where nothing on it is required.
  if (isRecursive(schema)) return 'a schema that contains itself';
  return [schema, ...definitionsOf(schema)].map((node) => beyond(node, schema)).find(Boolean);
}

/** The schema as Gemini takes it. Only for schemas that are not beyond it. */
export function toGeminiSchema(schema: JsonSchema): JsonSchema {
  const definitions = { ...namedOf(schema['definitions']), ...namedOf(schema['$defs']) };
  const translated = translate(schema);
  return Object.keys(definitions).length === 0
    ? translated
    : { ...translated, $defs: mapSchemas(definitions) };
}

function namedOf(definitions: unknown): JsonSchema {
  return isSchema(definitions) ? definitions : {};
}

function definitionsOf(root: JsonSchema): readonly unknown[] {
  return [...Object.values(namedOf(root['$defs'])), ...Object.values(namedOf(root['definitions']))];
}

function beyond(node: unknown, root: JsonSchema): string | undefined {
  if (!isSchema(node)) return 'a value of any kind';
  const keywords = Object.keys(node).filter((keyword) => !ANNOTATIONS.has(keyword));
  const unknown = keywords.find((keyword) => !SENT.has(keyword) && !TOLD.has(keyword));
  if (unknown !== undefined) return `the keyword ${unknown.slice(0, 40)}`;
  if (node['$ref'] !== undefined) {
    if (definitionOf(node['$ref'], root) === undefined)
      return 'a reference to what is not in its definitions';
    return keywords.length > 1 ? 'a constraint beside a reference' : undefined;
  }
  const combination = COMBINATIONS.find((keyword) => node[keyword] !== undefined);
  if (combination !== undefined) return beyondCombination(node, combination, keywords, root);
  if (node['const'] !== undefined || node['enum'] !== undefined) {
    const isObject = literalsOf(node).some((value) => typeof value === 'object' && value !== null);
    return isObject ? 'an enumeration of objects or lists' : undefined;
  }
  const types = typesOf(node);
  if (types.length === 0) return 'a value of any kind';
  return childrenOf(node, types)
    .map((child) => beyond(child, root))
    .find(Boolean);
}

function beyondCombination(
  node: JsonSchema,
  combination: (typeof COMBINATIONS)[number],
  keywords: readonly string[],
  root: JsonSchema,
): string | undefined {
  const alternatives = node[combination];
  if (!Array.isArray(alternatives) || alternatives.length === 0) return `an empty ${combination}`;
  if (combination === 'allOf' && alternatives.length > 1) return 'allOf of several schemas';
  const beside = keywords.find((keyword) => keyword !== combination && keyword !== 'nullable');
  if (beside !== undefined && beside !== 'type') return `${beside} beside ${combination}`;
  const types = typesOf(node);
  const isRepeated = alternatives.every(
    (alternative) => isSchema(alternative) && typesOf(alternative).join() === types.join(),
  );
  if (types.length > 0 && !isRepeated) return `type beside ${combination}`;
  return alternatives.map((alternative) => beyond(alternative, root)).find(Boolean);
}

/** The schemas that this one is made of, with `undefined` where one is missing that Gemini needs. */
function childrenOf(node: JsonSchema, types: readonly string[]): readonly unknown[] {
  const { properties, additionalProperties, items, prefixItems } = node;
  const tuple = Array.isArray(prefixItems) ? prefixItems : [];
  return [
    ...(types.includes('object') ? Object.values(namedOf(properties)) : []),
    ...(isSchema(additionalProperties) && Object.keys(additionalProperties).length > 0
      ? [additionalProperties]
      : []),
    ...(types.includes('array') ? tuple : []),
    ...(types.includes('array') && (tuple.length === 0 || isSchema(items)) ? [items] : []),
  ];
}

function translate(node: JsonSchema): JsonSchema {
  if (node['$ref'] !== undefined) return { $ref: node['$ref'] };
  const { title, description } = node;
  const told = Object.fromEntries(
    Object.entries(node).filter(([keyword, value]) => TOLD.has(keyword) && !isSentFormat(keyword, value)),
  );
  const words = {
    ...(typeof title === 'string' && { title }),
    ...(typeof description === 'string' && { description }),
  };
  return withToldKeywords({ ...words, ...shapeOf(node) }, told);
}

function isSentFormat(keyword: string, value: unknown): boolean {
  return keyword === 'format' && FORMATS.has(String(value));
}

function shapeOf(node: JsonSchema): JsonSchema {
  const sole = Array.isArray(node['allOf']) ? (node['allOf'][0] as JsonSchema) : undefined;
  if (sole !== undefined) return translate(sole);
  const alternatives = node['anyOf'] ?? node['oneOf'];
  if (Array.isArray(alternatives)) {
    const translated = alternatives.map((alternative) => translate(alternative as JsonSchema));
    return { anyOf: node['nullable'] === true ? [...translated, { type: 'null' }] : translated };
  }
  if (node['const'] !== undefined || node['enum'] !== undefined) return literalShape(literalsOf(node));
  const types = typesOf(node);
  return {
    type: types.length === 1 ? types[0] : types,
    ...(types.includes('object') && objectShape(node)),
    ...(types.includes('array') && arrayShape(node)),
    ...pick(node, ['minimum', 'maximum']),
    ...(isSentFormat('format', node['format']) && { format: node['format'] }),
  };
}

function objectShape(node: JsonSchema): JsonSchema {
  const { properties, additionalProperties } = node;
  const named = namedOf(properties);
  const hasNames = Object.keys(named).length > 0;
  // Without a word on other keys, an object that names none would come out empty.
  const others =
    additionalProperties === undefined || additionalProperties === null
      ? !hasNames || undefined
      : additionalProperties;
  return {
    ...(hasNames && { properties: mapSchemas(named) }),
    ...(others !== undefined && { additionalProperties: openTo(others) }),
    ...pick(node, ['required', 'propertyOrdering']),
  };
}

function openTo(others: unknown): unknown {
  return isSchema(others) && Object.keys(others).length > 0 ? translate(others) : others !== false;
}

function arrayShape(node: JsonSchema): JsonSchema {
  const { items, prefixItems } = node;
  return {
    ...(Array.isArray(prefixItems) && {
      prefixItems: prefixItems.map((item) => translate(item as JsonSchema)),
    }),
    ...(isSchema(items) && { items: translate(items) }),
    ...pick(node, ['minItems', 'maxItems']),
  };
}

function pick(node: JsonSchema, keywords: readonly string[]): JsonSchema {
  return Object.fromEntries(
    keywords.flatMap((keyword) => (node[keyword] === undefined ? [] : [[keyword, node[keyword]]])),
  );
}

/** Gemini enumerates texts and numbers only; true, false and null have types of their own. */
function literalShape(literals: readonly unknown[]): JsonSchema {
  const texts = literals.filter((value) => typeof value === 'string');
  const numbers = literals.filter((value) => typeof value === 'number');
  const flags = literals.filter((value) => typeof value === 'boolean');
  const shapes: readonly JsonSchema[] = [
    ...(texts.length > 0 ? [{ type: 'string', enum: texts }] : []),
    ...(numbers.length > 0
      ? [{ type: numbers.every(Number.isInteger) ? 'integer' : 'number', enum: numbers }]
      : []),
    ...(flags.length > 0
      ? [withToldKeywords({ type: 'boolean' }, flags.length === 1 ? { const: flags[0] } : {})]
      : []),
    ...(literals.includes(null) ? [{ type: 'null' }] : []),
  ];
  return shapes.length === 1 ? (shapes[0] ?? {}) : { anyOf: shapes };
}

function mapSchemas(schemas: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, translate(schema as JsonSchema)]),
  );
}

function literalsOf(node: JsonSchema): readonly unknown[] {
  const literals = Array.isArray(node['enum']) ? node['enum'] : [node['const']];
  return node['nullable'] === true ? [...literals, null] : literals;
}
