/** The variables of a prompt: Picoschema or JSON Schema in the front matter, one JSON Schema of an object out. */
import { picoschema } from 'dotprompt';
import {
  type FindProblems,
  type JsonSchema,
  compileJsonSchema,
  depthOf,
} from '#domain/json-schema/compile-json-schema.ts';

const VARIABLES_MAXIMUM = 64;
const SCHEMA_DEPTH_MAXIMUM = 32;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,127}$/;

export type VariablesSchema =
  | {
      readonly ok: true;
      readonly schema: JsonSchema;
      readonly names: readonly string[];
      readonly findProblems: FindProblems;
    }
  | { readonly ok: false; readonly problem: string };

/** Any schema of the front matter as JSON Schema; `where` is its key, for the sentence. */
export async function readSchema(
  source: unknown,
  where: string,
): Promise<
  { readonly ok: true; readonly schema: JsonSchema } | { readonly ok: false; readonly problem: string }
> {
  if (typeof source !== 'object' || source === null || Array.isArray(source)) {
    return { ok: false, problem: `${where} must be a mapping of names to types, or a JSON Schema` };
  }
  if (depthOf(source, SCHEMA_DEPTH_MAXIMUM) > SCHEMA_DEPTH_MAXIMUM) {
    return { ok: false, problem: `${where} is nested deeper than ${SCHEMA_DEPTH_MAXIMUM} levels` };
  }
  try {
    const schema: unknown = await picoschema(source);
    // Through JSON once: Picoschema leaves keys with the value undefined.
    return { ok: true, schema: JSON.parse(JSON.stringify(schema)) as JsonSchema };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: `${where} is not valid: ${reason}` };
  }
}

/** Without input.schema a prompt takes no variables. */
export async function readVariablesSchema(source: unknown): Promise<VariablesSchema> {
  const read = await readSchema(source ?? { type: 'object', properties: {} }, 'input.schema');
  if (!read.ok) return read;
  if (read.schema['type'] !== 'object') {
    return {
      ok: false,
      problem:
        'input.schema must describe an object with one property for each variable; a variable called "type" needs the JSON Schema form',
    };
  }
  // A variable that nobody declared is a slip of the caller, not something to be dropped silently.
  const schema = { additionalProperties: false, ...read.schema };
  const names = Object.keys((schema as JsonSchema)['properties'] ?? {});
  const unfit = names.find((name) => !VARIABLE_NAME.test(name));
  if (unfit !== undefined) {
    return {
      ok: false,
      problem: `the variable "${unfit}" needs a name of letters, digits, "_" and "-" that begins with a letter`,
    };
  }
  if (names.length > VARIABLES_MAXIMUM) {
    return { ok: false, problem: `input.schema declares more than ${VARIABLES_MAXIMUM} variables` };
  }
  const compiled = compileJsonSchema(schema);
  if (!compiled.ok) return { ok: false, problem: `input.schema is not valid: ${compiled.message}` };
  return { ok: true, schema, names, findProblems: compiled.findProblems };
}

/** What is wrong with input.default, or undefined: each value must be of a declared variable and fit it. */
export function findDefaultsProblem(
  defaults: Readonly<Record<string, unknown>>,
  schema: JsonSchema,
): string | undefined {
  if (Object.keys(defaults).length === 0) return undefined;
  const { required: _, ...withoutRequired } = schema;
  const compiled = compileJsonSchema(withoutRequired);
  if (!compiled.ok) return compiled.message;
  const problems = compiled.findProblems(defaults);
  return problems.length === 0 ? undefined : problems.join('; ');
}
