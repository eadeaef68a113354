/**
 * A tool's parameters as a plain object. Anthropic and Gemini refuse `anyOf`, `oneOf`, `allOf` and `$ref` at the root of
 * them, where MCP servers like to say "one of these": what the alternatives have in common is folded into the root, and the
 * rest is left for the caller to say in its provider's way.
 */
import type { JsonSchema } from '#domain/chat/chat-request.ts';
import type { Written } from './dialect.ts';
import { definitionOf, isSchema } from './schema-nodes.ts';

export interface ObjectRoot {
  /** `type: object` with all properties that any alternative knows, and required what all of them require. */
  readonly schema: JsonSchema;
  /** The combinations taken from the root; with them the schema means what it meant. Absent when there were none. */
  readonly combinations?: JsonSchema;
}

const MOST_BRANCHES = 256;
const COMBINATIONS = ['anyOf', 'oneOf', 'allOf'] as const;
const TAKEN: ReadonlySet<string> = new Set([
  ...COMBINATIONS,
  'if',
  'then',
  'else',
  '$ref',
  '$schema',
  'type',
]);

/**
 * What the root says of a property that not every alternative names: its `schema`, which makes the root a little narrower
 * than it was, or its `annotations` alone, which keeps the meaning to the letter as long as the combinations are said too.
 */
export type PartlyNamed = 'schema' | 'annotations';

/** Not ok when the parameters are no object at all; `where` is what the sentence begins with. */
export function objectRootOf(
  given: JsonSchema | undefined,
  where: string,
  partlyNamed: PartlyNamed,
): Written<ObjectRoot> {
  const root = given ?? {};
  const referred = root['$ref'] === undefined ? undefined : definitionOf(root['$ref'], root);
  if (root['$ref'] !== undefined && referred === undefined) {
    return { ok: false, problem: `${where} is a reference to what is not in its own definitions.` };
  }
  const merged = referred === undefined ? root : { ...referred, ...root };
  const types = [merged['type']].flat().filter((type) => type !== undefined && type !== null);
  if (types.length > 0 && !types.includes('object')) {
    return {
      ok: false,
      problem: `${where} is not a schema of an object, which the arguments of a tool are.`,
    };
  }
  const folding = { root, partlyNamed, path: new Set<unknown>(), count: { branches: 0 } };
  const value = fold(merged, folding);
  return folding.count.branches > MOST_BRANCHES
    ? { ok: false, problem: `${where} combines more than ${MOST_BRANCHES} schemas: make it simpler.` }
    : { ok: true, value };
}

interface Folding {
  readonly root: JsonSchema;
  readonly partlyNamed: PartlyNamed;
  /** The alternatives that this one stands in. */
  readonly path: ReadonlySet<unknown>;
  /** Of the whole fold: definitions that name each other twice would double it at each step. */
  readonly count: { branches: number };
}

function fold(node: JsonSchema, folding: Folding): ObjectRoot {
  const kept = Object.fromEntries(
    Object.entries(node).filter(([keyword, value]) => !TAKEN.has(keyword) && value !== null),
  );
  const combinations = Object.fromEntries(
    Object.entries(node).filter(([keyword]) => TAKEN.has(keyword) && !PLAIN.has(keyword)),
  );
  const branches = new Map(
    COMBINATIONS.map((keyword) => [keyword, branchesOf(node[keyword], folding)] as const),
  );
  const properties = mergedProperties(kept, branches, folding.partlyNamed);
  const required = mergedRequired(kept, branches);
  const { required: _required, properties: _properties, ...rest } = kept;
  const schema = {
    type: 'object',
    ...rest,
    ...(properties !== undefined && { properties }),
    ...(required.length > 0 && { required }),
  };
  return Object.keys(combinations).length === 0 ? { schema } : { schema, combinations };
}

/** Keywords of the root that the fold itself says again, or that constrain nothing. */
const PLAIN: ReadonlySet<string> = new Set(['$ref', '$schema', 'type']);

/** The alternatives that an object can take, each folded in its turn. One that says nothing, or leads in a circle, is `{}`. */
function branchesOf(given: unknown, folding: Folding): readonly JsonSchema[] {
  if (!Array.isArray(given)) return [];
  return given.flatMap((branch: unknown) => {
    if (branch === false) return [];
    folding.count.branches += 1;
    if (folding.count.branches > MOST_BRANCHES) return [];
    const definition = isSchema(branch) ? (definitionOf(branch['$ref'], folding.root) ?? branch) : {};
    if (folding.path.has(definition)) return [{}];
    const types = [definition['type']].flat();
    if (definition['type'] !== undefined && !types.includes('object')) return [];
    return [fold(definition, { ...folding, path: new Set([...folding.path, definition]) }).schema];
  });
}

type Branches = ReadonlyMap<(typeof COMBINATIONS)[number], readonly JsonSchema[]>;

function mergedProperties(
  own: JsonSchema,
  branches: Branches,
  partlyNamed: PartlyNamed,
): JsonSchema | undefined {
  const properties = new Map<string, unknown>(Object.entries(propertiesOf(own)));
  for (const [keyword, alternatives] of branches) {
    const names = new Set(alternatives.flatMap((alternative) => Object.keys(propertiesOf(alternative))));
    for (const name of names) {
      // What stands in the root holds for every alternative; they can only narrow it, which the combinations say.
      if (properties.has(name)) continue;
      const named = alternatives.flatMap((alternative) => {
        const known = propertiesOf(alternative);
        return Object.hasOwn(known, name) ? [known[name]] : [];
      });
      const isHeld = keyword === 'allOf' || named.length === alternatives.length || partlyNamed === 'schema';
      properties.set(name, isHeld ? combined(named, keyword) : annotationsOf(named));
    }
  }
  return properties.size === 0 && own['properties'] === undefined
    ? undefined
    : Object.fromEntries(properties);
}

function combined(schemas: readonly unknown[], keyword: (typeof COMBINATIONS)[number]): unknown {
  const [only, ...others] = new Set(schemas);
  if (others.length === 0) return only;
  const distinct = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
  return distinct.length === 1 ? distinct[0] : { [keyword === 'allOf' ? 'allOf' : 'anyOf']: distinct };
}

function annotationsOf(schemas: readonly unknown[]): JsonSchema {
  const words = schemas.flatMap((schema) =>
    isSchema(schema) && typeof schema['description'] === 'string' ? [schema['description']] : [],
  );
  return words.length === 0 ? {} : { description: [...new Set(words)].join(' Or: ') };
}

function mergedRequired(own: JsonSchema, branches: Branches): readonly string[] {
  const required = new Set(requiredOf(own));
  for (const [keyword, alternatives] of branches) {
    const [first, ...more] = alternatives.map((alternative) => new Set(requiredOf(alternative)));
    if (first === undefined) continue;
    const shared = more.reduce(
      (all, each) => (keyword === 'allOf' ? all.union(each) : all.intersection(each)),
      first,
    );
    for (const name of shared) required.add(name);
  }
  return [...required];
}

function propertiesOf(schema: JsonSchema): JsonSchema {
  return isSchema(schema['properties']) ? schema['properties'] : {};
}

function requiredOf(schema: JsonSchema): readonly string[] {
  const { required } = schema;
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
}
