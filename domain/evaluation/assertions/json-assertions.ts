/** Assertions on the JSON of an answer. */
import { JSONPathEnvironment, type JSONPathQuery } from 'json-p3';
import { BODY_BOUNDS, parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import { readBoundedYaml } from '#domain/bounded-yaml/bounded-yaml.ts';
import { canonicalJson } from '#domain/canonical-json/canonical-json.ts';
import {
  type FindProblems,
  type JsonSchema,
  compileJsonSchema,
} from '#domain/json-schema/compile-json-schema.ts';
import type { SingleAssertion } from '../golden-set.ts';
import {
  COMPARED_MAXIMUM_CHARACTERS,
  type Check,
  type CompiledCheck,
  holds,
  quote,
} from './assertion-check.ts';

const ANSWER_BOUNDS = { ...BODY_BOUNDS, depth: 64 };

export function compileIsJson({ value }: SingleAssertion): CompiledCheck {
  const schema = compileSchema(value);
  if (!schema.ok) return schema;
  return check(({ text }) => {
    const parsed = parseBoundedJson(text, ANSWER_BOUNDS);
    if (!parsed.ok) return holds(false, `the answer ${parsed.message}`);
    const problems = schema.findProblems(parsed.value);
    return holds(problems.length === 0, problems.join('; ') || 'the answer is such JSON');
  });
}

/** Any object within the text. */
export function compileContainsJson({ value }: SingleAssertion): CompiledCheck {
  const schema = compileSchema(value);
  if (!schema.ok) return schema;
  return check(({ text }) => {
    const found = objectsIn(text);
    if (found.length === 0) return holds(false, 'the answer holds no JSON object');
    const problems = found.map((each) => schema.findProblems(each));
    return holds(
      problems.some((each) => each.length === 0),
      `no JSON object in the answer fits: ${(problems[0] ?? []).join('; ')}`,
    );
  });
}

type Schema =
  | { readonly ok: true; readonly findProblems: FindProblems }
  | { readonly ok: false; readonly problem: string };

/** A text is a schema written in YAML or JSON, as promptfoo has it. */
function compileSchema(value: unknown): Schema {
  if (value === undefined || value === '') return { ok: true, findProblems: () => [] };
  let schema = value;
  if (typeof value === 'string') {
    const read = readBoundedYaml(value, {
      subject: 'its schema',
      characters: 65_536,
      depth: 64,
      entries: 5_000,
      lines: 5_000,
    });
    if (!read.ok) return { ok: false, problem: `has a schema that cannot be read: ${read.problem}` };
    schema = read.document.toJS({ maxAliasCount: 0 }) as object;
  }
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    return { ok: false, problem: 'needs a JSON Schema as its value, or none' };
  }
  const compiled = compileJsonSchema(schema as JsonSchema);
  return compiled.ok
    ? compiled
    : { ok: false, problem: `has a schema that is not valid: ${compiled.message}` };
}

const OBJECTS_MAXIMUM = 100;
/** A text of braces would else be looked through once for each of them. */
const LOOKED_MAXIMUM_CHARACTERS = 4_000_000;

function objectsIn(text: string): readonly unknown[] {
  const found: unknown[] = [];
  let looked = 0;
  for (let start = text.indexOf('{'); start !== -1; start = text.indexOf('{', start + 1)) {
    const end = endOfObject(text, start);
    looked += (end ?? text.length) - start;
    if (looked > LOOKED_MAXIMUM_CHARACTERS || found.length >= OBJECTS_MAXIMUM) break;
    if (end === undefined) continue;
    const parsed = parseBoundedJson(text.slice(start, end), ANSWER_BOUNDS);
    if (!parsed.ok) continue;
    found.push(parsed.value);
    start = end - 1;
  }
  return found;
}

/** Behind the brace that closes the one at `start`. */
function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  let isInString = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (isInString) {
      if (character === '\\') at += 1;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === '{') depth += 1;
    else if (character === '}') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

/** RFC 9535: `$.category`, or `{path, equals}`, or `{path, schema}`. */
export function compileJsonPath({ value }: SingleAssertion): CompiledCheck {
  const given = typeof value === 'string' ? { path: value } : value;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return { ok: false, problem: 'needs a path, or {path, equals} or {path, schema}, as its value' };
  }
  const { path, equals, schema, ...others } = given as Readonly<Record<string, unknown>>;
  const [other] = Object.keys(others);
  if (other !== undefined)
    return { ok: false, problem: `takes path, equals and schema, not "${other.slice(0, 60)}"` };
  const compiled = compilePath(path);
  if (!compiled.ok) return compiled;
  const fits = compileSchema(schema);
  if (!fits.ok) return fits;
  const wanted = equals === undefined ? undefined : canonicalJson(equals);
  return check(({ text }) => {
    const found = compiled.select(text);
    if (typeof found === 'string') return holds(false, found);
    if (found.length === 0) return holds(false, `there is nothing at ${quote(String(path))}`);
    if (wanted !== undefined && !found.some((each) => canonicalJson(each) === wanted)) {
      return holds(
        false,
        `${quote(canonicalJson(found[0]))} at ${quote(String(path))} must equal ${quote(wanted)}`,
      );
    }
    const problems = found.flatMap((each) => fits.findProblems(each));
    return holds(problems.length === 0, problems.join('; ') || `${quote(String(path))} is as it must be`);
  });
}

const PATH_MAXIMUM_CHARACTERS = 500;
const NODES_MAXIMUM = 1_000;
/** Each "[a,b]" doubles the work of all that follow it. */
const SELECTORS_MAXIMUM = 100;
/** As deep as an answer may be: it is not for a model to say how an evaluation ends. */
const environment = new JSONPathEnvironment({ maxRecursionDepth: ANSWER_BOUNDS.depth + 2 });

type CompiledPath =
  /** What stands there, or why nothing does. */
  | { readonly ok: true; readonly select: (text: string) => readonly unknown[] | string }
  | { readonly ok: false; readonly problem: string };

export function compilePath(path: unknown): CompiledPath {
  if (typeof path !== 'string' || path.length > PATH_MAXIMUM_CHARACTERS) {
    return {
      ok: false,
      problem: `needs a path of at most ${PATH_MAXIMUM_CHARACTERS} characters, as "$.category"`,
    };
  }
  // Each ".." looks through the whole of what the one before it found.
  if (path.split('..').length > 2) return { ok: false, problem: 'takes a path with ".." once' };
  if (/[?]/.test(path)) {
    return { ok: false, problem: 'takes no filter "?" in its path: write what must hold as a schema' };
  }
  let query: JSONPathQuery;
  try {
    query = environment.compile(path);
  } catch (error) {
    return {
      ok: false,
      problem: `has a path that is none: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  const named = query.segments.reduce((product, { selectors }) => product * selectors.length, 1);
  if (named > SELECTORS_MAXIMUM) {
    return { ok: false, problem: `has a path that may select the same more than ${SELECTORS_MAXIMUM} times` };
  }
  return {
    ok: true,
    select: (text) => {
      const parsed = parseBoundedJson(text, ANSWER_BOUNDS);
      if (!parsed.ok) return `the answer ${parsed.message}`;
      const found: unknown[] = [];
      for (const node of query.lazyQuery(parsed.value as never)) {
        found.push(node.value);
        if (found.length >= NODES_MAXIMUM) break;
      }
      return found;
    },
  };
}

const NUMBERS = /[+-]?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/g;

/** A number, or `{value, tolerance, relativeTolerance, path}`. Without a path it is the last number of the answer. */
export function compileNumeric(assertion: SingleAssertion): CompiledCheck {
  const read = readNumeric(assertion);
  if (typeof read === 'string') return { ok: false, problem: read };
  const { wanted, allowed, path } = read;
  const compiled = path === undefined ? undefined : compilePath(path);
  if (compiled?.ok === false) return compiled;
  return check(({ text }) => {
    const found = compiled === undefined ? lastNumber(text) : numberOf(compiled.select(text));
    if (found === undefined) return holds(false, `there is no number in ${quote(text)}`);
    // 0.1 + 0.2 is as good as 0.3.
    const slack = Number.EPSILON * 4 * Math.max(Math.abs(found), Math.abs(wanted));
    return holds(Math.abs(found - wanted) <= allowed + slack, `${found} must be ${wanted} within ${allowed}`);
  });
}

interface Numeric {
  readonly wanted: number;
  readonly allowed: number;
  readonly path: unknown;
}

const NUMERIC_FIELDS = ['value', 'tolerance', 'relativeTolerance', 'path'];

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The sentence says what is wrong. */
function readNumeric({ value, threshold }: SingleAssertion): Numeric | string {
  const given: Readonly<Record<string, unknown>> = isMapping(value) ? value : { value };
  const other = Object.keys(given).find((key) => !NUMERIC_FIELDS.includes(key));
  if (other !== undefined) return `takes ${NUMERIC_FIELDS.join(', ')}, not "${other.slice(0, 60)}"`;
  const written = given['value'];
  const wanted = typeof written === 'string' && written.trim() !== '' ? Number(written) : written;
  if (typeof wanted !== 'number' || !Number.isFinite(wanted)) return 'needs a number as its value';
  if (given['tolerance'] !== undefined && threshold !== undefined)
    return 'has a tolerance and a threshold: leave one';
  const tolerance = given['tolerance'] ?? threshold ?? 0;
  const relative = given['relativeTolerance'] ?? 0;
  if (!isTolerance(tolerance) || !isTolerance(relative)) return 'needs tolerances that are numbers from 0';
  return { wanted, allowed: Math.max(tolerance, relative * Math.abs(wanted)), path: given['path'] };
}

function isTolerance(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

function lastNumber(text: string): number | undefined {
  const whole = text.trim();
  if (whole.length <= 100 && whole !== '' && Number.isFinite(Number(whole))) return Number(whole);
  const last = [...text.slice(-COMPARED_MAXIMUM_CHARACTERS).matchAll(NUMBERS)].at(-1)?.[0];
  return last === undefined ? undefined : Number(last.replaceAll(',', ''));
}

function numberOf(found: readonly unknown[] | string): number | undefined {
  const [first] = typeof found === 'string' ? [] : found;
  if (typeof first === 'number') return first;
  return typeof first === 'string' && first.trim() !== '' && Number.isFinite(Number(first))
    ? Number(first)
    : undefined;
}

function check(of: Check): CompiledCheck {
  return { ok: true, check: of };
}
