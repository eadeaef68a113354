/** A schema as the grammars read it: its parts, and where a `$ref` leads. */
import { isNullableWhole } from '#domain/json-schema/compile-json-schema.ts';
import {
  type LocatedSchema,
  SchemaDocument as CheckedDocument,
  SchemaRefusal,
} from '#domain/json-schema/schema-document.ts';
import { SchemaProblem } from './schema-problem.ts';

export type SchemaObject = Readonly<Record<string | symbol, unknown>>;
export type Schema = boolean | SchemaObject;

/** Keywords that say nothing about which answers fit, or only together with another one that is read. */
const SAYING_NOTHING = words(`
  $anchor $comment $defs $dynamicAnchor $id $schema contentEncoding contentMediaType contentSchema default
  definitions deprecated description discriminator else example examples externalDocs id maxContains minContains
  nullable readOnly then title writeOnly xml
  propertyOrdering defaultSnippets enumDescriptions enumNames errorMessage markdownDescription
  markdownEnumDescriptions tsType
`);
const READ = words(`
  $dynamicRef $ref additionalItems additionalProperties allOf anyOf const contains dependencies dependentRequired
  dependentSchemas enum exclusiveMaximum exclusiveMinimum format if items maxItems maxLength maxProperties maximum
  minItems minLength minProperties minimum multipleOf not oneOf pattern patternProperties prefixItems properties
  propertyNames required type unevaluatedItems unevaluatedProperties uniqueItems
`);

export function saysNothing(keyword: string): boolean {
  return SAYING_NOTHING.has(keyword) || keyword.startsWith('x-');
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

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
  readonly root: SchemaObject;
  readonly #document: CheckedDocument;
  readonly #located = new Map<unknown, LocatedSchema>();

  /** The schema must be one that the output check takes. Throws SchemaProblem for a keyword without a grammar. */
  constructor(schema: SchemaObject) {
    // Of its own, so that no part stands in two places.
    this.root = JSON.parse(JSON.stringify(schema)) as SchemaObject;
    this.#document = new CheckedDocument(this.root);
    for (const located of this.#document.schemas) {
      this.#located.set(located.schema, located);
      this.#located.set(located.node, located);
      // A keyword that is checked elsewhere and forgotten here would be dropped in silence.
      const unread = Object.keys(located.schema).find(
        (keyword) => !READ.has(keyword) && !saysNothing(keyword),
      );
      if (unread !== undefined)
        throw new SchemaProblem(`the keyword ${JSON.stringify(unread)} has no grammar`);
    }
    for (const located of this.#document.schemas) this.#modernize(located);
  }

  /** What OpenAPI 3.0 and draft 4 say in their own way, said as later drafts do. */
  #modernize(located: LocatedSchema): void {
    if (typeof located.schema === 'boolean' || this.standsAlone(located.schema)) return;
    const schema = located.schema as Record<string, unknown>;
    for (const [exclusive, bound] of [
      ['exclusiveMinimum', 'minimum'],
      ['exclusiveMaximum', 'maximum'],
    ] as const) {
      if (typeof schema[exclusive] !== 'boolean') continue;
      if (schema[exclusive]) schema[exclusive] = schema[bound];
      else delete schema[exclusive];
    }
    if (!isNullableWhole(schema)) return;
    const { nullable: _, ...rest } = schema;
    for (const keyword of Object.keys(schema)) delete schema[keyword];
    schema['anyOf'] = [rest, { type: 'null' }];
    // References in it are still resolved from where they were written.
    this.#located.set(rest, located);
  }

  /** In old drafts all that stands beside a $ref is ignored. */
  standsAlone(schema: SchemaObject): boolean {
    return this.#document.refsStandAlone && '$ref' in schema;
  }

  /** Where a keyword of this node leads; undefined when it is no reference. Throws SchemaProblem. */
  targetOf(node: SchemaObject, keyword: string): Schema | undefined {
    const reference = node[keyword];
    const from = this.#located.get(node);
    if (typeof reference !== 'string' || from === undefined) return undefined;
    if (keyword === '$ref')
      return this.#resolve(() => this.#document.resolve(reference, from, keyword)).schema;
    if (keyword !== '$dynamicRef') return undefined;
    const { initial, overrides } = this.#resolve(() => this.#document.resolveDynamic(reference, from));
    if (overrides.size > 1) {
      throw new SchemaProblem(`$dynamicRef ${JSON.stringify(reference)} can lead to several places`);
    }
    return this.#located.get(initial)?.schema;
  }

  #resolve<T>(resolve: () => T): T {
    try {
      return resolve();
    } catch (error) {
      if (error instanceof SchemaRefusal) throw new SchemaProblem(error.message, { cause: error });
      throw error;
    }
  }
}
