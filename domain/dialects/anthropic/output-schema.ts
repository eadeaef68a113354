/**
 * JSON Schema for Anthropic's structured outputs, which take a part of it: every object closed, no recursion, hardly any
 * bound (https://platform.claude.com/docs/en/build-with-claude/structured-outputs). As in Anthropic's own clients, a bound
 * that cannot be sent is told to the model in the description. What cannot be said at all, such as an object with free
 * keys, is refused here and never narrowed in silence: closed, such an object could only ever be `{}`.
 */
import type { JsonSchema } from '#domain/chat/chat-request.ts';
import { ANNOTATIONS, definitionOf, isRecursive, isSchema, typesOf } from '../schema-nodes.ts';
import { withToldKeywords } from '../schema-in-words.ts';

/** Of all schemas of a request together; more are status 400. */
const MAXIMUM_OPTIONAL_PROPERTIES = 24;
const MAXIMUM_UNIONS = 16;

const FORMATS = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);

/** Bounds of single values: without them the answer is of the same shape. */
const TOLD = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'contentEncoding',
  'contentMediaType',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'not',
  'contains',
  'minContains',
  'maxContains',
  'dependentRequired',
]);

const SHAPES = new Set([
  '$ref',
  'type',
  'enum',
  'const',
  'properties',
  'required',
  'additionalProperties',
  'unevaluatedProperties',
  'items',
  'anyOf',
  'oneOf',
  'allOf',
  'nullable',
]);

/** What Anthropic cannot say of this schema, as the end of a sentence ("an object with free keys"), or undefined. */
export function beyondAnthropic(schema: JsonSchema): string | undefined {
  if (isRecursive(schema)) return 'a schema that contains itself';
  const counts = { optional: 0, unions: 0 };
  const problem =
    beyond(schema, schema, counts) ??
    Object.values(definitionsOf(schema))
      .map((definition) => beyond(definition, schema, counts))
      .find((found) => found !== undefined);
  if (problem !== undefined) return problem;
  if (counts.optional > MAXIMUM_OPTIONAL_PROPERTIES) {
    return `more than ${MAXIMUM_OPTIONAL_PROPERTIES} optional properties`;
  }
  return counts.unions > MAXIMUM_UNIONS ? `more than ${MAXIMUM_UNIONS} unions of types` : undefined;
}

/** The schema as Anthropic takes it. Only for schemas that are not beyond it. */
export function toAnthropicSchema(schema: JsonSchema): JsonSchema {
  const { $defs, definitions } = schema;
  return {
    ...translate(schema),
    ...(isSchema($defs) && { $defs: mapSchemas($defs) }),
    ...(isSchema(definitions) && { definitions: mapSchemas(definitions) }),
  };
}

interface Counts {
  optional: number;
  unions: number;
}

function definitionsOf(root: JsonSchema): Readonly<Record<string, unknown>> {
  const { $defs, definitions } = root;
  return { ...(isSchema($defs) ? $defs : {}), ...(isSchema(definitions) ? definitions : {}) };
}

function beyond(node: unknown, root: JsonSchema, counts: Counts): string | undefined {
  if (!isSchema(node)) return 'a value of any kind';
  const keywords = Object.keys(node).filter((keyword) => !ANNOTATIONS.has(keyword));
  const unknown = keywords.find((keyword) => !SHAPES.has(keyword) && !TOLD.has(keyword));
  if (unknown !== undefined) return `the keyword ${unknown.slice(0, 40)}`;
  if (node['$ref'] !== undefined) return beyondReference(node, keywords, root);
  const alternatives = node['anyOf'] ?? node['oneOf'] ?? node['allOf'];
  if (alternatives !== undefined) return beyondAlternatives(node, keywords, root, counts);
  if (node['const'] !== undefined || node['enum'] !== undefined) {
    return literalsOf(node).every(isPrimitive) ? undefined : 'an enumeration of objects or lists';
  }
  const types = typesOf(node);
  if (types.length === 0) return 'a value of any kind';
  if (types.length > 1) counts.unions += 1;
  return (
    (types.includes('object') ? beyondObject(node, root, counts) : undefined) ??
    (types.includes('array') ? beyond(node['items'], root, counts) : undefined)
  );
}

function beyondReference(
  node: JsonSchema,
  keywords: readonly string[],
  root: JsonSchema,
): string | undefined {
  if (definitionOf(node['$ref'], root) === undefined) return 'a reference to what is not in its definitions';
  return keywords.length > 1 ? 'a constraint beside a reference' : undefined;
}

function beyondAlternatives(
  node: JsonSchema,
  keywords: readonly string[],
  root: JsonSchema,
  counts: Counts,
): string | undefined {
  const [keyword, ...more] = ['anyOf', 'oneOf', 'allOf'].filter((word) => node[word] !== undefined);
  const alternatives = node[keyword ?? 'anyOf'];
  if (more.length > 0 || !Array.isArray(alternatives) || alternatives.length === 0) {
    return 'several combinations of schemas at once';
  }
  if (keyword === 'allOf' && alternatives.length > 1) return 'allOf of several schemas';
  const beside = keywords.filter((word) => word !== keyword && word !== 'type' && word !== 'nullable');
  if (beside.length > 0) return `${beside[0]} beside ${keyword}`;
  const types = typesOf(node);
  const repeats = alternatives.every(
    (alternative) =>
      types.length === 0 || (isSchema(alternative) && typesOf(alternative).join() === types.join()),
  );
  if (!repeats) return `type beside ${keyword}`;
  if (keyword !== 'allOf') counts.unions += 1;
  return alternatives
    .map((alternative) => beyond(alternative, root, counts))
    .find((problem) => problem !== undefined);
}

function beyondObject(node: JsonSchema, root: JsonSchema, counts: Counts): string | undefined {
  const { properties, additionalProperties, unevaluatedProperties } = node;
  const isClosed = additionalProperties === false || unevaluatedProperties === false;
  const named = isSchema(properties) ? Object.entries(properties) : [];
  // Properties without a word on others mean those alone, as nearly everyone writes it; none at all mean any.
  const isOpen = isOpening(additionalProperties) || isOpening(unevaluatedProperties);
  if (isOpen || (named.length === 0 && !isClosed)) return 'an object with free keys';
  const required: readonly unknown[] = Array.isArray(node['required']) ? node['required'] : [];
  if (required.some((name) => !named.some(([known]) => known === name))) {
    return 'a required property that is not among its properties';
  }
  counts.optional += named.length - required.length;
  return named.map(([, property]) => beyond(property, root, counts)).find((problem) => problem !== undefined);
}

function isOpening(value: unknown): boolean {
  return value === true || isSchema(value);
}

function translate(node: JsonSchema): JsonSchema {
  const description = typeof node['description'] === 'string' ? { description: node['description'] } : {};
  const title = typeof node['title'] === 'string' ? { title: node['title'] } : {};
  if (node['$ref'] !== undefined) return { $ref: node['$ref'] };
  const told = Object.fromEntries(
    Object.entries(node).filter(([keyword, value]) => TOLD.has(keyword) && !isSent(keyword, value)),
  );
  return withToldKeywords({ ...title, ...description, ...shapeOf(node) }, told);
}

/** Bounds of which Anthropic takes some values. */
function isSent(keyword: string, value: unknown): boolean {
  if (keyword === 'minItems') return value === 0 || value === 1;
  return keyword === 'format' && FORMATS.has(String(value));
}

function shapeOf(node: JsonSchema): JsonSchema {
  const sole = node['allOf'];
  if (Array.isArray(sole) && isSchema(sole[0])) return translate(sole[0]);
  // A model that generates picks one of the alternatives: for it the two mean the same.
  const alternatives = node['anyOf'] ?? node['oneOf'];
  if (Array.isArray(alternatives)) {
    const translated = alternatives.map((alternative) => translate(alternative as JsonSchema));
    return { anyOf: node['nullable'] === true ? [...translated, { type: 'null' }] : translated };
  }
  if (node['const'] !== undefined || node['enum'] !== undefined) {
    return node['enum'] === undefined ? { const: node['const'] } : { enum: literalsOf(node) };
  }
  const shapes = typesOf(node).map((type) => shapeOfType(type, node));
  // Of several types only an object or a list needs a schema of its own: the rest stay together as they were written.
  if (shapes.some((shape) => Object.keys(shape).length > 1) && shapes.length > 1) return { anyOf: shapes };
  return shapes.length === 1 ? (shapes[0] ?? {}) : { type: typesOf(node) };
}

function shapeOfType(type: string, node: JsonSchema): JsonSchema {
  if (type === 'object') {
    const properties = isSchema(node['properties']) ? node['properties'] : {};
    const required = Array.isArray(node['required']) ? { required: node['required'] } : {};
    return { type, properties: mapSchemas(properties), ...required, additionalProperties: false };
  }
  if (type === 'array') {
    const minItems = isSent('minItems', node['minItems']) ? { minItems: node['minItems'] } : {};
    return { type, items: translate(node['items'] as JsonSchema), ...minItems };
  }
  const hasFormat = type === 'string' && node['format'] !== undefined && isSent('format', node['format']);
  return hasFormat ? { type, format: node['format'] } : { type };
}

function mapSchemas(schemas: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, translate(schema as JsonSchema)]),
  );
}

function literalsOf(node: JsonSchema): readonly unknown[] {
  const literals = node['enum'];
  if (!Array.isArray(literals)) return [node['const']];
  return node['nullable'] === true && !literals.includes(null) ? [...literals, null] : literals;
}

function isPrimitive(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}
