import { describe, expect, it } from 'vitest';
import { type FindProblems, type JsonSchema, compileJsonSchema } from './compile-json-schema.ts';

function problemsOf(schema: JsonSchema): FindProblems {
  const compiled = compileJsonSchema(schema);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.findProblems;
}

describe('compileJsonSchema', () => {
  it('tells every problem in words, with the path as people write it', () => {
    const findProblems = problemsOf({
      type: 'object',
      properties: {
        mail: { type: 'object', properties: { date: { type: 'string', format: 'date-time' } } },
        label: { enum: ['spam', 'ham'] },
        count: { type: 'integer' },
      },
      required: ['label', 'count'],
      additionalProperties: false,
    });
    expect(findProblems({ mail: { date: 'today' }, label: 'eggs', x: 1 })).toEqual([
      '"count" is missing',
      '"x" is not known',
      '"mail.date" must match format "date-time"',
      '"label" must be one of ["spam","ham"]',
    ]);
    expect(findProblems(1)).toEqual(['the value must be object']);
    // A member whose name is the empty text is not the value itself.
    expect(problemsOf({ required: [''], properties: { '': { type: 'string' } } })({})).toEqual([
      '"" is missing',
    ]);
    expect(findProblems({ label: 'ham', count: 1 })).toEqual([]);
  });

  it('tells no more problems than a person reads', () => {
    const problems = problemsOf({ type: 'array', items: { type: 'string' } })(
      Array.from({ length: 50 }, () => 1),
    );
    expect(problems).toHaveLength(11);
    expect(problems.at(-1)).toBe('and there are more problems');
  });

  it('takes a schema again and again, named or not, and keeps the schemas of users apart', () => {
    const named = (type: string): JsonSchema => ({ $id: 'https://example.com/label', type });
    expect(problemsOf(named('string'))(1)).toEqual(['the value must be string']);
    expect(problemsOf(named('integer'))(1)).toEqual([]);
    const inner = { $defs: { a: { $id: 'https://example.com/inner', type: 'string' } } };
    expect(compileJsonSchema(inner).ok).toBe(true);
    expect(compileJsonSchema(inner).ok).toBe(true);
    for (const $ref of ['https://example.com/label', 'https://example.com/inner']) {
      expect(compileJsonSchema({ $ref })).toMatchObject({ ok: false });
    }
    const same = { type: 'string' };
    expect([problemsOf(same)('x'), problemsOf(same)(1)]).toEqual([[], ['the value must be string']]);
  });

  it('takes names that every object inherits for members only where an object has them as its own', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__']) {
      const member = JSON.parse(`{"${name}": 1}`) as Readonly<Record<string, unknown>>;
      const under = (schema: unknown): JsonSchema =>
        JSON.parse(`{"${name}": ${JSON.stringify(schema)}}`) as JsonSchema;
      expect(problemsOf({ required: [name] })({})).toEqual([`"${name}" is missing`]);
      expect(problemsOf({ required: [name] })(member)).toEqual([]);
      expect(problemsOf({ properties: under({ type: 'string' }) })({})).toEqual([]);
      expect(problemsOf({ properties: under({ type: 'string' }) })(member)).toEqual([
        `"${name}" must be string`,
      ]);
      expect(problemsOf({ dependentRequired: under(['b']) })({})).toEqual([]);
      expect(problemsOf({ dependentRequired: under(['b']) })(member)).toEqual([
        `"b" is missing beside "${name}"`,
      ]);
      expect(problemsOf({ dependentRequired: { b: [name] } })({ b: 1 })).toEqual([
        `"${name}" is missing beside "b"`,
      ]);
      expect(problemsOf({ dependentSchemas: under(false) })({})).toEqual([]);
      expect(problemsOf({ dependentSchemas: under(false) })(member)).toEqual(['the value is not allowed']);
      expect(problemsOf({ patternProperties: { '.': { type: 'string' } } })(member)).toHaveLength(1);
      expect(problemsOf({ additionalProperties: false })(member)).toEqual([`"${name}" is not known`]);
      expect(problemsOf({ properties: under(true), additionalProperties: false })(member)).toEqual([]);
      expect(problemsOf({ unevaluatedProperties: false })(member)).toEqual([`"${name}" is not known`]);
      expect(problemsOf({ propertyNames: { maxLength: 1 } })(member)).toEqual([
        `"${name}" is not an allowed name`,
      ]);
      expect(problemsOf({ const: {} })(member)).toEqual(['the value must be {}']);
      expect(problemsOf({ minProperties: 1 })({})).toEqual(['the value must have at least 1 property']);
      expect(compileJsonSchema(under({})).ok).toBe(false);
      expect(compileJsonSchema({ $ref: `#/$defs/${name}`, $defs: {} }).ok).toBe(false);
      expect(compileJsonSchema({ type: name }).ok).toBe(false);
      expect(compileJsonSchema({ type: 'string', format: name }).ok).toBe(false);
    }
  });

  it('counts characters as people do, and takes 1.0 and 1e308 for integers', () => {
    expect(problemsOf({ maxLength: 2 })('😀é')).toEqual([]);
    expect(problemsOf({ minLength: 2 })('😀')).toEqual(['the value must have at least 2 characters']);
    expect(problemsOf({ pattern: '^.$' })('😀')).toEqual([]);
    expect(problemsOf({ type: 'integer' })(JSON.parse('1.0'))).toEqual([]);
    expect(problemsOf({ type: 'integer' })(1e308)).toEqual([]);
    expect(problemsOf({ const: 1 })(JSON.parse('1.0'))).toEqual([]);
    expect(problemsOf({ multipleOf: 0.01 })(19.99)).toEqual([]);
    expect(problemsOf({ multipleOf: 0.01 })(19.999)).toEqual(['the value must be a multiple of 0.01']);
  });

  it('follows names inside of the schema: anchors, inner "$id"s, dynamic anchors', () => {
    const anchors = { $ref: '#count', $defs: { a: { $anchor: 'count', type: 'integer' } } };
    expect(problemsOf(anchors)('x')).toEqual(['the value must be integer']);
    const inner = {
      $id: 'https://example.com/root',
      $ref: 'count',
      $defs: { a: { $id: 'count', type: 'integer' } },
    };
    expect(problemsOf(inner)('x')).toEqual(['the value must be integer']);
    const tree = {
      $id: 'https://example.com/strict',
      $dynamicAnchor: 'node',
      $ref: 'tree',
      unevaluatedProperties: false,
      $defs: {
        tree: {
          $id: 'tree',
          $dynamicAnchor: 'node',
          properties: { data: true, children: { items: { $dynamicRef: '#node' } } },
        },
      },
    };
    expect(problemsOf(tree)({ children: [{ data: 1 }] })).toEqual([]);
    expect(problemsOf(tree)({ children: [{ daat: 1 }] })).toEqual(['"children.0.daat" is not known']);
  });

  it('reads the spellings of older drafts', () => {
    const older = {
      items: [{ type: 'string' }],
      additionalItems: false,
      definitions: { a: {} },
      dependencies: { a: ['b'] },
    };
    expect(problemsOf(older)(['x'])).toEqual([]);
    expect(problemsOf(older)([1])).toEqual(['"0" must be string']);
    expect(problemsOf(older)(['x', 1])).toEqual(['"1" is one item too many']);
    expect(problemsOf(older)({ a: 1 })).toEqual(['"b" is missing beside "a"']);
    const draft7 = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $ref: '#/definitions/a',
      definitions: { a: {} },
      type: 'string',
    };
    expect(problemsOf(draft7)(1)).toEqual([]);
    expect(problemsOf({ type: 'string', nullable: true, example: 'x', 'x-order': 1 })(null)).toEqual([]);
  });

  it('is not changed by what becomes of the object afterwards', () => {
    const schema: Record<string, unknown> = { type: 'string' };
    const findProblems = problemsOf(schema);
    schema['type'] = 'integer';
    expect(findProblems('x')).toEqual([]);
  });

  it.each<[string, JsonSchema, string]>([
    [
      'an unknown type',
      { type: 'strin' },
      '"type" in # must be one or several of null, boolean, integer, number, string, array, object',
    ],
    [
      'a mistyped keyword',
      { items: { requried: ['a'] } },
      '"requried" in #/items is not a keyword of JSON Schema',
    ],
    [
      'an unknown format',
      { format: 'colour' },
      '"format" in # must be the name of a known format, such as cidrv4,',
    ],
    [
      'a reference to nowhere',
      { $ref: '#/$defs/none' },
      '"$ref": "#/$defs/none" in # leads to no schema in this document',
    ],
    [
      'an anchor that is not there',
      { not: { $ref: '#here' } },
      '"$ref": "#here" in #/not leads to no schema in this document',
    ],
    [
      'another document',
      { $ref: 'https://example.com/mail' },
      'refers to another document, and none is fetched: copy what it names under "$defs"',
    ],
    [
      'a meta-schema',
      { $ref: 'https://json-schema.org/draft/2020-12/schema' },
      'refers to a meta-schema, which is not supported',
    ],
    [
      'an unknown draft',
      { $schema: 'http://json-schema.org/draft-03/schema#' },
      '"$schema" is "http://json-schema.org/draft-03/schema#", which is not supported: leave it out',
    ],
    [
      'a pattern that is none',
      { properties: { a: { pattern: '(' } } },
      'the pattern "(" in #/properties/a is no ECMAScript regular expression',
    ],
    [
      'a lookahead',
      { pattern: 'b(?=a)' },
      'the pattern "b(?=a)" in # uses the lookahead (?=a): put it right behind',
    ],
    ['a count that is none', { minLength: -1 }, '"minLength" in # must be a whole number of 0 or more'],
    ['a list that is none', { required: 'a' }, '"required" in # must be a list of names'],
    ['a type that is none', { type: null }, '"type" in # must be one or several of null, boolean'],
    ['members that are none', { properties: [] }, '#/properties must be an object with a schema under'],
    ['an empty combination', { anyOf: [] }, '"anyOf" in # must be a list of at least one schema'],
    [
      'a schema that is none',
      { properties: { a: 'string' } },
      '#/properties/a must be a schema: an object or a boolean',
    ],
    ['a division by nothing', { multipleOf: 0 }, '"multipleOf" in # must be a number greater than 0'],
    [
      'the same name twice',
      { $defs: { a: { $anchor: 'x' }, b: { $anchor: 'x' } } },
      'the anchor "x" in #/$defs/b is used twice',
    ],
    ['an asynchronous schema', { $async: true }, '"$async" in # is not a keyword of JSON Schema'],
    [
      'a fault where no value comes',
      { $defs: { a: { type: 'strin' } } },
      '"type" in #/$defs/a must be one or several of',
    ],
    [
      'a schema nested without end',
      JSON.parse(`${'{"not":'.repeat(100)}{}${'}'.repeat(100)}`) as JsonSchema,
      'the schema is nested deeper than 64 levels',
    ],
    [
      'a schema beyond its bound',
      { description: 'x'.repeat(70_000) },
      'the schema is longer than 65536 characters',
    ],
  ])('refuses %s and says where and how to mend it', (_name, schema, sentence) => {
    const compiled = compileJsonSchema(schema);
    expect(compiled.ok ? 'it was accepted' : compiled.message).toContain(sentence);
  });

  it('refuses in a sentence that fits a condition, however long the names in the schema are', () => {
    const name = 'x'.repeat(60_000);
    for (const schema of [
      { properties: { [name]: { type: 'strin' } } },
      { [name]: 1 },
      { $ref: `#${name}` },
      { pattern: name },
    ]) {
      const compiled = compileJsonSchema(schema);
      expect(compiled.ok ? 0 : compiled.message.length).toBeGreaterThan(10);
      expect(compiled.ok ? 0 : compiled.message.length).toBeLessThan(700);
    }
  });
});

describe('a problem of a combination is one clause', () => {
  const circle = {
    properties: { kind: { const: 'circle' }, radius: { type: 'number' } },
    required: ['kind', 'radius'],
  };
  const square = {
    properties: { kind: { const: 'square' }, side: { type: 'number' } },
    required: ['kind', 'side'],
  };

  it.each<[string, JsonSchema, unknown, string[]]>([
    [
      'the types that would do',
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
      1,
      ['the value must be string or null'],
    ],
    [
      'the same once',
      { anyOf: Array.from({ length: 8 }, () => ({ type: 'string' })) },
      1,
      ['the value must be string'],
    ],
    [
      'of the branch that the value names',
      { oneOf: [circle, square] },
      { kind: 'square', side: 'x' },
      ['"side" must be number'],
    ],
    [
      'of the branch that the value names, when a member is missing',
      { oneOf: [circle, square] },
      { kind: 'square' },
      ['"side" is missing'],
    ],
    [
      'of the only object',
      { anyOf: [{ type: 'null' }, circle] },
      { kind: 'circle', radius: 'x' },
      ['"radius" must be number'],
    ],
    [
      'the values of the member that tells the branches apart',
      { anyOf: [circle, square, { type: 'null' }] },
      { kind: 'line' },
      ['"kind" must be "circle" or "square"'],
    ],
    [
      'the value of that member, when one branch has it',
      { anyOf: [circle, { type: 'null' }] },
      { kind: 'line', radius: 1 },
      ['"kind" must be "circle"'],
    ],
    [
      'none fits',
      { anyOf: [circle, { required: ['side'] }, { required: ['width'] }] },
      { kind: 'circle' },
      ['the value must fit a schema of "anyOf", and fits none of the 3'],
    ],
    [
      'values of several',
      { anyOf: [{ const: 1 }, { enum: [2, 3] }] },
      4,
      ['the value must be 1 or one of [2,3]'],
    ],
    [
      'two fit',
      { oneOf: [{ type: 'number' }, { type: 'integer' }] },
      1,
      ['the value must fit exactly one schema of "oneOf", and fits those at 0 and 1'],
    ],
    [
      'not',
      { properties: { a: { not: { type: 'string' } } } },
      { a: 'x' },
      ['"a" must not fit the schema under "not"'],
    ],
    ['else', { if: { required: ['a'] }, else: { required: ['b'] } }, { c: 1 }, ['"b" is missing']],
    [
      'contains',
      { contains: { type: 'string' } },
      [1],
      ['the value must have at least 1 item that fit "contains"'],
    ],
    ['false', { properties: { a: false } }, { a: 1 }, ['"a" is not allowed']],
    [
      'no second one on what is unevaluated',
      { properties: { a: { type: 'string' } }, unevaluatedProperties: false },
      { a: 1, b: 1 },
      ['"a" must be string'],
    ],
  ])('%s', (_name, schema, value, problems) => {
    expect(problemsOf(schema)(value)).toEqual(problems);
  });

  it('however long the values and paths are', () => {
    const long = 'x'.repeat(10_000);
    const schema = {
      properties: { [long]: { enum: [long, long] } },
      propertyNames: { pattern: long.slice(0, 2_000) },
    };
    for (const problem of problemsOf(schema)({ [long]: long, y: 1 }))
      expect(problem.length).toBeLessThan(400);
  });
});
