/** The grammars held against the official JSON-Schema-Test-Suite, read by llama.cpp's own engine. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Llama } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLlamaLibrary } from '#adapters/llama/llama-library.ts';
import { type AcceptsText, readGrammar } from '#adapters/llama/schema-grammar/grammar-acceptance.ts';
import type { SchemaObject } from '#adapters/llama/schema-grammar/schema-document.ts';
import { type SchemaGrammar, grammarOfSchema } from '#adapters/llama/schema-grammar/schema-grammar.ts';
import { typeOfValue } from '#adapters/llama/schema-grammar/value-types.ts';
import { type FindProblems, compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { createLogger } from '#telemetry/logger.ts';

const SUITE = join(import.meta.dirname, 'json-schema-test-suite');
const FOLDERS = ['draft2020-12', 'draft2020-12/optional/format', 'draft7'];
const DRAFT_7 = { $schema: 'http://json-schema.org/draft-07/schema#' };
const SENTENCES_OF_EACH = 20;
const WRITINGS_MAXIMUM = 800;

interface Group {
  readonly description: string;
  readonly schema: SchemaObject | boolean;
  readonly tests: readonly {
    readonly description: string;
    readonly data: unknown;
    readonly valid: boolean;
  }[];
}

interface Accepted {
  readonly name: string;
  readonly schema: SchemaObject;
  readonly tests: Group['tests'];
  readonly grammar: SchemaGrammar;
  readonly accepts: AcceptsText;
}

let llama: Llama;
const accepted: Accepted[] = [];

const refused: string[] = [];

beforeAll(async () => {
  llama = await loadLlamaLibrary(1, createLogger('local-model', 'silent'));
  for (const [draft, file] of FOLDERS.flatMap(filesIn)) {
    for (const group of JSON.parse(readFileSync(join(SUITE, draft, file), 'utf8')) as readonly Group[]) {
      const { tests, description } = group;
      const name = `${draft}/${file}: ${description}`;
      if (typeof group.schema === 'boolean') continue;
      const schema = { ...(draft.startsWith('draft7') ? DRAFT_7 : {}), ...group.schema };
      const result = grammarOfSchema(schema);
      if (!result.ok) {
        refused.push(`${name}: ${result.problem}`);
        continue;
      }
      const { grammar } = result;
      accepted.push({ name, schema, tests, grammar, accepts: readGrammar(llama, grammar) });
    }
  }
}, 60_000);

afterAll(async () => {
  await llama?.dispose();
});

describe('of the official suite', () => {
  it('nearly every schema is accepted, and the others are refused for a reason', () => {
    expect({ accepted: accepted.length, refused: refused.length }).toEqual({ accepted: 572, refused: 68 });
    for (const problem of refused) expect(problem).toMatch(/: \S.{10,}$/);
  });

  it('no invalid instance can be written, unless the keyword is named as checked afterwards', () => {
    const wider = accepted.flatMap(({ name, tests, grammar, accepts }) =>
      tests
        .filter(
          ({ valid, data }) => !valid && grammar.checkedAfterwards.length === 0 && isWritable(data, accepts),
        )
        .map((test) => `${name}: ${test.description}`),
    );
    expect(wider).toEqual([]);
  });

  it('every schema that is accepted has an answer, which fits', () => {
    const without = checkable().filter(
      ({ grammar: { sentences, checkedAfterwards }, accepts, findProblems }) => {
        const random = repeatableNumbers();
        const tried = [sentences.shortest()];
        // What is checked afterwards may miss a few times.
        if (checkedAfterwards.length > 0) {
          tried.push(...Array.from({ length: SENTENCES_OF_EACH }, () => sentences.random(random)));
        }
        return !tried.some(
          (sentence) => accepts(sentence) && findProblems(JSON.parse(sentence)).length === 0,
        );
      },
    );
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  it('whatever a grammar writes fits its schema, unless a keyword is named as checked afterwards', () => {
    const wrong = checkable()
      .filter(({ grammar }) => grammar.checkedAfterwards.length === 0)
      .flatMap(({ name, grammar: { sentences }, findProblems }) => {
        const random = repeatableNumbers();
        return Array.from({ length: SENTENCES_OF_EACH }, () => sentences.random(random))
          .filter((sentence) => findProblems(JSON.parse(sentence)).length > 0)
          .map((sentence) => `${name}: ${sentence}`);
      });
    expect(wrong).toEqual([]);
  });

  it('a valid instance that cannot be written is of another type, has names that are not described, or a format', () => {
    const unexplained = accepted.flatMap((group) =>
      group.tests
        .filter(({ valid, data }) => valid && !isWritable(data, group.accepts))
        .map((test) => ({ name: `${group.name}: ${test.description}`, data: test.data }))
        .filter(({ name, data }) => !isNarrowedAsDocumented(name, data, group))
        .map(({ name }) => name),
    );
    expect(unexplained).toEqual([]);
  });
});

/** Those of which the output check gives the verdicts of the suite: only there it can be asked about more. */
function checkable(): readonly (Accepted & { readonly findProblems: FindProblems })[] {
  return accepted.flatMap((group) => {
    const compiled = compileJsonSchema(group.schema);
    if (!compiled.ok) return [];
    const { findProblems } = compiled;
    const agrees = group.tests.every(({ data, valid }) => (findProblems(data).length === 0) === valid);
    return agrees ? [{ ...group, findProblems }] : [];
  });
}

function filesIn(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(join(SUITE, folder))
    .filter((file) => file.endsWith('.json'))
    .map((file) => [folder, file] as const);
}

/** In any order of its properties. */
function isWritable(value: unknown, accepts: AcceptsText): boolean {
  let written = 0;
  for (const text of writingsOf(value)) {
    if (accepts(text)) return true;
    written += 1;
    if (written > WRITINGS_MAXIMUM) return false;
  }
  return false;
}

function* writingsOf(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    for (const items of joined(value.map((item) => () => writingsOf(item)))) yield `[${items}]`;
  } else if (typeof value === 'object' && value !== null) {
    for (const entries of ordersOf(Object.entries(value))) {
      const writings = entries.map(
        ([name, inner]) =>
          () =>
            prefixed(JSON.stringify(name), writingsOf(inner)),
      );
      for (const properties of joined(writings)) yield `{${properties}}`;
    }
  } else {
    yield JSON.stringify(value);
  }
}

function* prefixed(name: string, writings: Iterable<string>): Generator<string> {
  for (const writing of writings) yield `${name}: ${writing}`;
}

function* joined(parts: readonly (() => Iterable<string>)[]): Generator<string> {
  const [first, ...others] = parts;
  if (first === undefined) {
    yield '';
    return;
  }
  for (const writing of first()) {
    for (const rest of joined(others)) yield others.length === 0 ? writing : `${writing}, ${rest}`;
  }
}

function* ordersOf<T>(list: readonly T[]): Generator<readonly T[]> {
  if (list.length < 2) yield list;
  for (const [index, first] of list.length < 2 ? [] : list.entries()) {
    for (const others of ordersOf(list.toSpliced(index, 1))) yield [first, ...others];
  }
}

/** Narrowings that the other rules do not explain, each described in docs/reference/local-model-schemas.md. */
const NARROWED: ReadonlySet<string> = new Set([
  // A name that only another branch describes.
  'draft2020-12/anyOf.json: anyOf complex types: both anyOf valid (complex)',
  'draft2020-12/dependentSchemas.json: dependent subschema incompatible with root: matches dependency',
  'draft2020-12/dependentSchemas.json: single dependency: no dependency',
  'draft2020-12/unevaluatedProperties.json: unevaluatedProperties with anyOf: when two match and has no unevaluated properties',
  "draft2020-12/dynamicRef.json: A $dynamicRef that initially resolves to a schema without a matching $dynamicAnchor behaves like a normal $ref to $anchor: The recursive part doesn't need to validate against the root",
  'draft7/anyOf.json: anyOf complex types: both anyOf valid (complex)',
  'draft7/dependencies.json: dependent subschema incompatible with root: matches dependency',
  'draft7/dependencies.json: multiple dependencies subschema: no dependency',
  // A type that only keywords imply, further inside.
  'draft2020-12/ref.json: root pointer ref: match',
  'draft2020-12/ref.json: root pointer ref: recursive match',
  'draft7/ref.json: root pointer ref: match',
  'draft7/ref.json: root pointer ref: recursive match',
  // Items are not evaluated by contains.
  "draft2020-12/unevaluatedItems.json: unevaluatedItems and contains interact to control item dependency relationship: only a's are valid",
  "draft2020-12/unevaluatedItems.json: unevaluatedItems and contains interact to control item dependency relationship: a's and b's are valid",
  "draft2020-12/unevaluatedItems.json: unevaluatedItems and contains interact to control item dependency relationship: a's, b's and c's are valid",
  'draft2020-12/unevaluatedItems.json: unevaluatedItems depends on adjacent contains: second item is evaluated by contains',
]);

function isNarrowedAsDocumented(name: string, data: unknown, { schema, grammar }: Accepted): boolean {
  if (NARROWED.has(name) || JSON.stringify(schema).includes('"format"')) return true;
  const random = repeatableNumbers();
  const written = Array.from({ length: 40 }, () => grammar.sentences.random(random));
  if (!written.some((sentence) => typeOfValue(JSON.parse(sentence)) === typeOfValue(data))) return true;
  const declared = new Set(JSON.stringify(schema).match(/"[^"]*"(?=:)/g));
  return (
    typeOfValue(data) === 'object' &&
    Object.keys(data as object).some((key) => !declared.has(JSON.stringify(key)))
  );
}

function repeatableNumbers(): () => number {
  let state = 7;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
