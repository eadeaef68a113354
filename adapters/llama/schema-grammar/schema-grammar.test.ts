import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Llama } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { createLogger } from '#telemetry/logger.ts';
import { loadLlamaLibrary } from '../llama-library.ts';
import { CHECKED_AFTERWARDS, type CheckedKeyword } from './checked-afterwards.ts';
import { FORMAT_PATTERNS } from './formats.ts';
import { readGrammar } from './grammar-acceptance.ts';
import type { SchemaObject } from './schema-document.ts';
import { type SchemaGrammar, grammarOfSchema } from './schema-grammar.ts';

let llama: Llama;

beforeAll(async () => {
  llama = await loadLlamaLibrary(1, createLogger('local-model', 'silent'));
});

afterAll(async () => {
  await llama?.dispose();
});

function grammarOf(schema: SchemaObject): SchemaGrammar {
  const result = grammarOfSchema(schema);
  if (!result.ok) throw new Error(result.problem);
  return result.grammar;
}

function problemOf(schema: SchemaObject): string {
  const result = grammarOfSchema(schema);
  return result.ok ? 'accepted' : result.problem;
}

/** Of some texts, those that the grammar writes. */
function written(schema: SchemaObject, texts: readonly string[]): readonly string[] {
  return texts.filter(readGrammar(llama, grammarOf(schema)));
}

function randomSentences({ sentences }: SchemaGrammar, count: number): readonly string[] {
  let state = 11;
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return Array.from({ length: count }, () => sentences.random(random));
}

describe('a grammar of a schema', () => {
  it.each<[string, SchemaObject, readonly string[], readonly string[]]>([
    [
      'keeps what stands beside $ref',
      { $ref: '#/$defs/name', maxLength: 2, $defs: { name: { type: 'string', minLength: 1 } } },
      ['"a"', '"ab"'],
      ['""', '"abc"'],
    ],
    [
      'keeps what stands beside enum and const',
      { enum: ['a', 'bb', 3, null], type: 'string', allOf: [{ maxLength: 1 }] },
      ['"a"'],
      ['"bb"', '3', 'null'],
    ],
    [
      'keeps what stands beside anyOf',
      {
        type: 'object',
        properties: { a: { type: 'integer' }, b: { type: 'integer' } },
        anyOf: [{ required: ['a'] }, { required: ['b'] }],
      },
      ['{"a": 1}', '{"b": 1}', '{"a": 1, "b": 2}'],
      ['{}', '{"a": "x"}'],
    ],
    [
      'keeps what looks ahead at the beginning of a pattern',
      { type: 'string', pattern: '^(?=.*\\d)(?!.*x)[a-z\\d]{2,4}$' },
      ['"a1"', '"1bc"'],
      ['"ab"', '"x1"', '"1"'],
    ],
    [
      'keeps the bounds that OpenAPI 3.0 excludes by true',
      { type: 'integer', minimum: 0, exclusiveMinimum: true, maximum: 2, exclusiveMaximum: false },
      ['1', '2'],
      ['0', '3'],
    ],
    [
      'writes null where OpenAPI 3.0 allows it beside a reference',
      { nullable: true, allOf: [{ $ref: '#/$defs/a' }], $defs: { a: { type: 'string', maxLength: 1 } } },
      ['null', '"a"'],
      ['"ab"', '1'],
    ],
    [
      'keeps the width of whole numbers',
      { type: 'integer', format: 'uint8' },
      ['0', '255'],
      ['256', '-1', '1.5'],
    ],
    [
      'does not take what const or enum name as looked at',
      {
        enum: [{ a: 1 }, { a: 'x' }, ['x'], [1]],
        unevaluatedProperties: { type: 'string' },
        unevaluatedItems: false,
      },
      ['{"a": "x"}'],
      ['{"a": 1}', '["x"]'],
    ],
    [
      'does not take what a dependency says of objects as looked at in a list',
      {
        type: 'array',
        dependentSchemas: { b: { prefixItems: [true] } },
        unevaluatedItems: { type: 'null' },
      },
      ['[]', '[null, null]'],
      ['[1]'],
    ],
    [
      'keeps the "one" in oneOf',
      {
        oneOf: [
          { type: 'integer', minimum: 2 },
          { type: 'number', maximum: 3 },
        ],
      },
      ['4', '1', '2.5', '-7'],
      ['2', '3', '3.5'],
    ],
    [
      'merges an allOf with a description and definitions, as Pydantic and OpenAPI 3.0 write references',
      {
        type: 'object',
        properties: { colour: { allOf: [{ $ref: '#/definitions/Colour' }], description: 'Of the car.' } },
        required: ['colour'],
        definitions: { Colour: { title: 'Colour', enum: ['red', 'blue'] } },
      },
      ['{"colour": "red"}'],
      ['{"colour": "green"}', '{}'],
    ],
    [
      'leaves optional properties out, so that a reference to itself can end',
      {
        type: 'object',
        properties: { value: { type: 'integer' }, next: { $ref: '#' } },
        required: ['value'],
        additionalProperties: false,
      },
      ['{"value": 1}', '{"value": 1, "next": {"value": 2}}'],
      ['{"next": {"value": 2}}', '{"value": 1, "next": {}}'],
    ],
    [
      'counts properties',
      {
        type: 'object',
        properties: { a: { type: 'null' }, b: { type: 'null' }, c: { type: 'null' } },
        minProperties: 1,
        maxProperties: 2,
      },
      ['{"a": null}', '{"c": null}', '{"a": null, "c": null}'],
      ['{}', '{"a": null, "b": null, "c": null}'],
    ],
    [
      'keeps dependencies',
      {
        type: 'object',
        properties: { card: { type: 'string' }, address: { type: 'string' } },
        dependentRequired: { card: ['address'] },
      },
      ['{}', '{"address": "x"}', '{"card": "1", "address": "x"}'],
      ['{"card": "1"}'],
    ],
    [
      'keeps conditions',
      {
        type: 'object',
        properties: { kind: { enum: ['a', 'b'] }, size: { type: 'integer' } },
        required: ['kind'],
        if: { properties: { kind: { const: 'a' } } },
        // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema.
        then: { required: ['size'] },
      },
      ['{"kind": "a", "size": 1}', '{"kind": "b"}'],
      ['{"kind": "a"}'],
    ],
    [
      'keeps bounds of numbers',
      { type: 'number', exclusiveMinimum: 0, maximum: 10.5, multipleOf: 0.5 },
      ['0.5', '10', '10.5', '3'],
      ['0', '0.25', '11', '-1'],
    ],
    [
      'writes multiples of hundredths with two places',
      { type: 'number', multipleOf: 0.01, minimum: 0 },
      ['19.99', '0', '7.5'],
      ['0.001', '-0.01'],
    ],
    [
      'keeps patterns, joined with lengths and each other',
      { type: 'string', pattern: '^[a-z]+$', maxLength: 3, allOf: [{ pattern: 'x' }] },
      ['"x"', '"axb"'],
      ['"abc"', '"axbc"', '"X"'],
    ],
    [
      'keeps what must not be',
      { type: 'string', not: { enum: ['admin', 'root'] } },
      ['"user"', '"adm"', '"admins"'],
      ['"admin"', '"root"'],
    ],
    [
      'describes free names by their pattern, and keeps declared ones out of them',
      {
        type: 'object',
        properties: { id: { type: 'integer' } },
        patternProperties: { '^x-': { type: 'string' } },
        additionalProperties: { type: 'boolean' },
      },
      ['{"id": 1, "x-a": "b"}', '{"id": 1, "other": true}', '{"x-a": "b"}'],
      ['{"id": true}', '{"x-a": true}', '{"other": "b"}'],
    ],
    [
      'keeps contains and how many',
      {
        type: 'array',
        items: { type: ['integer', 'string'] },
        contains: { type: 'string' },
        minContains: 1,
        maxContains: 2,
      },
      ['["a"]', '[1, "a", "b"]'],
      ['[]', '[1]', '["a", "b", "c"]'],
    ],
    [
      'keeps tuples, of draft-07 too',
      {
        type: 'array',
        items: [{ type: 'integer' }, { type: 'string' }],
        additionalItems: false,
        minItems: 1,
      },
      ['[1]', '[1, "a"]'],
      ['[]', '["a"]', '[1, "a", 2]'],
    ],
    [
      'adds null to the type only for nullable, not to its enum',
      { type: 'string', nullable: true, enum: ['a', 'b'] },
      ['"a"'],
      ['null'],
    ],
    [
      'keeps unevaluatedProperties over the parts of an allOf',
      {
        allOf: [{ type: 'object', properties: { a: { type: 'null' } }, required: ['a'] }],
        properties: { b: { type: 'null' } },
        unevaluatedProperties: false,
      },
      ['{"b": null, "a": null}'],
      ['{"a": null, "c": null}'],
    ],
    [
      'does not take a const for having looked at the items',
      { anyOf: [{ const: [1] }, { const: [] }], unevaluatedItems: false },
      ['[]'],
      ['[1]'],
    ],
    [
      'asks what depends on a property of objects alone',
      { type: 'array', dependentSchemas: { a: { items: { type: 'null' } } }, unevaluatedItems: false },
      ['[]'],
      ['[null]'],
    ],
    [
      'follows pointers and the names of embedded schemas',
      {
        $id: 'https://example.com/root',
        type: 'array',
        items: { anyOf: [{ $ref: '#/$defs/a%7E1b' }, { $ref: 'number' }] },
        $defs: { 'a/b': { type: 'string' }, b: { $id: 'number', type: 'integer' } },
      },
      ['["a", 1]'],
      ['[null]'],
    ],
  ])('%s', (_, schema, fitting, others) => {
    expect(grammarOf(schema).checkedAfterwards.filter((keyword) => keyword !== 'multipleOf')).toEqual([]);
    expect(written(schema, [...fitting, ...others])).toEqual(fitting);
  });

  it('writes keys and values with control characters as JSON', () => {
    const name = 'a"b\\c\n\u0000\u007f\u2028é😀';
    const schema = {
      type: 'object',
      properties: { [name]: { const: `${name}x` } },
      required: [name],
    };
    expect(JSON.parse(grammarOf(schema).sentences.shortest())).toEqual({ [name]: `${name}x` });
    const anything = grammarOf({ type: 'object' });
    const accepts = readGrammar(llama, anything);
    expect(accepts(`{${JSON.stringify(name)}: ${JSON.stringify(name)}}`)).toBe(true);
    for (const text of ['{"\n": 1}', '{"\\x": 1}', '{"\\u0041": 1}', '{"a: 1}'])
      expect(accepts(text)).toBe(false);
  });

  it('means objects where a schema without a type speaks of properties', () => {
    expect(written({ properties: { a: { type: 'null' } } }, ['{}', '{"a": null}', '1', '[]'])).toEqual([
      '{}',
      '{"a": null}',
    ]);
  });

  it('takes own properties alone for required ones', () => {
    expect(grammarOf({ type: 'object', required: ['constructor'] }).sentences.shortest()).toMatch(
      /^\{"constructor": /,
    );
  });
});

describe('a schema is refused, with the keyword and the reason, when', () => {
  const deep = (levels: number): SchemaObject =>
    levels === 0 ? { type: 'null' } : { type: 'array', items: deep(levels - 1) };
  const chain = (length: number): SchemaObject => ({
    $ref: '#/$defs/s0',
    $defs: Object.fromEntries(
      Array.from({ length }, (_, index) => [
        `s${index}`,
        index === length - 1
          ? { type: 'string' }
          : { anyOf: [{ $ref: `#/$defs/s${index + 1}` }, { $ref: `#/$defs/s${index + 1}` }] },
      ]),
    ),
  });
  const nestedLists = { type: 'array', minItems: 1000, items: { type: 'array', minItems: 1000 } };

  it.each<[string, SchemaObject, RegExp]>([
    ['nothing can fit', { type: 'string', allOf: [{ type: 'null' }] }, /no answer can fit/],
    [
      'an answer could never end',
      { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] },
      /no answer can fit/,
    ],
    ['it is empty behind a check', { enum: ['a'], uniqueItems: true, minLength: 2 }, /no answer can fit/],
    [
      'the check never passes',
      { type: 'integer', multipleOf: 7, minimum: 1, not: { multipleOf: 7 } },
      /no answer was found that fits \(multipleOf, not\)/,
    ],
    ['it refers to itself at the same place', { anyOf: [{ $ref: '#' }, { type: 'null' }] }, /itself/],
    ['it refers elsewhere', { $ref: 'https://example.com/other' }, /other/],
    ['a pattern looks ahead', { type: 'string', pattern: 'a(?=.*\\d).+$' }, /pattern .* lookahead/],
    [
      'an object has thousands of properties',
      { properties: Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [index, {}])) },
      /more than 1000 properties/,
    ],
    [
      'an object needs thousands of properties',
      { required: Array.from({ length: 5000 }, (_, index) => `k${index}`) },
      /more than 1000 properties/,
    ],
    [
      'oneOf has thousands of branches',
      { oneOf: Array.from({ length: 2000 }, (_, index) => ({ const: index })) },
      /too many alternatives/,
    ],
    ['a pattern is not regular', { type: 'string', pattern: '^(a+)b\\1$' }, /pattern .* refers back/],
    ['a pattern multiplies', { type: 'string', pattern: '((x{0,100}){0,100}){0,100}' }, /pattern .* repeats/],
    [
      'a pattern needs too many states',
      { type: 'string', pattern: '(a|b)*a(a|b){20}' },
      /pattern .* is too large/,
    ],
    ['a string must be too long', { type: 'string', minLength: 5000 }, /minLength is above 1000/],
    ['a list must be too long', { type: 'array', minItems: 10_000 }, /minItems is above 1000/],
    ['lists in lists must be too long', nestedLists, /shortest answer has \d+ characters/],
    ['anyOf and $ref double again and again', chain(11), /too many alternatives/],
    ['it is nested too deep', deep(100), /deeper|deep/],
  ])('%s', (_, schema, sentence) => {
    expect(problemOf(schema)).toMatch(sentence);
  });
});

describe('a keyword that a grammar keeps only in part', () => {
  const examples: Readonly<Record<CheckedKeyword, SchemaObject>> = {
    contains: { type: 'array', allOf: [{ contains: { type: 'null' } }, { contains: { type: 'string' } }] },
    format: { type: 'string', format: 'regex' },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema.
    if: { type: 'object', if: { propertyNames: { maxLength: 3 } }, then: { maxProperties: 1 } },
    maxItems: { type: 'array', maxItems: 100_000 },
    maxLength: { type: 'string', maxLength: 100_000 },
    maxProperties: { type: 'object', maxProperties: 100_000 },
    minProperties: { type: 'object', minProperties: 2 },
    multipleOf: { type: 'integer', multipleOf: 7 },
    not: { type: 'integer', not: { multipleOf: 2 } },
    oneOf: {
      type: 'object',
      oneOf: Array.from({ length: 20 }, (_, index) => ({
        properties: { [`p${index}`]: { type: 'null' } },
        required: [`p${index}`],
      })),
    },
    uniqueItems: { type: 'array', uniqueItems: true },
  };

  it.each(Object.entries(examples))('is named: %s', (keyword, schema) => {
    expect(grammarOf(schema).checkedAfterwards).toEqual([keyword]);
  });

  it('is described in the reference, with the same words', () => {
    const page = readFileSync(
      join(import.meta.dirname, '../../../docs/reference/local-model-schemas.md'),
      'utf8',
    );
    const rows = [...page.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, keyword, when]) => [keyword, when]);
    expect(rows).toEqual(Object.entries(CHECKED_AFTERWARDS));
    for (const format of Object.keys(FORMAT_PATTERNS)) expect(page).toContain(`\`${format}\``);
  });

  it('does not count where no answer can go', () => {
    const schema = {
      anyOf: [{ type: 'null' }, { allOf: [{ type: 'string' }, { type: 'array', uniqueItems: true }] }],
    };
    expect(grammarOf(schema).checkedAfterwards).toEqual([]);
  });
});

describe('a format that a grammar keeps', () => {
  it.each(Object.keys(FORMAT_PATTERNS))('is written right: %s', (format) => {
    const schema = { type: 'string', format };
    const compiled = compileJsonSchema(schema);
    // A format that the output check does not know never comes to a grammar.
    if (!compiled.ok) return;
    const grammar = grammarOf(schema);
    expect(grammar.checkedAfterwards).toEqual([]);
    const wrong = randomSentences(grammar, 60).filter(
      (sentence) => compiled.findProblems(JSON.parse(sentence)).length > 0,
    );
    expect(wrong).toEqual([]);
  });

  it('knows the days of the months and leap years', () => {
    const dates = ['2024-02-29', '2000-02-29', '2023-12-31'];
    const others = ['2023-02-29', '1900-02-29', '2023-04-31', '2023-13-01', '2023-1-1'];
    const quoted = [...dates, ...others].map((date) => `"${date}"`);
    expect(written({ type: 'string', format: 'date' }, quoted)).toEqual(dates.map((date) => `"${date}"`));
  });
});
