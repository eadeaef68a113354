import { describe, expect, it } from 'vitest';
import { type JsonSchema, compileJsonSchema } from './compile-json-schema.ts';

function problemsOf(schema: JsonSchema, value: unknown): readonly string[] {
  const compiled = compileJsonSchema(schema);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.findProblems(value);
}

/** As programs write them, with what fits and what does not. */
const SCHEMAS: readonly [string, JsonSchema, readonly unknown[], readonly unknown[]][] = [
  [
    'Pydantic 2: a decimal, a tagged union, a UUID of version 4',
    {
      $defs: {
        Cat: {
          properties: { kind: { const: 'cat', title: 'Kind', type: 'string' } },
          required: ['kind'],
          title: 'Cat',
          type: 'object',
        },
        Dog: {
          properties: { kind: { const: 'dog', type: 'string' }, bark: { type: 'string' } },
          required: ['kind', 'bark'],
          type: 'object',
        },
      },
      properties: {
        pet: {
          discriminator: { mapping: { cat: '#/$defs/Cat', dog: '#/$defs/Dog' }, propertyName: 'kind' },
          oneOf: [{ $ref: '#/$defs/Cat' }, { $ref: '#/$defs/Dog' }],
        },
        price: {
          anyOf: [{ type: 'number' }, { pattern: '^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$', type: 'string' }],
        },
        ids: { items: { format: 'uuid4', type: 'string' }, type: 'array', uniqueItems: true },
        file: { format: 'path', type: 'string' },
      },
      required: ['pet', 'price'],
      type: 'object',
    },
    [
      { pet: { kind: 'cat' }, price: '1.50', ids: ['123e4567-e89b-42d3-a456-426614174000'], file: '/a' },
      { pet: { kind: 'dog', bark: 'w' }, price: 1 },
    ],
    [
      { pet: { kind: 'cow' }, price: 1 },
      { pet: { kind: 'cat' }, price: '-.' },
      { pet: { kind: 'cat' }, price: 1, ids: ['no'] },
    ],
  ],
  [
    'Pydantic 1: an enumeration by allOf with a default, a time delta',
    {
      type: 'object',
      properties: {
        colour: { title: 'Colour', allOf: [{ $ref: '#/definitions/Colour' }], default: 'red' },
        every: { type: 'number', format: 'time-delta' },
        host: { type: 'string', format: 'ipvanyaddress' },
      },
      definitions: { Colour: { enum: ['red', 'blue'], type: 'string' } },
    },
    [{ colour: 'blue', every: 2.5, host: '::1' }],
    [{ colour: 'green' }, { host: 'x' }],
  ],
  [
    'OpenAPI 3.0: an optional reference and a bound that is excluded',
    {
      type: 'object',
      properties: {
        owner: { nullable: true, allOf: [{ $ref: '#/definitions/Owner' }] },
        anything: { nullable: true },
        price: { type: 'number', minimum: 0, exclusiveMinimum: true },
        share: { type: 'number', maximum: 1, exclusiveMaximum: false },
      },
      definitions: { Owner: { type: 'object', required: ['name'] } },
    },
    [{ owner: null, anything: 3, price: 0.01, share: 1 }, { owner: { name: 'a' } }],
    [{ owner: {} }, { price: 0 }, { share: 1.1 }, { owner: 'x' }],
  ],
  [
    'NJsonSchema: draft 4',
    {
      $schema: 'http://json-schema.org/draft-04/schema#',
      type: 'object',
      additionalProperties: false,
      properties: { child: { oneOf: [{ type: 'null' }, { $ref: '#/definitions/Child' }] } },
      definitions: { Child: { type: 'object', properties: { age: { type: 'integer', format: 'int32' } } } },
    },
    [{ child: null }, { child: { age: 3 } }],
    [{ child: { age: 2 ** 31 } }, { other: 1 }],
  ],
  [
    "Rust's schemars: numbers with their width",
    {
      type: 'object',
      properties: {
        port: { type: 'integer', format: 'uint16', minimum: 0 },
        size: { type: ['integer', 'null'], format: 'uint64', minimum: 0 },
      },
    },
    [{ port: 65_535, size: null }],
    [{ port: 65_536 }, { size: 0.5 }],
  ],
  [
    'zod: texts with the name of their kind beside the pattern',
    {
      type: 'object',
      properties: {
        id: { type: 'string', format: 'nanoid', pattern: '^[a-zA-Z0-9_-]{21}$' },
        net: { type: 'string', format: 'cidrv4', pattern: '^[0-9.]+\\/[0-9]+$' },
        token: { type: 'string', format: 'base64url', pattern: '^[A-Za-z0-9_-]*$' },
      },
    },
    [{ id: 'V1StGXR8_Z5jdHi6B-myT', net: '10.0.0.0/8', token: 'YQ' }],
    [{ id: 'x' }, { token: '*' }],
  ],
  ['zod: a tuple of nothing', { type: 'array', prefixItems: [], items: false }, [[]], [[1]]],
  [
    'Gemini and editors: annotations of their own',
    {
      type: 'object',
      properties: { a: { enum: ['x'], enumDescriptions: ['the letter'], markdownDescription: '_x_' } },
      propertyOrdering: ['a'],
    },
    [{ a: 'x' }],
    [{ a: 'y' }],
  ],
];

describe('a schema as a program writes it', () => {
  it.each(SCHEMAS)('is taken and judged right: %s', (_, schema, fitting, unfit) => {
    for (const value of fitting) expect([value, problemsOf(schema, value)]).toEqual([value, []]);
    for (const value of unfit) expect([value, problemsOf(schema, value).length]).not.toEqual([value, 0]);
  });
});

describe('a slip in a schema', () => {
  it('in the name of a format is told with names that are alike, not with all', () => {
    const compiled = compileJsonSchema({ format: 'datetime' });
    expect(compiled.ok ? '' : compiled.message).toMatch(
      /^"format" in # must be the name of a known format, such as .*date-time/,
    );
  });

  it('of a bound that is excluded where there is none is told', () => {
    const compiled = compileJsonSchema({ type: 'number', exclusiveMinimum: true });
    expect(compiled.ok ? '' : compiled.message).toBe('"exclusiveMinimum" in # must be beside "minimum"');
  });
});
