import { picoschema } from 'dotprompt';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ParsedNode, parse, parseDocument } from 'yaml';
import { readPicoschema } from './picoschema.ts';

function read(yaml: string): ReturnType<typeof readPicoschema> {
  return readPicoschema(parseDocument(yaml).contents as ParsedNode);
}

function schemaOf(yaml: string): unknown {
  const result = read(yaml);
  if (!result.ok) throw new Error(result.problem);
  return result.schema;
}

function slipOf(yaml: string): string {
  const result = read(yaml);
  if (result.ok) throw new Error('the schema was accepted');
  const line = yaml.slice(0, result.node.range[0]).split('\n').length;
  return `${line}: ${result.problem}`;
}

describe('readPicoschema', () => {
  it("reads the example of dotprompt's reference as dotprompt does", async () => {
    const yaml = [
      'product:',
      '  id: string, Unique identifier for the product',
      '  description?: string, Optional description',
      '  price: number, Current price',
      '  inStock: integer',
      '  isActive: boolean',
      '  category(enum, Main category): [ELECTRONICS, CLOTHING]',
      '  size?(enum): [S, M]',
      '  tags(array, Tags of the product): string',
      '  primaryImage:',
      '    url: string',
      '    altText?: string',
      '  attributes(object, Custom attributes):',
      '    (*): any, Any name with any value',
      '  variants?(array, Variants):',
      '    id: string',
      '  parent?(object, Where it belongs):',
      '    id: string',
      '  "note": "string, in quotes"',
      '  free: any',
      '(*): string',
    ].join('\n');
    const expected: unknown = JSON.parse(JSON.stringify(await picoschema(parse(yaml))));
    expect(schemaOf(yaml)).toEqual(expected);
  });

  it('agrees with dotprompt on every schema without a slip', async () => {
    const scalar = fc.constantFrom('string', 'any', 'integer, how many', 'boolean,b', 'number');
    const { type } = fc.letrec<{ type: unknown; object: unknown }>((tie) => ({
      type: fc.oneof({ maxDepth: 3 }, scalar, tie('object')),
      object: fc
        .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.boolean(), fc.boolean(), tie('type')), {
          minLength: 1,
          selector: ([name]) => name,
        })
        .map((fields) =>
          Object.fromEntries(
            fields.map(([name, isOptional, isList, value]) => [
              `${name}${isOptional ? '?' : ''}${isList ? '(array, a list)' : ''}`,
              value,
            ]),
          ),
        ),
    }));
    await fc.assert(
      fc.asyncProperty(type, async (schema) => {
        const expected: unknown = JSON.parse(JSON.stringify(await picoschema({ root: schema })));
        expect(schemaOf(JSON.stringify({ root: schema }))).toEqual(expected);
      }),
    );
  });

  it('takes null as a type only where it is written', () => {
    expect(schemaOf('a: null\nb?: null')).toMatchObject({
      properties: { a: { type: 'null' }, b: { type: 'null' } },
    });
    expect(slipOf('b: any\na:')).toMatch(/^2: "a" has no type/);
    expect(slipOf('a: ~')).toMatch(/"a" has no type/);
  });

  it('keeps a description whole', () => {
    expect(schemaOf('tags(array, the tags (if any), sorted): string, one (1) tag')).toMatchObject({
      properties: {
        tags: { description: 'the tags (if any), sorted', items: { description: 'one (1) tag' } },
      },
    });
  });

  it.each([
    ['a: [string]', /^1: "a" is a list: write a\(array\)/],
    ['a:\n  b:\n    - string', /^2: "b" is a list/],
    ['a :string', /a space must follow the colon/],
    ['x: string\na (array): string', /^2: "a \(array\)" has a space after the name: write a\(array\)/],
    ['a ?: string', /write a\?/],
    ['a: str', /written string/],
    ['a: String', /written string/],
    ['a: bool, whether', /written boolean/],
    ['a: list', /write name\(array\)/],
    ['a: integer[]', /write name\(array\): integer/],
    ['a: Customer', /defined in code/],
    ['a: 3', /the type "3"/],
    ['a: true', /the type "true"/],
    ['a(array):', /"a" has no type/],
    ['a(array): [string]', /"a" is a list/],
    ['a(enum): A', /write its values as a list/],
    ['a(enum): []', /write its values as a list/],
    ['a(enum): [A, [B]]', /write its values as a list/],
    ['a(enum): [A, B, A]', /stands twice/],
    ['a(object): string', /write its fields beneath/],
    ['a(string): x', /array, enum or object/],
    ['a(array: string', /"a\(array" is not/],
    ['"": string', /is not name/],
    ['a: string\nb: any\na?: string', /^3: "a" is declared twice/],
  ])('says what is wrong with %j, with its line', (yaml, problem) => {
    expect(slipOf(yaml)).toMatch(problem);
    expect(slipOf(yaml)).not.toContain('\n');
  });

  it('takes any name, that of a prototype too, as a property of its own', () => {
    expect(schemaOf('constructor: string\ntoString?: any')).toEqual({
      type: 'object',
      properties: Object.fromEntries([
        ['constructor', { type: 'string' }],
        ['toString', {}],
      ]),
      required: ['constructor'],
      additionalProperties: false,
    });
  });
});
