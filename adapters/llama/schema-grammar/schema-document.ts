/** A schema with its references: what each keyword holds, and where a `$ref` leads. */
import { SchemaProblem } from './schema-problem.ts';

export type SchemaObject = Readonly<Record<string | symbol, unknown>>;
export type Schema = boolean | SchemaObject;

const ROOT_ADDRESS = 'capataz:///schema';

const ONE_SCHEMA = [
  'additionalItems',
  'additionalProperties',
  'contains',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
] as const;
const LIST_OF_SCHEMAS = ['allOf', 'anyOf', 'items', 'oneOf', 'prefixItems'] as const;
const MAP_OF_SCHEMAS = [
  '$defs',
  'definitions',
  'dependencies',
  'dependentSchemas',
  'patternProperties',
  'properties',
] as const;
const OTHER_ASSERTIONS = [
  '$dynamicRef',
  '$ref',
  'const',
  'dependentRequired',
  'enum',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'format',
  'maxContains',
  'maxItems',
  'maxLength',
  'maxProperties',
  'maximum',
  'minContains',
  'minItems',
  'minLength',
  'minProperties',
  'minimum',
  'multipleOf',
  'nullable',
  'pattern',
  'required',
  'type',
  'uniqueItems',
] as const;
/** They say nothing about which answers fit. */
const ANNOTATIONS = [
  '$anchor',
  '$comment',
  '$dynamicAnchor',
  '$id',
  '$schema',
  '$vocabulary',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
  'default',
  'deprecated',
  'description',
  'example',
  'examples',
  'id',
  'readOnly',
  'title',
  'writeOnly',
] as const;

const KNOWN_KEYWORDS: ReadonlySet<string> = new Set([
  ...ONE_SCHEMA,
  ...LIST_OF_SCHEMAS,
  ...MAP_OF_SCHEMAS,
  ...OTHER_ASSERTIONS,
  ...ANNOTATIONS,
]);

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'boolean' || isObject(value);
}

export function isObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The entries of a keyword that maps names; none where it is missing. */
export function entriesOf(schema: SchemaObject, keyword: string): readonly (readonly [string, Schema])[] {
  const map = schema[keyword];
  return isObject(map)
    ? Object.entries(map).filter((entry): entry is [string, Schema] => isSchema(entry[1]))
    : [];
}

/** What `properties` says of this name: nothing, or one schema. */
export function propertyOf(schema: SchemaObject, name: string): readonly Schema[] {
  const properties = schema['properties'];
  const inner = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return isSchema(inner) ? [inner] : [];
}

export function listOf(schema: SchemaObject, keyword: string): readonly Schema[] {
  const list: unknown = schema[keyword];
  return Array.isArray(list) ? list.filter(isSchema) : [];
}

export class SchemaDocument {
  readonly #bases = new Map<SchemaObject, string>();
  /** Resources by their address, and anchors by theirs with "#name". */
  readonly #targets = new Map<string, Schema>();
  readonly #dynamicAnchors = new Map<string, number>();

  constructor(root: SchemaObject) {
    this.#targets.set(ROOT_ADDRESS, root);
    this.#read(root, ROOT_ADDRESS);
  }

  /** Where a keyword of this node leads; undefined when it is no reference. Throws SchemaProblem. */
  targetOf(node: SchemaObject, keyword: string): Schema | undefined {
    const reference = node[keyword];
    if (typeof reference !== 'string') return undefined;
    if (keyword === '$ref') return this.#resolve(node, reference);
    if (keyword !== '$dynamicRef') return undefined;
    const name = splitFragment(reference)[1] ?? '';
    if ((this.#dynamicAnchors.get(name) ?? 0) > 1) {
      throw new SchemaProblem(`$dynamicRef ${JSON.stringify(reference)} can lead to several places`);
    }
    return this.#resolve(node, reference);
  }

  #resolve(node: SchemaObject, reference: string): Schema {
    const address = absolute(reference, this.#bases.get(node) ?? ROOT_ADDRESS);
    const [resource = '', fragment = ''] = splitFragment(address);
    const target = fragment.startsWith('/')
      ? this.#follow(resource, fragment, reference)
      : this.#targets.get(fragment === '' ? resource : address);
    if (target === undefined) {
      throw new SchemaProblem(`$ref ${JSON.stringify(reference)} leads to nothing in the schema`);
    }
    return target;
  }

  #follow(resource: string, pointer: string, reference: string): Schema | undefined {
    let place: unknown = this.#targets.get(resource);
    let base = resource;
    for (const part of decodePointer(pointer, reference)) {
      if (isObject(place)) base = this.#bases.get(place) ?? base;
      const isHere = (isObject(place) || Array.isArray(place)) && Object.hasOwn(place, part);
      place = isHere ? (place as Record<string, unknown>)[part] : undefined;
    }
    if (!isSchema(place)) return undefined;
    // A place that no keyword makes a schema becomes one by being referred to.
    if (typeof place !== 'boolean' && !this.#bases.has(place)) this.#read(place, base);
    return place;
  }

  #read(schema: Schema, outerBase: string): void {
    if (typeof schema === 'boolean') return;
    const unknown = Object.keys(schema).find((keyword) => !KNOWN_KEYWORDS.has(keyword));
    if (unknown !== undefined) throw new SchemaProblem(`the keyword ${JSON.stringify(unknown)} is not known`);
    const base = this.#readIdentity(schema, outerBase);
    this.#bases.set(schema, base);
    for (const keyword of ONE_SCHEMA) {
      const inner = schema[keyword];
      if (isSchema(inner)) this.#read(inner, base);
    }
    for (const keyword of LIST_OF_SCHEMAS) {
      for (const inner of listOf(schema, keyword)) this.#read(inner, base);
    }
    for (const keyword of MAP_OF_SCHEMAS) {
      for (const [, inner] of entriesOf(schema, keyword)) this.#read(inner, base);
    }
  }

  #readIdentity(schema: SchemaObject, outerBase: string): string {
    const id = schema['$id'];
    let base = outerBase;
    if (typeof id === 'string') {
      const address = absolute(id, outerBase);
      // In draft-07 an $id of a fragment alone is an anchor.
      if (id.startsWith('#')) this.#targets.set(address, schema);
      else this.#targets.set((base = splitFragment(address)[0] ?? address), schema);
    }
    for (const keyword of ['$anchor', '$dynamicAnchor']) {
      const anchor = schema[keyword];
      if (typeof anchor === 'string') this.#targets.set(`${base}#${anchor}`, schema);
    }
    const dynamic = schema['$dynamicAnchor'];
    if (typeof dynamic === 'string') {
      this.#dynamicAnchors.set(dynamic, (this.#dynamicAnchors.get(dynamic) ?? 0) + 1);
    }
    return base;
  }
}

function absolute(reference: string, base: string): string {
  try {
    return new URL(reference, base).href;
  } catch {
    throw new SchemaProblem(`${JSON.stringify(reference)} is not an address`);
  }
}

function splitFragment(address: string): readonly string[] {
  const mark = address.indexOf('#');
  return mark === -1 ? [address] : [address.slice(0, mark), address.slice(mark + 1)];
}

function decodePointer(pointer: string, reference: string): readonly string[] {
  try {
    return pointer
      .slice(1)
      .split('/')
      .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'));
  } catch {
    throw new SchemaProblem(`$ref ${JSON.stringify(reference)} is not an address`);
  }
}
