/** The schemas of a front matter: Picoschema or JSON Schema in, JSON Schema out; and the variables that one declares. */
import { type ParsedNode, isMap, isScalar, isSeq } from 'yaml';
import {
  type FindProblems,
  type JsonSchema,
  compileJsonSchema,
} from '#domain/json-schema/compile-json-schema.ts';
import type { FrontMatterYaml, YamlPath } from './front-matter-yaml.ts';
import { readPicoschema } from './picoschema.ts';
import { declaredProperties } from './schema-path.ts';

const VARIABLES_MAXIMUM = 64;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,127}$/;

export interface SchemaFault {
  readonly ok: false;
  /** Line of the file, from 1. */
  readonly line: number;
  readonly problem: string;
}

export type VariablesSchema =
  | {
      readonly ok: true;
      readonly schema: JsonSchema;
      readonly names: readonly string[];
      readonly findProblems: FindProblems;
    }
  | SchemaFault;

/** The schema at `path` of the front matter; `path` is also its name in the sentence. */
export function readSchema(
  yaml: FrontMatterYaml,
  path: YamlPath,
): { readonly ok: true; readonly schema: JsonSchema } | SchemaFault {
  const node = yaml.nodeAt(path);
  const where = path.join('.');
  if (node === null) return { ok: false, line: yaml.lineOf(path), problem: `${where} is empty` };
  if (isJsonSchema(node)) return { ok: true, schema: yaml.valueOf(node) as JsonSchema };
  const read = readPicoschema(node);
  return read.ok
    ? read
    : { ok: false, line: yaml.lineOfNode(read.node), problem: `${where}: ${read.problem}` };
}

const JSON_TYPES = ['any', 'array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];

/**
 * As Picoschema lays down, a mapping with a `type` that JSON Schema knows, or with `properties`, is JSON Schema. So is
 * one with keywords that no field of Picoschema can be: they hold a list, or begin with "$".
 */
function isJsonSchema(node: ParsedNode): boolean {
  if (!isMap(node)) return false;
  const at = (keyword: string): unknown => node.get(keyword, true);
  const type = at('type');
  if (isScalar(type) && JSON_TYPES.some((name) => name === type.value)) return true;
  if (isSeq(type) || isMap(at('properties'))) return true;
  if (['allOf', 'anyOf', 'oneOf', 'required'].some((keyword) => isSeq(at(keyword)))) return true;
  return node.items.some(({ key }) => isScalar(key) && String(key.value).startsWith('$'));
}

/** `input.schema` of the front matter, which is there. */
export function readVariablesSchema(yaml: FrontMatterYaml): VariablesSchema {
  const path = ['input', 'schema'];
  const fault = (problem: string): SchemaFault => ({ ok: false, line: yaml.lineOf(path), problem });
  const read = readSchema(yaml, path);
  if (!read.ok) return read;
  const { type } = read.schema;
  const declared = declaredProperties(read.schema);
  const isObject = type === 'object' || (type === undefined && declared.names.length > 0);
  if (!isObject) {
    return fault(
      'input.schema must describe an object with one property for each variable; a variable called "type" needs the JSON Schema form',
    );
  }
  return closeVariables({ ...read.schema, type: 'object' }, fault);
}

/** Variables of any type, for a prompt that declares none; see checkTemplate on which are required. */
export function untypedVariables(
  variables: {
    readonly names: readonly string[];
    readonly required: readonly string[];
    readonly takesOthers: boolean;
  },
  fault: (problem: string) => SchemaFault,
): VariablesSchema {
  const { names, required, takesOthers } = variables;
  const properties = Object.fromEntries(names.map((name) => [name, {}]));
  const additionalProperties = takesOthers;
  return closeVariables({ type: 'object', properties, required, additionalProperties }, fault);
}

/** A variable that nobody declared is a slip of the caller, not something to be dropped silently. */
function closeVariables(open: JsonSchema, fault: (problem: string) => SchemaFault): VariablesSchema {
  const { names, takesOthers, isComposed } = declaredProperties(open);
  const unfit = names.find((name) => !VARIABLE_NAME.test(name));
  if (unfit !== undefined) {
    return fault(
      `the variable "${unfit.slice(0, 128)}" needs a name of at most 128 letters, digits, "_" and "-" that begins with a letter`,
    );
  }
  if (names.length > VARIABLES_MAXIMUM) {
    return fault(`input.schema declares more than ${VARIABLES_MAXIMUM} variables`);
  }
  const shut = isComposed ? findShutOut(open, names) : undefined;
  if (shut !== undefined) {
    return fault(
      `input.schema: "additionalProperties: false" refuses "${shut}", which a branch declares: leave it out, undeclared variables are refused anyway`,
    );
  }
  // Beside composed properties "additionalProperties: false" would refuse those of the branches.
  const schema = isComposed ? open : { additionalProperties: false, ...open };
  const compiled = compileJsonSchema(schema);
  if (!compiled.ok) return fault(`input.schema is not valid: ${compiled.message}`);
  const { findProblems } = compiled;
  if (!isComposed || takesOthers) return { ok: true, schema, names, findProblems };
  return {
    ok: true,
    schema,
    names,
    findProblems: (value) => [...findUndeclared(value, names), ...findProblems(value)],
  };
}

function findShutOut(schema: JsonSchema, names: readonly string[]): string | undefined {
  if (schema['additionalProperties'] !== false || Object.hasOwn(schema, 'patternProperties'))
    return undefined;
  const own = Object.keys(schema['properties'] ?? {});
  return names.find((name) => !own.includes(name));
}

function findUndeclared(value: unknown, names: readonly string[]): readonly string[] {
  const other = Object.keys(value as object).find((name) => !names.includes(name));
  return other === undefined ? [] : [`"${other.slice(0, 128)}" is not known`];
}

/** What is wrong with input.default, or undefined: each value must be of a declared variable and fit it. */
export function findDefaultsProblem(
  defaults: Readonly<Record<string, unknown>>,
  schema: JsonSchema,
): string | undefined {
  const { names, takesOthers, isComposed } = declaredProperties(schema);
  const undeclared = takesOthers ? [] : findUndeclared(defaults, names);
  if (undeclared.length > 0) return undeclared[0];
  // Which branch the defaults belong to is known only with the other variables: they are checked at each run.
  if (isComposed || Object.keys(defaults).length === 0) return undefined;
  const { required: _, minProperties: __, dependentRequired: ___, ...partial } = schema;
  const compiled = compileJsonSchema(partial);
  if (!compiled.ok) return compiled.message;
  const problems = compiled.findProblems(defaults);
  return problems.length === 0 ? undefined : problems.join('; ');
}
