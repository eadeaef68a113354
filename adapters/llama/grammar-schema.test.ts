import { describe, expect, it } from 'vitest';
import { ANY_OBJECT, toGrammarSchema } from './grammar-schema.ts';

function converted(schema: Record<string, unknown>): unknown {
  const result = toGrammarSchema(schema);
  return result.ok ? result.schema : result.problem;
}

const ANY = {
  oneOf: [
    { type: ['string', 'number', 'boolean', 'null'] },
    { type: 'object', additionalProperties: true },
    { type: 'array' },
  ],
};

describe('a schema for a grammar', () => {
  it.each<[string, Record<string, unknown>, unknown]>([
    [
      'keeps properties in their order, the optional ones too',
      { type: 'object', properties: { b: { type: 'string' }, a: { type: 'integer' } }, required: ['b'] },
      { type: 'object', properties: { b: { type: 'string' }, a: { type: 'integer' } } },
    ],
    [
      'writes a property that is required but not described',
      { type: 'object', required: ['x'] },
      { type: 'object', properties: { x: ANY } },
    ],
    [
      'allows any properties where none is described',
      { type: 'object' },
      { type: 'object', additionalProperties: true },
    ],
    [
      'allows no properties where that is said',
      { type: 'object', additionalProperties: false },
      { type: 'object' },
    ],
    [
      'takes a map of values',
      { additionalProperties: { type: 'boolean' }, minProperties: 1 },
      { type: 'object', additionalProperties: { type: 'boolean' }, minProperties: 1 },
    ],
    ['keeps enums of plain values', { enum: ['a', 1, null] }, { enum: ['a', 1, null] }],
    [
      'spells out enums of objects and lists',
      { enum: [{ a: 1 }, ['b']] },
      {
        oneOf: [
          { type: 'object', properties: { a: { const: 1 } } },
          { type: 'array', prefixItems: [{ const: 'b' }], maxItems: 1 },
        ],
      },
    ],
    [
      'splits a list of types',
      { type: ['object', 'null'], properties: { a: { type: 'null' } } },
      { oneOf: [{ type: 'object', properties: { a: { type: 'null' } } }, { type: 'null' }] },
    ],
    [
      'understands nullable',
      { type: 'string', nullable: true },
      { oneOf: [{ type: 'string' }, { type: 'null' }] },
    ],
    ['understands anyOf', { anyOf: [{ type: 'null' }, {}] }, { oneOf: [{ type: 'null' }, ANY] }],
    [
      'joins an allOf of objects',
      { allOf: [{ properties: { a: { type: 'null' } } }, { properties: { b: { type: 'null' } } }] },
      { type: 'object', properties: { a: { type: 'null' }, b: { type: 'null' } } },
    ],
    [
      'understands tuples of draft-07',
      { type: 'array', items: [{ type: 'null' }], additionalItems: false },
      { type: 'array', prefixItems: [{ type: 'null' }], maxItems: 1 },
    ],
    [
      'keeps lengths and known formats of strings',
      { type: 'array', items: { type: 'string', format: 'date' }, maxItems: 3 },
      { type: 'array', items: { type: 'string', format: 'date' }, maxItems: 3 },
    ],
    [
      'is wider where a grammar cannot say it: patterns, bounds of numbers, lengths beyond measure',
      {
        type: 'object',
        properties: {
          code: { pattern: '^[A-Z]+$', maxLength: 100_000 },
          age: { type: 'integer', minimum: 0, maximum: 150 },
        },
      },
      { type: 'object', properties: { code: { type: 'string' }, age: { type: 'integer' } } },
    ],
    [
      'follows references, recursion and draft-07 definitions included',
      {
        $ref: '#/definitions/node',
        definitions: {
          node: { properties: { next: { type: 'array', items: { $ref: '#/definitions/node' } } } },
        },
      },
      {
        oneOf: [{ $ref: '#/$defs/node' }],
        $defs: {
          node: { type: 'object', properties: { next: { type: 'array', items: { $ref: '#/$defs/node' } } } },
        },
      },
    ],
  ])('%s', (_, schema, expected) => {
    expect(converted(schema)).toEqual(expected);
  });

  it.each([
    [{ properties: { a: { $ref: 'other.json' } } }, /the schema at a refers to other\.json/],
    [{ $ref: '#/$defs/missing' }, /refers to #\/\$defs\/missing/],
    [{ enum: [] }, /empty enum/],
    [{ anyOf: [] }, /empty anyOf/],
    [{ properties: { a: false } }, /the schema at a must be an object/],
    [{ type: 'array', minItems: 1_000_000 }, /minItems above 1000/],
    [{ allOf: [{ enum: [1] }, { enum: [2] }] }, /allOf/],
  ])('says where a schema cannot be used: %j', (schema, sentence) => {
    expect(converted(schema)).toMatch(sentence);
  });

  it('refuses a schema that is nested too deep', () => {
    let schema: Record<string, unknown> = { type: 'null' };
    for (let depth = 0; depth < 100; depth += 1) schema = { type: 'array', items: schema };
    expect(converted(schema)).toMatch(/too deep/);
  });

  it('has a form for any object', () => {
    expect(ANY_OBJECT).toEqual({ type: 'object', additionalProperties: true });
  });
});
