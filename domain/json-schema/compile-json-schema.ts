/**
 * JSON Schemas written by users (the variables of a prompt, the output of an Agent), compiled by Ajv. Draft 2020-12
 * and draft-07, with formats. Strict: a keyword or format that is not known is an error, so that a mistyped
 * "requried" is never a schema that lets everything through.
 */
import { Ajv, type ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { default as formats } from 'ajv-formats';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What does not fit, one short clause each; empty when the value fits. */
export type FindProblems = (value: unknown) => readonly string[];

export type CompiledJsonSchema =
  | { readonly ok: true; readonly findProblems: FindProblems }
  | { readonly ok: false; readonly message: string };

const SCHEMA_MAXIMUM_CHARACTERS = 65_536;
const SCHEMA_MAXIMUM_DEPTH = 64;
const PROBLEMS_MAXIMUM = 20;
const PROBLEM_MAXIMUM_CHARACTERS = 300;

/** Ajv logs to the console by default; these schemas are users' and their faults are ours to report. */
const AJV_OPTIONS = {
  allErrors: true,
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  logger: false,
} as const;

export function compileJsonSchema(schema: JsonSchema): CompiledJsonSchema {
  const unfit = findUnfitSchema(schema);
  if (unfit !== undefined) return { ok: false, message: unfit };
  const draft = schema['$schema'];
  if (typeof draft === 'string') {
    return /draft-0[67]/.test(draft) ? compileWith('draft-07', schema) : compileWith('2020-12', schema);
  }
  // Without $schema both drafts are tried: a draft-07 tuple ("items" as a list) is not valid 2020-12.
  const newest = compileWith('2020-12', schema);
  if (newest.ok) return newest;
  const older = compileWith('draft-07', schema);
  return older.ok ? older : newest;
}

type Draft = '2020-12' | 'draft-07';

function compileWith(draft: Draft, schema: JsonSchema): CompiledJsonSchema {
  const ajv = ajvFor(draft, schema);
  try {
    const validate = ajv.compile(schema);
    return {
      ok: true,
      findProblems: (value) => (validate(value) ? [] : describeErrors(validate.errors ?? [])),
    };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  } finally {
    // Ajv remembers every schema it was ever given.
    ajv.removeSchema(schema);
  }
}

const sharedAjv = new Map<Draft, Ajv>();

/**
 * Setting up an Ajv costs far more than compiling a schema, so one is kept for each draft. A schema that names itself
 * gets its own: the name would stay known, and the schema of another user could refer to it.
 */
function ajvFor(draft: Draft, schema: JsonSchema): Ajv {
  if (/"\$(id|anchor|dynamicAnchor|recursiveAnchor)"/.test(JSON.stringify(schema))) return createAjv(draft);
  const ajv = sharedAjv.get(draft) ?? createAjv(draft);
  sharedAjv.set(draft, ajv);
  return ajv;
}

function createAjv(draft: Draft): Ajv {
  const ajv = draft === '2020-12' ? new Ajv2020(AJV_OPTIONS) : new Ajv(AJV_OPTIONS);
  formats.default(ajv);
  return ajv;
}

/** Bounds that Ajv does not have: it recurses over the schema, and an asynchronous schema never says "false". */
function findUnfitSchema(schema: JsonSchema): string | undefined {
  if (depthOf(schema, SCHEMA_MAXIMUM_DEPTH) > SCHEMA_MAXIMUM_DEPTH) {
    return `the schema is nested deeper than ${SCHEMA_MAXIMUM_DEPTH} levels`;
  }
  if (JSON.stringify(schema).length > SCHEMA_MAXIMUM_CHARACTERS) {
    return `the schema is longer than ${SCHEMA_MAXIMUM_CHARACTERS} characters`;
  }
  return '$async' in schema ? '"$async" is not supported' : undefined;
}

/** Depth of nested objects and lists; stops counting one level above `limit`. */
export function depthOf(value: unknown, limit: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (limit < 0) return 1;
  let deepest = 0;
  for (const child of Object.values(value)) deepest = Math.max(deepest, depthOf(child, limit - 1));
  return deepest + 1;
}

function describeErrors(errors: readonly ErrorObject[]): readonly string[] {
  const problems = [...new Set(errors.map(describeError))];
  if (problems.length <= PROBLEMS_MAXIMUM) return problems;
  return [...problems.slice(0, PROBLEMS_MAXIMUM), `and ${problems.length - PROBLEMS_MAXIMUM} more problems`];
}

function describeError(error: ErrorObject): string {
  const params: Readonly<Record<string, unknown>> = error.params;
  const place = error.instancePath;
  if (error.keyword === 'required') return `"${pathOf(place, params['missingProperty'])}" is missing`;
  if (error.keyword === 'additionalProperties') {
    return `"${pathOf(place, params['additionalProperty'])}" is not known`;
  }
  const subject = place === '' ? 'the value' : `"${pathOf(place)}"`;
  const detail =
    error.keyword === 'enum' ? `must be one of ${JSON.stringify(params['allowedValues'])}` : error.message;
  return `${subject} ${detail ?? 'does not fit'}`.slice(0, PROBLEM_MAXIMUM_CHARACTERS);
}

/** A JSON pointer as people write paths: /mail/subject -> mail.subject. */
function pathOf(pointer: string, property?: unknown): string {
  const parts = pointer.split('/').slice(1);
  const names = parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return [...names, ...(typeof property === 'string' ? [property] : [])]
    .join('.')
    .slice(0, PROBLEM_MAXIMUM_CHARACTERS);
}
