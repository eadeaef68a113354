/** What becomes of JSON Schema on its way to Claude: the same values must fit, or the schema is not sent as one. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatRequest, JsonSchema } from '#domain/chat/chat-request.ts';
import { compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { ANTHROPIC_PROVIDER } from './provider.ts';

const MODEL = 'claude-sonnet-4-5';

function write(request: Partial<ChatRequest>, model = MODEL) {
  return ANTHROPIC_PROVIDER.writeChatRequest(
    { model: 'auto', messages: [{ role: 'user', content: 'hi' }], tools: [], sampling: {}, ...request },
    { endpoint: 'https://api.anthropic.com/v1', model },
  );
}

interface Sent {
  readonly system?: readonly unknown[];
  readonly output_config?: { readonly format?: { readonly schema?: JsonSchema } };
  readonly tools?: readonly { readonly input_schema: JsonSchema }[];
}

function sent(request: Partial<ChatRequest>, model = MODEL): Sent {
  const written = write(request, model);
  if (!written.ok) throw new Error(written.problem);
  return JSON.parse(written.value.body ?? '');
}

const withFormat = (schema: JsonSchema, isStrict?: boolean): Partial<ChatRequest> => ({
  format: { kind: 'jsonSchema', name: 'x', schema, ...(isStrict !== undefined && { isStrict }) },
});
const formatOf = (schema: JsonSchema): JsonSchema | undefined =>
  sent(withFormat(schema)).output_config?.format?.schema;
const inputSchemaOf = (parameters: JsonSchema): JsonSchema =>
  sent({ tools: [{ name: 'f', parameters }] }).tools?.[0]?.input_schema ?? {};
/** To compile a schema is dear, and each is asked about many values. */
const fitting = (schema: JsonSchema): ((value: unknown) => boolean) => {
  const compiled = compileJsonSchema(schema);
  if (!compiled.ok) throw new Error(compiled.message);
  return (value) => compiled.findProblems(value).length === 0;
};
const fits = (schema: JsonSchema, value: unknown): boolean => fitting(schema)(value);

const ONE_OF_TWO = {
  type: 'object',
  anyOf: [
    { type: 'object', properties: { content: { type: 'string' } }, required: ['content'] },
    { type: 'object', properties: { source_url: { type: 'string' } }, required: ['source_url'] },
  ],
};

describe('an answer format for Claude', () => {
  it('is said in the part of JSON Schema that Anthropic takes, with the bounds in the descriptions', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        score: { type: 'integer', minimum: 1, maximum: 5, description: 'How good.' },
        tags: { type: 'array', items: { type: 'string', maxLength: 9 }, maxItems: 3 },
        day: { type: 'string', format: 'date' },
        either: { oneOf: [{ type: 'string' }, { type: 'integer' }] },
        sole: { allOf: [{ $ref: '#/$defs/Place' }], description: 'Where.' },
      },
      required: ['score'],
      $defs: { Place: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
    };
    expect(formatOf(schema)).toEqual({
      type: 'object',
      properties: {
        score: { type: 'integer', description: 'How good.\n\n{minimum: 1, maximum: 5}' },
        tags: {
          type: 'array',
          items: { type: 'string', description: '{maxLength: 9}' },
          description: '{maxItems: 3}',
        },
        day: { type: 'string', format: 'date' },
        either: { anyOf: [{ type: 'string' }, { type: 'integer' }] },
        sole: { description: 'Where.', $ref: '#/$defs/Place' },
      },
      required: ['score'],
      additionalProperties: false,
      $defs: {
        Place: {
          type: 'object',
          properties: { city: { type: 'string' } },
          required: ['city'],
          additionalProperties: false,
        },
      },
    });
  });

  it.each<[string, JsonSchema, unknown]>([
    [
      'an object or null',
      { type: ['object', 'null'], properties: { a: { type: 'string' } }, required: ['a'] },
      {
        anyOf: [
          {
            type: 'object',
            properties: { a: { type: 'string' } },
            required: ['a'],
            additionalProperties: false,
          },
          { type: 'null' },
        ],
      },
    ],
    ['a text or null', { type: ['string', 'null'] }, { type: ['string', 'null'] }],
    [
      'a list or null',
      { type: ['array', 'null'], items: { type: 'integer' } },
      { anyOf: [{ type: 'array', items: { type: 'integer' } }, { type: 'null' }] },
    ],
    ['OpenAPI nullable', { type: 'integer', nullable: true }, { type: ['integer', 'null'] }],
    ['a nullable enumeration', { enum: ['a', 'b'], nullable: true }, { enum: ['a', 'b', null] }],
    ['a constant', { const: 7 }, { const: 7 }],
    [
      'an object without its type',
      { properties: { a: { type: 'null' } } },
      { type: 'object', properties: { a: { type: 'null' } }, additionalProperties: false },
    ],
  ])('keeps %s', (_what, property, expected) => {
    const schema = { type: 'object', properties: { p: property }, required: ['p'] };
    expect(formatOf(schema)).toMatchObject({ properties: { p: expected } });
  });

  it.each<[string, JsonSchema]>([
    ['a free-form object', { type: 'object' }],
    ['additional properties of any kind', { type: 'object', additionalProperties: true }],
    ['additional properties of one kind', { type: 'object', additionalProperties: { type: 'string' } }],
    [
      'additional properties beside named ones',
      { properties: { a: { type: 'null' } }, additionalProperties: true },
    ],
    ['properties by pattern', { type: 'object', patternProperties: { '^x': { type: 'string' } } }],
    ['an object or null with free keys', { type: ['object', 'null'] }],
    ['any value', {}],
    ['a list of anything', { type: 'array' }],
    ['a tuple', { type: 'array', prefixItems: [{ type: 'string' }] }],
    ['an enumeration of objects', { enum: [{ a: 1 }] }],
    ['a condition', { type: 'object', properties: { a: { type: 'null' } }, if: {}, else: {} }],
    ['a foreign reference', { $ref: 'https://example.org/schema.json' }],
    ['several schemas at once', { allOf: [{ type: 'object' }, { type: 'object' }] }],
  ])('of %s stays as open as it was: it is told in words, with or without being nested', (_what, open) => {
    for (const schema of [open, { type: 'object', properties: { m: open }, required: ['m'] }]) {
      const body = sent(withFormat(schema));
      expect(body).not.toHaveProperty('output_config');
      expect(body.system).toEqual([{ type: 'text', text: expect.stringContaining(JSON.stringify(schema)) }]);
      expect(write(withFormat(schema, true))).toMatchObject({
        ok: false,
        problem: expect.stringMatching(/^Anthropic cannot hold an answer to [^\n]{3,120}\.$/),
      });
    }
  });

  it('that contains itself is told in words, also behind another definition', () => {
    const tree = {
      type: 'object',
      properties: { root: { $ref: '#/$defs/Node' } },
      $defs: {
        Node: { type: 'object', properties: { next: { $ref: '#/$defs/Link' } } },
        Link: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/Node' }] },
      },
    };
    expect(sent(withFormat(tree))).not.toHaveProperty('output_config');
  });

  it('with more optional properties than Anthropic compiles is told in words', () => {
    const properties = (count: number): JsonSchema =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, { type: 'string' }]));
    expect(sent(withFormat({ type: 'object', properties: properties(24) }))).toHaveProperty('output_config');
    expect(sent(withFormat({ type: 'object', properties: properties(25) }))).not.toHaveProperty(
      'output_config',
    );
  });

  it('without a schema, and for families that hold none, is told in words', () => {
    expect(sent({ format: { kind: 'jsonObject' } }).system).toHaveLength(1);
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    expect(sent(withFormat(schema), 'claude-3-5-haiku-latest')).toMatchObject({
      system: [{ text: expect.stringContaining('"a"') }],
    });
  });

  it('allows no value that the schema of the caller forbids in shape, and some that it allows', () => {
    const leaf = fc.constantFrom<JsonSchema>(
      { type: 'string' },
      { type: ['integer', 'null'] },
      { enum: ['a', 1, null] },
      { const: true },
      { type: 'number', minimum: 0 },
    );
    const { schema: schemas } = fc.letrec<{ schema: JsonSchema }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 2 },
        leaf,
        fc.record({ type: fc.constant('array'), items: tie('schema') }),
        fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('schema'), { minKeys: 1 }).chain((properties) =>
          fc.record({
            type: fc.constantFrom('object', ['object', 'null']),
            properties: fc.constant(properties),
            required: fc.subarray(Object.keys(properties)),
          }),
        ),
      ),
    }));
    const values = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom({}, { a: 'a' }, null, [], 'a', 1, true),
    );
    fc.assert(
      fc.property(schemas, fc.array(values, { minLength: 5, maxLength: 20 }), (schema, candidates) => {
        const isInShape = fitting(withoutMinimum(schema));
        const isClosed = fitting(closed(schema));
        const isSent = fitting(formatOf(schema) ?? withoutMinimum(schema));
        // Objects are closed on the way: keys that the schema does not name are all that a value may lose.
        const lost = candidates.filter((value) => isInShape(value) && !isSent(value) && isClosed(value));
        const won = candidates.filter((value) => isSent(value) && !isInShape(value));
        expect({ lost, won }).toEqual({ lost: [], won: [] });
      }),
      { numRuns: 100 },
    );
  });
});

function withoutMinimum(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema, (key, value) => (key === 'minimum' ? undefined : value)));
}

function closed(schema: JsonSchema): JsonSchema {
  const text = JSON.stringify(withoutMinimum(schema), (_key, node) =>
    typeof node === 'object' && node !== null && 'properties' in node
      ? { ...node, additionalProperties: false }
      : node,
  );
  return JSON.parse(text);
}

describe('the parameters of a tool for Claude', () => {
  it('have no combination at the root and mean what they meant', () => {
    const schema = inputSchemaOf(ONE_OF_TWO);
    expect(schema).toMatchObject({
      type: 'object',
      properties: { content: expect.anything(), source_url: expect.anything() },
    });
    for (const keyword of ['anyOf', 'oneOf', 'allOf', '$ref']) expect(schema).not.toHaveProperty(keyword);
    for (const value of [{}, { content: 'x' }, { source_url: 'x' }, { content: 1 }, { a: 1, content: 'x' }]) {
      expect(fits(schema, value)).toBe(fits(ONE_OF_TWO, value));
    }
  });

  it('are as exact with every combination, nested, referred and closed', () => {
    const branch = fc.constantFrom<JsonSchema>(
      { properties: { a: { type: 'string' } }, required: ['a'] },
      { type: 'object', properties: { b: { type: 'integer' } }, required: ['b'] },
      { properties: { a: { type: 'integer' }, b: { type: 'integer' } } },
      { type: 'null' },
      { $ref: '#/$defs/D' },
      { anyOf: [{ required: ['a'] }, { required: ['b'] }] },
      { properties: { a: { type: 'string' } }, additionalProperties: false },
      { not: { required: ['b'] } },
    );
    const roots = fc.record(
      {
        type: fc.constant('object'),
        properties: fc.constant({ a: {} }),
        required: fc.constant(['a']),
        anyOf: fc.array(branch, { minLength: 1, maxLength: 3 }),
        oneOf: fc.array(branch, { minLength: 1, maxLength: 3 }),
        allOf: fc.array(branch, { minLength: 1, maxLength: 2 }),
        $defs: fc.constant({
          D: { type: 'object', properties: { d: { type: 'boolean' } }, required: ['d'] },
        }),
      },
      { requiredKeys: ['$defs'] },
    );
    const objects = fc.dictionary(
      fc.constantFrom('a', 'b', 'd', 'z'),
      fc.constantFrom<unknown>('x', 1, true, null),
    );
    fc.assert(
      fc.property(roots, fc.array(objects, { minLength: 8 }), (root, values) => {
        const isSent = fitting(inputSchemaOf(root));
        const isMeant = fitting(root);
        for (const value of values) expect(isSent(value)).toBe(isMeant(value));
      }),
      { numRuns: 100 },
    );
  });

  it('get the type that is missing, and are refused where they are no object', () => {
    expect(inputSchemaOf({ properties: { a: { type: 'string' } } })).toMatchObject({ type: 'object' });
    expect(inputSchemaOf({ type: ['object', 'null'], properties: {} })).toMatchObject({ type: 'object' });
    expect(
      inputSchemaOf({ $ref: '#/$defs/D', $defs: { D: { type: 'object', properties: { d: {} } } } }),
    ).toMatchObject({
      type: 'object',
      properties: { d: {} },
    });
    for (const parameters of [{ type: 'string' }, { type: 'array' }, { $ref: '#/$defs/Missing' }]) {
      expect(write({ tools: [{ name: 'f', parameters }] })).toMatchObject({
        ok: false,
        problem: expect.stringContaining('tools.0.parameters'),
      });
    }
  });

  it('keep free-form objects and bounds as they are', () => {
    const parameters = {
      type: 'object',
      properties: {
        data: { type: 'object', additionalProperties: true },
        n: { type: 'integer', minimum: 1 },
      },
    };
    expect(inputSchemaOf(parameters)).toEqual(parameters);
  });

  it('are said in the draft that Anthropic checks against', () => {
    expect(
      inputSchemaOf({
        $schema: 'http://json-schema.org/draft-04/schema#',
        type: 'object',
        properties: {
          range: { type: 'array', items: [{ type: 'number' }, { type: 'number' }] },
          above: { type: 'number', minimum: 3, exclusiveMinimum: true },
          from: { type: 'number', minimum: 3, exclusiveMinimum: false },
          name: { type: 'string', required: true },
        },
      }),
    ).toEqual({
      type: 'object',
      properties: {
        range: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }] },
        above: { type: 'number', minimum: 3, exclusiveMinimum: 3 },
        from: { type: 'number', minimum: 3 },
        name: { type: 'string' },
      },
    });
  });

  it('are refused by name where a property has one that Anthropic does not take', () => {
    expect(write({ tools: [{ name: 'f', parameters: { properties: { $filter: {} } } }] })).toMatchObject({
      ok: false,
      problem: expect.stringContaining('$filter'),
    });
  });
});
