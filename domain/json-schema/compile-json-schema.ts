/**
 * JSON Schemas written by users (the variables of a prompt, the output of an Agent, the parameters of a tool), compiled
 * to a check of values. Draft 2020-12, and the older spellings of draft 6 to 2019-09. Strict: a keyword or format that
 * is not known is an error, so that a mistyped "requried" is never a schema that lets everything through.
 *
 * Whoever writes the schema or the value need not be a friend: compiling and checking end in bounded time and memory,
 * whatever they are given.
 */
import { ARRAY_KEYWORDS, UNEVALUATED_ITEMS } from './array-keywords.ts';
import { COMBINING_KEYWORDS } from './combining-keywords.ts';
import { Evaluation, EvaluationLimit, type Place, type Problem, type SchemaNode } from './evaluation.ts';
import { checkInPlaceSchemas } from './in-place-schemas.ts';
import { KeywordContext, type KeywordFactory, SchemaPatterns } from './keyword-context.ts';
import { OBJECT_KEYWORDS, UNEVALUATED_PROPERTIES } from './object-keywords.ts';
import { type JsonSchema, type LocatedSchema, SchemaDocument, SchemaRefusal } from './schema-document.ts';
import { VALUE_KEYWORDS } from './value-keywords.ts';

export type { JsonSchema } from './schema-document.ts';

/** What does not fit, one short clause each; empty when the value fits. */
export type FindProblems = (value: unknown) => readonly string[];

export type CompiledJsonSchema =
  | { readonly ok: true; readonly findProblems: FindProblems }
  /** One clause: where in the schema, what, and how to mend it. */
  | { readonly ok: false; readonly message: string };

export const SCHEMA_MAXIMUM_CHARACTERS = 65_536;
export const SCHEMA_MAXIMUM_DEPTH = 64;
export const VALUE_MAXIMUM_DEPTH = 128;
/** Members and items, at all levels together. */
export const VALUE_MEMBERS_MAXIMUM = 200_000;
export const PROBLEMS_MAXIMUM = 10;
const PROBLEM_MAXIMUM_CHARACTERS = 300;
/** It becomes part of a condition, and paths in a schema are as long as its author's names. */
const REFUSAL_MAXIMUM_CHARACTERS = 600;

export function compileJsonSchema(schema: JsonSchema): CompiledJsonSchema {
  try {
    const root = compileRoot(copyWithinBounds(schema));
    return { ok: true, findProblems: (value) => findProblems(root, value) };
  } catch (error) {
    if (error instanceof SchemaRefusal) return { ok: false, message: shorten(error.message) };
    throw error;
  }
}

function shorten(message: string): string {
  if (message.length <= REFUSAL_MAXIMUM_CHARACTERS) return message;
  return `${message.slice(0, REFUSAL_MAXIMUM_CHARACTERS)}...`;
}

/** As JSON: later changes of the caller's object change nothing, and no part stands in two places. */
function copyWithinBounds(schema: JsonSchema): JsonSchema {
  const excess = findExcess(schema, SCHEMA_MAXIMUM_DEPTH, SCHEMA_MAXIMUM_CHARACTERS);
  if (excess !== undefined) throw new SchemaRefusal(`the schema ${excess}`);
  const text = JSON.stringify(schema);
  if (text.length > SCHEMA_MAXIMUM_CHARACTERS) {
    throw new SchemaRefusal(`the schema is longer than ${SCHEMA_MAXIMUM_CHARACTERS} characters`);
  }
  return JSON.parse(text) as JsonSchema;
}

/** Cheap checks before dear ones; what is left unevaluated is known last. */
const KEYWORDS: readonly (readonly [string, KeywordFactory])[] = Object.entries({
  ...VALUE_KEYWORDS,
  ...OBJECT_KEYWORDS,
  ...ARRAY_KEYWORDS,
  ...COMBINING_KEYWORDS,
});
const LAST_KEYWORDS = Object.entries({ ...UNEVALUATED_PROPERTIES, ...UNEVALUATED_ITEMS });

function compileRoot(schema: JsonSchema): SchemaNode {
  const document = new SchemaDocument(schema);
  const patterns = new SchemaPatterns();
  for (const located of document.schemas) compileNode(located, document, patterns);
  checkInPlaceSchemas(document.schemas);
  return document.at('#');
}

function compileNode(located: LocatedSchema, document: SchemaDocument, patterns: SchemaPatterns): void {
  const { schema, node } = located;
  if (typeof schema === 'boolean') {
    if (!schema) node.keywords = [(_value, place, evaluation) => evaluation.report(place, 'is not allowed')];
    return;
  }
  const compile = (factories: readonly (readonly [string, KeywordFactory])[]): SchemaNode['keywords'] =>
    factories.flatMap(([name, factory]) => {
      if (!Object.hasOwn(schema, name)) return [];
      return factory(new KeywordContext(name, schema, located, document, patterns)) ?? [];
    });
  if (document.refsStandAlone && Object.hasOwn(schema, '$ref')) {
    node.keywords = compile(KEYWORDS.filter(([name]) => name === '$ref'));
    return;
  }
  const last = compile(LAST_KEYWORDS);
  node.hasUnevaluated = last.length > 0;
  // Unevaluated is what the other keywords left: after a problem of theirs it would be a second sentence on it.
  const guarded = last.map(
    (keyword): SchemaNode['keywords'][number] =>
      (value, place, evaluation, seen) =>
        seen?.failed === true || keyword(value, place, evaluation, seen),
  );
  const keywords = [...compile(KEYWORDS), ...guarded];
  node.keywords = isNullableWhole(schema)
    ? keywords.map(
        (keyword) =>
          (value, ...rest) =>
            value === null || keyword(value, ...rest),
      )
    : keywords;
}

/** As OpenAPI 3.0 writes an optional reference: `nullable` beside `allOf` and no `type` that it could widen. */
export function isNullableWhole(schema: JsonSchema): boolean {
  return schema['nullable'] === true && !Object.hasOwn(schema, 'type');
}

function findProblems(root: SchemaNode, value: unknown): readonly string[] {
  const excess = findExcess(value, VALUE_MAXIMUM_DEPTH, VALUE_MEMBERS_MAXIMUM);
  if (excess !== undefined) return [`the value ${excess}`];
  try {
    if (new Evaluation().fits(root, value, undefined)) return [];
  } catch (error) {
    if (!(error instanceof EvaluationLimit)) throw error;
    return [`the value cannot be checked, because ${error.message}: make it smaller or its schema simpler`];
  }
  return explain(root, value);
}

/** The value does not fit. With a purse of its own: telling why must not cost the verdict. */
function explain(root: SchemaNode, value: unknown): readonly string[] {
  const evaluation = new Evaluation();
  let problems: readonly Problem[] = [];
  try {
    problems = evaluation.problemsOf(() => evaluation.fits(root, value, undefined), PROBLEMS_MAXIMUM + 1);
  } catch (error) {
    if (!(error instanceof EvaluationLimit)) throw error;
  }
  const sentences = [...new Set(problems.map(describeProblem))];
  if (sentences.length === 0) return ['the value does not fit the schema'];
  if (problems.length <= PROBLEMS_MAXIMUM) return sentences;
  return [...sentences.slice(0, PROBLEMS_MAXIMUM), 'and there are more problems'];
}

function describeProblem({ place, clause }: Problem): string {
  const path = pathOf(place);
  return `${place === undefined ? 'the value' : `"${path}"`} ${clause}`.slice(0, PROBLEM_MAXIMUM_CHARACTERS);
}

const PATH_MAXIMUM_CHARACTERS = 150;

/** As people write paths: mail.subject. */
function pathOf(place: Place | undefined): string {
  const keys: string[] = [];
  for (let at = place; at !== undefined; at = at.parent) keys.unshift(String(at.key));
  const path = keys.join('.');
  return path.length > PATH_MAXIMUM_CHARACTERS ? `${path.slice(0, PATH_MAXIMUM_CHARACTERS)}...` : path;
}

/** Undefined within the bounds. Looks no further than they reach. */
function findExcess(given: unknown, depthMaximum: number, membersMaximum: number): string | undefined {
  let members = 0;
  const look = (value: unknown, depth: number): string | undefined => {
    if (typeof value !== 'object' || value === null) return undefined;
    if (depth >= depthMaximum) return `is nested deeper than ${depthMaximum} levels`;
    const children: readonly unknown[] = Object.values(value);
    members += children.length;
    if (members > membersMaximum) return `has more than ${membersMaximum} members and items`;
    for (const child of children) {
      const found = look(child, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return look(given, 0);
}
