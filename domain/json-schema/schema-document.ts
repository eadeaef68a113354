/**
 * Reads a schema into its parts before anything is compiled: each schema in it becomes a node, each "$id" a resource
 * with its anchors. A reference is then looked up here and never fetched.
 */
import type { SchemaNode, SchemaResource } from './evaluation.ts';
import { isKnownKeyword, schemaPositionOf } from './keyword-names.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Why a schema is not taken, as a clause that names the place. */
export class SchemaRefusal extends Error {}

export interface LocatedSchema {
  readonly schema: JsonSchema | boolean;
  /** As a JSON pointer from the root of what the user wrote: "#/properties/a". */
  readonly pointer: string;
  readonly resource: NamedResource;
  readonly node: SchemaNode;
}

interface NamedResource extends SchemaResource {
  /** Of its root. */
  readonly pointer: string;
  readonly anchors: Map<string, LocatedSchema>;
  readonly dynamicAnchors: Map<string, LocatedSchema>;
}

/** What a "$dynamicRef" means: the node it names here, and those that a resource entered before may put in its place. */
export interface DynamicTarget {
  readonly initial: SchemaNode;
  readonly overrides: ReadonlyMap<SchemaResource, SchemaNode>;
}

/** No address of anything: what relative names in a schema without "$id" are relative to. */
const NAMELESS_BASE = 'https://schema.invalid/';

const DRAFTS: Readonly<Record<string, { readonly refsStandAlone: boolean }>> = {
  'https://json-schema.org/draft/2020-12/schema': { refsStandAlone: false },
  'https://json-schema.org/draft/2019-09/schema': { refsStandAlone: false },
  'http://json-schema.org/draft-07/schema': { refsStandAlone: true },
  'http://json-schema.org/draft-06/schema': { refsStandAlone: true },
  'http://json-schema.org/draft-04/schema': { refsStandAlone: true },
};

export class SchemaDocument {
  /** In drafts 6 and 7 all that stands beside a "$ref" is ignored. */
  readonly refsStandAlone: boolean;
  readonly #resources = new Map<string, NamedResource>();
  readonly #byPointer = new Map<string, LocatedSchema>();

  constructor(root: JsonSchema) {
    this.refsStandAlone = readDraft(root['$schema']).refsStandAlone;
    this.#read(root, '#', this.#openResource(root, '#', undefined));
  }

  get schemas(): Iterable<LocatedSchema> {
    return this.#byPointer.values();
  }

  at(pointer: string): SchemaNode {
    const located = this.#byPointer.get(pointer);
    if (located === undefined) throw new Error(`${pointer} was not read`);
    return located.node;
  }

  resolve(reference: unknown, from: LocatedSchema, keyword: string): LocatedSchema {
    if (typeof reference !== 'string')
      throw new SchemaRefusal(`"${keyword}" in ${from.pointer} must be text`);
    const shown = `"${keyword}": ${JSON.stringify(reference.slice(0, 200))} in ${from.pointer}`;
    const uri = parseUri(reference, from.resource.uri, shown);
    const fragment = decodeFragment(uri, shown);
    const resource = this.#resources.get(withoutFragment(uri));
    if (resource === undefined) throw new SchemaRefusal(describeRemote(reference, shown));
    const isPointer = fragment === '' || fragment.startsWith('/');
    const target = isPointer
      ? this.#byPointer.get(resource.pointer + fragment)
      : resource.anchors.get(fragment);
    if (target === undefined) throw new SchemaRefusal(`${shown} leads to no schema in this document`);
    return target;
  }

  resolveDynamic(reference: unknown, from: LocatedSchema): DynamicTarget {
    const initial = this.resolve(reference, from, '$dynamicRef');
    const name = String(reference).split('#')[1] ?? '';
    const overrides = new Map<SchemaResource, SchemaNode>();
    // Only where the name is a dynamic one to begin with may another resource take its place.
    if (initial.resource.dynamicAnchors.get(name) === initial) {
      for (const resource of this.#resources.values()) {
        const override = resource.dynamicAnchors.get(name);
        if (override !== undefined) overrides.set(resource, override.node);
      }
    }
    return { initial: initial.node, overrides };
  }

  #read(schema: JsonSchema | boolean, pointer: string, resource: NamedResource): void {
    const node: SchemaNode = { resource, keywords: [], hasUnevaluated: false, inPlace: [] };
    const located: LocatedSchema = { schema, pointer, resource, node };
    this.#byPointer.set(pointer, located);
    if (typeof schema === 'boolean') return;
    this.#readNames(schema, located);
    for (const [keyword, value] of Object.entries(schema)) {
      if (!isKnownKeyword(keyword)) {
        throw new SchemaRefusal(`"${keyword.slice(0, 100)}" in ${pointer} is not a keyword of JSON Schema`);
      }
      for (const [inner, path] of schemasUnder(keyword, value)) {
        const innerPointer = pointerTo(pointer, keyword, ...path);
        if (!isSchema(inner)) {
          const isMember = path.length > 0 || schemaPositionOf(keyword).isSingle;
          const wanted = isMember
            ? 'a schema: an object or a boolean'
            : 'an object with a schema under each name';
          throw new SchemaRefusal(`${innerPointer} must be ${wanted}`);
        }
        this.#read(inner, innerPointer, this.#openResource(inner, innerPointer, resource));
      }
    }
  }

  #openResource(
    schema: JsonSchema | boolean,
    pointer: string,
    outer: NamedResource | undefined,
  ): NamedResource {
    const given = this.#nameIn(schema, pointer);
    if (given === undefined && outer !== undefined) return outer;
    const base = outer?.uri ?? NAMELESS_BASE;
    const uri = given === undefined ? new URL(base) : parseUri(given, base, `"$id" in ${pointer}`);
    if (uri.hash !== '') {
      throw new SchemaRefusal(
        `"$id" in ${pointer} must have no fragment: name the place by "$anchor" instead`,
      );
    }
    const name = withoutFragment(uri);
    if (this.#resources.has(name)) throw new SchemaRefusal(`"$id" in ${pointer} is used twice in the schema`);
    const resource = { uri: name, pointer, anchors: new Map(), dynamicAnchors: new Map() };
    this.#resources.set(name, resource);
    return resource;
  }

  /** What "$id" says, unless the draft gives it no meaning here. */
  #nameIn(schema: JsonSchema | boolean, pointer: string): string | undefined {
    if (typeof schema === 'boolean' || schema['$id'] === undefined) return undefined;
    const { $id: id } = schema;
    if (typeof id !== 'string') throw new SchemaRefusal(`"$id" in ${pointer} must be text`);
    if (this.refsStandAlone && ('$ref' in schema || id.startsWith('#'))) return undefined;
    if (pointer !== '#') this.#checkInnerDraft(schema, pointer);
    return id;
  }

  #checkInnerDraft(schema: JsonSchema, pointer: string): void {
    if (schema['$schema'] === undefined) return;
    if (readDraft(schema['$schema']).refsStandAlone !== this.refsStandAlone) {
      throw new SchemaRefusal(
        `"$schema" in ${pointer} is another draft than the one at the root: use one for all`,
      );
    }
  }

  #readNames(schema: JsonSchema, located: LocatedSchema): void {
    const { pointer, resource } = located;
    const give = (name: unknown, keyword: string): string => {
      if (typeof name !== 'string' || !ANCHOR.test(name)) {
        throw new SchemaRefusal(
          `"${keyword}" in ${pointer} must be a name of letters, digits, "-", "_" and "."`,
        );
      }
      const taken = resource.anchors.get(name);
      if (taken !== undefined && taken !== located) {
        throw new SchemaRefusal(`the anchor "${name}" in ${pointer} is used twice in the schema`);
      }
      resource.anchors.set(name, located);
      return name;
    };
    const { $anchor: anchor, $dynamicAnchor: dynamicAnchor, $id: id } = schema;
    if (anchor !== undefined) give(anchor, '$anchor');
    if (dynamicAnchor !== undefined) {
      resource.dynamicAnchors.set(give(dynamicAnchor, '$dynamicAnchor'), located);
    }
    const isOldAnchor = this.refsStandAlone && typeof id === 'string' && id.startsWith('#') && id !== '#';
    if (isOldAnchor && !('$ref' in schema)) give(id.slice(1), '$id');
  }
}

const ANCHOR = /^[A-Za-z_][-A-Za-z0-9._]*$/;

function readDraft(draft: unknown): { readonly refsStandAlone: boolean } {
  if (draft === undefined) return { refsStandAlone: false };
  const name =
    typeof draft === 'string' ? draft.replace(/#$/, '').replace(/^https:(?=.*draft-0)/, 'http:') : '';
  const known = Object.hasOwn(DRAFTS, name) ? DRAFTS[name] : undefined;
  if (known !== undefined) return known;
  throw new SchemaRefusal(
    `"$schema" is ${JSON.stringify(draft).slice(0, 200)}, which is not supported: leave it out, or name one of ${Object.keys(DRAFTS).join(', ')}`,
  );
}

/** The schemas that stand directly under a keyword, with the way to each. */
function* schemasUnder(keyword: string, value: unknown): Iterable<[unknown, readonly string[]]> {
  const { isSingle, isList, isMap } = schemaPositionOf(keyword);
  if (isList && Array.isArray(value)) {
    for (const [index, inner] of value.entries()) yield [inner, [String(index)]];
  } else if (isMap && isPlainObject(value)) {
    for (const [name, inner] of Object.entries(value)) {
      // An entry of "dependencies" is a list of names or a schema.
      if (!(keyword === 'dependencies' && Array.isArray(inner))) yield [inner, [name]];
    }
  } else if (isSingle || isMap) {
    yield [value, []];
  }
}

export function isSchema(value: unknown): value is JsonSchema | boolean {
  return typeof value === 'boolean' || isPlainObject(value);
}

export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As it is written in a "$ref" without percent-encoding. */
export function pointerTo(pointer: string, ...parts: readonly string[]): string {
  return [pointer, ...parts.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'))].join('/');
}

function parseUri(reference: string, base: string, shown: string): URL {
  const uri = URL.parse(reference, base);
  if (uri === null) throw new SchemaRefusal(`${shown} is not a URI reference`);
  return uri;
}

function withoutFragment(uri: URL): string {
  return uri.href.split('#', 1)[0] ?? '';
}

function decodeFragment(uri: URL, shown: string): string {
  try {
    return decodeURIComponent(uri.hash.slice(1));
  } catch {
    throw new SchemaRefusal(`${shown} has a fragment that is not percent-encoded text`);
  }
}

function describeRemote(reference: string, shown: string): string {
  return reference.includes('json-schema.org/')
    ? `${shown} refers to a meta-schema, which is not supported: describe the schema that is wanted as an object`
    : `${shown} refers to another document, and none is fetched: copy what it names under "$defs"`;
}
