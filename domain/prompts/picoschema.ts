/**
 * Picoschema (https://google.github.io/dotprompt/reference/picoschema) to JSON Schema, read from the YAML as it was
 * written: so that `a: null` is the type null and `a:` a slip, and every slip has its line. dotprompt's own reading of
 * the same text makes a schema of any slip: `tags: [string]` becomes an object with a property called "0".
 */
import { type ParsedNode, isMap, isScalar, isSeq } from 'yaml';
import type { JsonSchema } from '#domain/json-schema/compile-json-schema.ts';

const SCALAR_TYPES = ['any', 'boolean', 'integer', 'null', 'number', 'string'] as const;
const WILDCARD = '(*)';

/** Words for types that other languages have. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['str', 'string'],
  ['text', 'string'],
  ['date', 'string'],
  ['int', 'integer'],
  ['float', 'number'],
  ['double', 'number'],
  ['bool', 'boolean'],
]);

export type PicoschemaResult =
  | { readonly ok: true; readonly schema: JsonSchema }
  | { readonly ok: false; readonly node: ParsedNode; readonly problem: string };

class PicoschemaSlip extends Error {
  readonly node: ParsedNode;
  constructor(node: ParsedNode, problem: string) {
    super(problem);
    this.node = node;
  }
}

/** The depth of `node` is the front matter's, which is limited. */
export function readPicoschema(node: ParsedNode): PicoschemaResult {
  try {
    return { ok: true, schema: typeOf(node, undefined, node) };
  } catch (error) {
    if (error instanceof PicoschemaSlip) return { ok: false, node: error.node, problem: error.message };
    throw error;
  }
}

/** `key` is where a missing value is reported: an empty value stands on no line of its own. */
function typeOf(node: ParsedNode | null, name: string | undefined, key: ParsedNode): JsonSchema {
  const subject = name === undefined ? 'it' : `"${name}"`;
  if (isMap(node)) return objectOf(node);
  if (isSeq(node)) {
    throw new PicoschemaSlip(
      key,
      `${subject} is a list: write ${name ?? 'name'}(array): with the type of the elements, or ${name ?? 'name'}(enum): with the values`,
    );
  }
  const text = isScalar(node) && node.source !== '~' ? (node.source ?? '').trim() : '';
  if (text === '') throw new PicoschemaSlip(key, `${subject} has no type: ${TYPES}`);
  const [type, description] = splitDescription(text);
  if (!isOneOf(SCALAR_TYPES, type)) throw new PicoschemaSlip(key, describeUnknownType(type, subject));
  return { ...(type === 'any' ? {} : { type }), ...(description === undefined ? {} : { description }) };
}

const TYPES = `the types are ${SCALAR_TYPES.join(', ')}, and name(array), name(enum) and name(object)`;

function describeUnknownType(type: string, subject: string): string {
  const meant = OTHER_NAMES.get(type.toLowerCase()) ?? type.toLowerCase();
  if (meant !== type && isOneOf(SCALAR_TYPES, meant)) {
    return `${subject} has the type "${type}", which is written ${meant}`;
  }
  if (['array', 'list', 'object', 'enum'].includes(meant)) {
    return `${subject} has the type "${type}": write name(array): with the type of the elements, name(enum): with the values, or the fields of an object beneath it`;
  }
  const element = /^(\w+)\[\]$/.exec(type)?.[1];
  if (element !== undefined) return `${subject} has the type "${type}": write name(array): ${element}`;
  if (/^[^\s:]+\s*:/.test(type)) return `"${type}" is not "name: type": a space must follow the colon`;
  return `${subject} has the type "${type}", which is not known: ${TYPES}${/^[A-Z]/.test(type) ? '; schemas with names of their own are defined in code, which does not travel with a prompt version' : ''}`;
}

function objectOf(map: ParsedNode & { readonly items: readonly unknown[] }): JsonSchema {
  const properties = new Map<string, JsonSchema>();
  const required: string[] = [];
  let additionalProperties: unknown = false;
  for (const pair of map.items as readonly {
    readonly key: ParsedNode;
    readonly value: ParsedNode | null;
  }[]) {
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    if (key === WILDCARD) {
      additionalProperties = typeOf(pair.value, WILDCARD, pair.key);
      continue;
    }
    const field = readKey(key, pair.key);
    if (properties.has(field.name)) throw new PicoschemaSlip(pair.key, `"${field.name}" is declared twice`);
    if (!field.isOptional) required.push(field.name);
    properties.set(field.name, fieldOf(field, pair.value, pair.key));
  }
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties,
  };
}

interface Field {
  readonly name: string;
  readonly isOptional: boolean;
  readonly kind: 'array' | 'enum' | 'object' | undefined;
  readonly description: string | undefined;
}

const KEY = /^(?<name>[^(?]*)(?<optional>\?)?(?:\((?<kind>[^,)]*)(?:,(?<description>.*))?\))?$/s;

/** `name`, `name?`, `name(array)`, `name?(array, what it is)` and so on. */
function readKey(key: string, node: ParsedNode): Field {
  const { name = '', optional, kind, description } = KEY.exec(key)?.groups ?? {};
  if (name === '') {
    throw new PicoschemaSlip(
      node,
      `"${key}" is not name, name?, name(array), name(enum), name(object) or (*)`,
    );
  }
  if (name.trim() !== name) {
    throw new PicoschemaSlip(
      node,
      `"${key}" has a space after the name: write ${key.replaceAll(/\s+(?=[?(])/g, '').trim()}`,
    );
  }
  const type = kind?.trim();
  if (type !== undefined && !isOneOf(['array', 'enum', 'object'] as const, type)) {
    throw new PicoschemaSlip(node, `"${key}": in parentheses array, enum or object may stand`);
  }
  return { name, isOptional: optional !== undefined, kind: type, description: description?.trim() };
}

function fieldOf(field: Field, value: ParsedNode | null, key: ParsedNode): JsonSchema {
  const described = field.description === undefined ? {} : { description: field.description };
  if (field.kind === 'enum') return { enum: enumOf(field, value, key), ...described };
  if (field.kind === 'array') {
    return { type: nullable('array', field), items: typeOf(value, field.name, key), ...described };
  }
  if (field.kind === 'object' && !isMap(value)) {
    throw new PicoschemaSlip(
      key,
      `"${field.name}" is an object: write its fields beneath it, or (*): any beneath it for any fields`,
    );
  }
  const schema = typeOf(value, field.name, key);
  const { type } = schema;
  return { ...schema, ...(typeof type === 'string' ? { type: nullable(type, field) } : {}), ...described };
}

/** What may be left out may also be null, as Picoschema lays down. */
function nullable(type: string, { isOptional }: Field): unknown {
  return isOptional && type !== 'null' ? [type, 'null'] : type;
}

function enumOf(field: Field, value: ParsedNode | null, key: ParsedNode): readonly unknown[] {
  const items = isSeq(value) ? value.items : [];
  const values = items.map((item) => (isScalar(item) ? item.value : undefined));
  if (values.length === 0 || values.includes(undefined)) {
    throw new PicoschemaSlip(key, `"${field.name}" is an enum: write its values as a list, such as [A, B]`);
  }
  if (new Set(values).size < values.length) {
    throw new PicoschemaSlip(key, `"${field.name}" is an enum in which a value stands twice`);
  }
  return field.isOptional && !values.includes(null) ? [...values, null] : values;
}

function splitDescription(text: string): readonly [string, string | undefined] {
  const comma = text.indexOf(',');
  return comma === -1 ? [text, undefined] : [text.slice(0, comma).trim(), text.slice(comma + 1).trim()];
}

function isOneOf<Value extends string>(all: readonly Value[], value: string): value is Value {
  return all.some((each) => each === value);
}
