/**
 * From zod to the schema of a CustomResourceDefinition. Kubernetes takes only "structural" schemas
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema):
 * what zod writes beyond that is repaired where nothing is lost by it, and refused in one sentence where something
 * would be.
 */
import { z } from 'zod';

/** A structural schema. Keys stand in the order of `KEYWORDS`, properties in the order of the zod source. */
export interface StructuralSchema {
  readonly description?: string;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: StructuralSchema;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: StructuralSchema;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly {
    readonly rule: string;
    readonly message: string;
    readonly fieldPath?: string;
    readonly reason?: string;
  }[];
}

/** A kind that Kubernetes could not store as it is declared. The message names every field at fault. */
export class StructuralSchemaError extends Error {
  override readonly name = 'StructuralSchemaError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Copied as they are, in this order. All other keywords are repaired or refused by name. */
const KEYWORDS = [
  'description',
  'type',
  'format',
  'enum',
  'nullable',
  'default',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'exclusiveMinimum',
  'maximum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'items',
  'properties',
  'required',
  'additionalProperties',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
] as const;

const REFERENCE =
  'is a reference, which Kubernetes does not resolve: write the schema out (no .meta({ id }), no recursion)';
const UNION =
  'is a union, whose types are not structural: use an enum `type`, optional members and a CEL rule';

const REFUSED_KEYWORDS: Readonly<Record<string, string>> = {
  $ref: REFERENCE,
  definitions: REFERENCE,
  oneOf: UNION,
  anyOf: UNION,
  // zod wraps a reference with a description in it, and writes several patterns as one.
  allOf: 'is an intersection, a reference or has several patterns: write one schema with one pattern',
  not: 'is a negation: write it as a CEL rule',
};

/** Go's regular expressions (RE2) have none of these; the API server would refuse the whole definition. */
const NOT_RE2 = /\(\?<?[=!]|\\[1-9]|\\k<|\\u|\[\^?\]/;

type Raw = Readonly<Record<string, unknown>>;

/**
 * The structural schema of one zod schema. `path` names it in messages, for example `Agent.spec`.
 * Throws StructuralSchemaError with every problem at once.
 */
export function toStructuralSchema(schema: z.ZodType, path: string): StructuralSchema {
  const problems: string[] = [];
  const raw = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema }) => {
      problems.push(...lostInTranslation(zodSchema, path));
    },
  });
  const structural = repair(raw, path, problems);
  if (problems.length > 0) throw new StructuralSchemaError(problems);
  return structural;
}

/** What zod checks and its JSON Schema does not say: Kubernetes would accept more than we do. */
function lostInTranslation(schema: z.core.$ZodType, path: string): readonly string[] {
  // oxlint-disable-next-line no-underscore-dangle -- zod's own place for what tools read of a schema.
  const { def } = schema._zod as { readonly def: ZodDefinition };
  const patterns = (def.checks ?? []).map(({ _zod }) => _zod.def.pattern);
  const problems = patterns
    .filter((pattern) => pattern !== undefined && pattern.flags !== '')
    .map((pattern) => `${path}: the pattern ${String(pattern)} has flags, which a schema cannot carry`);
  // oxlint-disable-next-line no-underscore-dangle -- as above.
  if (def.type === 'record' && (def.keyType?._zod.def.checks ?? []).length > 0) {
    problems.push(`${path}: the keys of a map cannot be restricted by a schema: write it as a CEL rule`);
  }
  return problems;
}

interface ZodDefinition {
  readonly type: string;
  readonly checks?: readonly { readonly _zod: { readonly def: { readonly pattern?: RegExp } } }[];
  readonly keyType?: { readonly _zod: { readonly def: ZodDefinition } };
}

function repair(raw: Raw, path: string, problems: string[]): StructuralSchema {
  problems.push(...refusals(raw, path));
  const node: Record<string, unknown> = {};
  for (const keyword of KEYWORDS) {
    const value =
      raw[keyword] === undefined ? undefined : repairKeyword(keyword, raw[keyword], path, problems);
    if (value !== undefined) node[keyword] = value;
  }
  if (node['type'] === undefined && node['enum'] === undefined) {
    // z.unknown(): any JSON value, neither pruned nor checked.
    node['x-kubernetes-preserve-unknown-fields'] = true;
  }
  return node;
}

function refusals(raw: Raw, path: string): readonly string[] {
  const problems: string[] = [];
  for (const keyword of Object.keys(raw)) {
    const reason = REFUSED_KEYWORDS[keyword];
    if (reason !== undefined) problems.push(`${path}: ${keyword} ${reason}`);
    else if (!isKnown(keyword)) problems.push(`${path}: Kubernetes does not know the keyword ${keyword}`);
  }
  const pattern = raw['pattern'];
  if (typeof pattern === 'string' && NOT_RE2.test(pattern)) {
    problems.push(
      `${path}: the pattern ${pattern} uses lookaround, a back-reference or \\u, which the API server's RE2 does not have`,
    );
  }
  return problems;
}

function isKnown(keyword: string): boolean {
  return keyword === '$schema' || (KEYWORDS as readonly string[]).includes(keyword);
}

function repairKeyword(
  keyword: (typeof KEYWORDS)[number],
  value: unknown,
  path: string,
  problems: string[],
): unknown {
  if (keyword === 'items') return repair(value as Raw, `${path}[]`, problems);
  if (keyword === 'properties')
    return repairProperties(value as Readonly<Record<string, Raw>>, path, problems);
  // z.int() writes its own safe-integer bounds; they say nothing to a user.
  if (keyword === 'minimum' && value === Number.MIN_SAFE_INTEGER) return undefined;
  if (keyword === 'maximum' && value === Number.MAX_SAFE_INTEGER) return undefined;
  if (keyword === 'additionalProperties') {
    // `false` excludes `properties`, and the server drops unknown fields anyway. `{}` has no type.
    const isTyped = typeof value === 'object' && Object.keys(value as Raw).length > 0;
    return isTyped ? repair(value as Raw, `${path}.*`, problems) : undefined;
  }
  return value;
}

function repairProperties(
  properties: Readonly<Record<string, Raw>>,
  path: string,
  problems: string[],
): Readonly<Record<string, StructuralSchema>> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      if (typeof property['description'] !== 'string' || property['description'] === '') {
        problems.push(`${path}.${name}: has no description, and "kubectl explain" would show nothing`);
      }
      return [name, repair(property, `${path}.${name}`, problems)];
    }),
  );
}
