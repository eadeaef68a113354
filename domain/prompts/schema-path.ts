/**
 * Walks a JSON Schema along a template path, to tell before any run whether the path can lead to a value. What is
 * composed (allOf, anyOf, oneOf, if, $ref) counts as the union of its branches: a path that leads somewhere in one of
 * them may be written. Schemas refer to themselves, so every walk is bounded; where the bound is reached the schema
 * counts as one that says nothing.
 */
import type { JsonSchema } from '#domain/json-schema/compile-json-schema.ts';

/** `ANYTHING` is a place where the schema says nothing, so every path below it may exist. */
export const ANYTHING: JsonSchema = {};

const BRANCHES_MAXIMUM = 64;
const ARRAY_DEPTH_MAXIMUM = 8;
const LISTS_OF_BRANCHES = ['allOf', 'anyOf', 'oneOf'];
const SINGLE_BRANCHES = ['if', 'then', 'else'];
/** What these lead to is told by names inside of the schema, which are not followed here. */
const UNFOLLOWED = ['$dynamicRef', '$recursiveRef', 'dependentSchemas', 'dependencies'];

/** All that the schema says of one place. */
interface Place {
  readonly branches: readonly JsonSchema[];
  /** False when it may say more than the branches do. */
  readonly isWhole: boolean;
}

/** The paths of one schema, which references are resolved in. */
export class SchemaPaths {
  readonly root: JsonSchema;
  /** A template writes the same paths again and again, and a composed schema has many branches. */
  readonly #known = new WeakMap<JsonSchema, Map<string, JsonSchema | undefined>>();

  constructor(root: JsonSchema) {
    this.root = root;
  }

  /** The schema of `segment` inside `schema`, or undefined when the schema says there is no such thing. */
  at(schema: JsonSchema, segment: string): JsonSchema | undefined {
    const known = this.#known.get(schema) ?? new Map<string, JsonSchema | undefined>();
    this.#known.set(schema, known);
    if (!known.has(segment)) known.set(segment, this.#find(schema, segment));
    return known.get(segment);
  }

  #find(schema: JsonSchema, segment: string): JsonSchema | undefined {
    const { branches, isWhole } = placeOf(schema, this.root);
    const declared = branches.map((branch) => asSchema(ownValue(ownValue(branch, 'properties'), segment)));
    const union = unionOf(declared);
    if (union !== undefined) return union;
    if (!isWhole || branches.some((branch) => Object.hasOwn(branch, 'patternProperties'))) return ANYTHING;
    const types = typesOf(branches);
    if (segment === 'length' && (types.has('array') || types.has('string'))) return { type: 'integer' };
    if (types.has('array') && /^\d+$/.test(segment)) return elementOf(branches);
    if (types.size > 0 && !types.has('object')) return undefined;
    const additional = unionOf(branches.map(additionalOf));
    if (additional !== undefined) return additional;
    return branches.some(isClosed) ? undefined : ANYTHING;
  }

  /** The schema of what `{{#each}}` goes over, or undefined when the value is neither list nor object. */
  elementOf(schema: JsonSchema): JsonSchema | undefined {
    const { branches, isWhole } = placeOf(schema, this.root);
    const types = typesOf(branches);
    if (types.size === 0 || !isWhole) return ANYTHING;
    if (types.has('array')) return types.has('object') ? ANYTHING : elementOf(branches);
    if (!types.has('object')) return undefined;
    if (branches.some((branch) => Object.hasOwn(branch, 'properties'))) return ANYTHING;
    return unionOf(branches.map(additionalOf)) ?? ANYTHING;
  }

  /** Whether printing such a value with `{{name}}` would write "[object Object]", whatever it is. */
  printsAsObject(schema: JsonSchema, depth = 0): boolean {
    const { branches, isWhole } = placeOf(schema, this.root);
    const types = typesOf(branches);
    types.delete('null');
    if (!isWhole || types.size !== 1) return false;
    if (types.has('object')) return true;
    const isList = types.has('array') && depth < ARRAY_DEPTH_MAXIMUM;
    return isList && this.printsAsObject(elementOf(branches), depth + 1);
  }
}

/** The properties of an object, wherever they are declared, and whether it takes others too. */
export function declaredProperties(root: JsonSchema): {
  readonly names: readonly string[];
  readonly takesOthers: boolean;
  /** Whether they are declared in more places than the schema's own `properties`. */
  readonly isComposed: boolean;
} {
  const { branches, isWhole } = placeOf(root, root);
  const names = branches.flatMap((branch) => Object.keys(asSchema(ownValue(branch, 'properties')) ?? {}));
  const takesOthers = branches.some(
    (branch) =>
      Object.hasOwn(branch, 'patternProperties') ||
      additionalOf(branch) !== undefined ||
      asSchema(ownValue(branch, 'unevaluatedProperties')) !== undefined,
  );
  return {
    names: [...new Set(names)],
    takesOthers: takesOthers || !isWhole,
    isComposed: branches.length > 1 || !isWhole,
  };
}

function placeOf(schema: JsonSchema, root: JsonSchema): Place {
  const branches = new Set([schema]);
  let isWhole = true;
  // A set is iterated together with what is added meanwhile, and adds nothing twice: cycles end.
  for (const branch of branches) {
    if (UNFOLLOWED.some((keyword) => Object.hasOwn(branch, keyword))) isWhole = false;
    for (const next of branchesOf(branch, root)) {
      if (next === undefined || branches.size >= BRANCHES_MAXIMUM) isWhole = false;
      else branches.add(next);
    }
  }
  return { branches: [...branches], isWhole };
}

/** Undefined stands for a reference that leads nowhere we can see. */
function branchesOf(schema: JsonSchema, root: JsonSchema): readonly (JsonSchema | undefined)[] {
  const lists = LISTS_OF_BRANCHES.flatMap((keyword) => {
    const list = ownValue(schema, keyword);
    return Array.isArray(list) ? list.slice(0, BRANCHES_MAXIMUM).map(asSchema) : [];
  });
  const singles = SINGLE_BRANCHES.map((keyword) => asSchema(ownValue(schema, keyword)));
  const reference = ownValue(schema, '$ref');
  return [
    ...lists.filter((branch) => branch !== undefined),
    ...singles.filter((branch) => branch !== undefined),
    ...(typeof reference === 'string' ? [targetOf(reference, root)] : []),
  ];
}

function targetOf(reference: string, root: JsonSchema): JsonSchema | undefined {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  let target: unknown = root;
  for (const part of reference.slice(2).split('/', BRANCHES_MAXIMUM)) {
    target = ownValue(target, part.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  return asSchema(target);
}

function unionOf(schemas: readonly (JsonSchema | undefined)[]): JsonSchema | undefined {
  const [first, ...others] = schemas.filter((schema) => schema !== undefined);
  return first === undefined || others.length === 0 ? first : { anyOf: [first, ...others] };
}

function elementOf(branches: readonly JsonSchema[]): JsonSchema {
  if (branches.some((branch) => Object.hasOwn(branch, 'prefixItems'))) return ANYTHING;
  return unionOf(branches.map((branch) => asSchema(ownValue(branch, 'items')))) ?? ANYTHING;
}

function additionalOf(schema: JsonSchema): JsonSchema | undefined {
  return asSchema(ownValue(schema, 'additionalProperties'));
}

function isClosed(schema: JsonSchema): boolean {
  return Object.hasOwn(schema, 'properties') || ownValue(schema, 'additionalProperties') === false;
}

function typesOf(branches: readonly JsonSchema[]): Set<unknown> {
  return new Set(
    branches.flatMap((branch): readonly unknown[] => {
      const type = ownValue(branch, 'type');
      if (type === undefined) return [];
      return Array.isArray(type) ? type : [type];
    }),
  );
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
