import { describe, expect, it } from 'vitest';
import { type JsonSchema, compileJsonSchema } from './compile-json-schema.ts';

function problemsOf(schema: JsonSchema, value: unknown): readonly string[] {
  const compiled = compileJsonSchema(schema);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.findProblems(value);
}

function refusalOf(schema: JsonSchema): string {
  const compiled = compileJsonSchema(schema);
  return compiled.ok ? 'it was accepted' : compiled.message;
}

const objectOf = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]));

/** `value` in `levels` arrays. */
const nested = (levels: number, value: unknown = 1): unknown =>
  Array.from({ length: levels }).reduce((inner) => [inner], value);

/** Each level twice the next: 2 to the power of `levels` ways to the last. */
const doubling = (levels: number, applicator: string): JsonSchema => ({
  $ref: '#/$defs/a0',
  $defs: {
    ...Object.fromEntries(
      Array.from({ length: levels }, (_, level) => {
        const next = { $ref: `#/$defs/a${level + 1}` };
        return [`a${level}`, { [applicator]: [next, next] }];
      }),
    ),
    [`a${levels}`]: { type: 'string' },
  },
});

describe('a schema whose check could have no end', () => {
  it.each(['anyOf', 'oneOf', 'allOf'])(
    'is refused when it is written: %s doubling at 23 levels',
    (applicator) => {
      expect(refusalOf(doubling(23, applicator))).toMatch(/more than 5000 schemas/);
    },
  );

  it.each([
    ['anyOf', { anyOf: [{ $ref: '#' }, { type: 'string' }] }],
    ['a reference', { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }],
    ['not', { not: { $ref: '#' } }],
    ['if', { if: { $ref: '#' } }],
    ['else', { if: false, else: { $ref: '#' } }],
    ['dependentSchemas', { dependentSchemas: { a: { $ref: '#' } } }],
    ['an anchor', { $anchor: 'me', allOf: [{ $ref: '#me' }] }],
    ['a dynamic anchor', { $dynamicAnchor: 'me', allOf: [{ $dynamicRef: '#me' }] }],
  ])('is refused when it comes back to itself without going into the value: %s', (_, schema) => {
    expect(refusalOf(schema)).toMatch(/leads back to itself/);
  });

  it('is refused as a chain of a thousand references', () => {
    const links = Array.from({ length: 1_000 }, (_, index) => [
      `a${index}`,
      { $ref: `#/$defs/a${index + 1}` },
    ]);
    const $defs = { ...Object.fromEntries(links), a1000: { type: 'string' } };
    expect(refusalOf({ $ref: '#/$defs/a0', $defs })).toMatch(/a chain of more than 100 schemas/);
  });

  it('is taken when it comes back to itself inside of the value, at any depth of it', () => {
    const tree = {
      type: 'object',
      properties: { left: { $ref: '#' }, right: { $ref: '#' } },
      additionalProperties: false,
    };
    const leaning = Array.from({ length: 100 }).reduce<object>((left) => ({ left }), { oops: 1 });
    expect(problemsOf(tree, { left: {}, right: { left: {} } })).toEqual([]);
    expect(problemsOf(tree, leaning)).toHaveLength(1);
  });
});

describe('a check', () => {
  it.each(['anyOf', 'oneOf', 'allOf'])('ends when %s doubles at each level of the value', (applicator) => {
    const item = { items: { $ref: '#' } };
    const schema = {
      type: 'array',
      [applicator]: [item, { ...item, minItems: 1 }, { ...item, maxItems: 9 }],
    };
    const problems = problemsOf(schema, nested(60));
    expect(problems[0]).toMatch(/cannot be checked|does not fit|must be array/);
  });

  it.each([
    ['nested repetition', '^(a+)+$', `${'a'.repeat(30)}!`],
    ['alternatives that overlap', '^(a|aa|a?)+$', `${'a'.repeat(60)}!`],
    ['neighbours that overlap', '^\\d*\\d*\\d*\\d*\\d*\\d*\\d*\\d*$', `${'1'.repeat(5_000)}x`],
    ['a search from every start', 'a*a*a*b$', 'a'.repeat(20_000)],
  ])('ends when a pattern invites backtracking: %s', (_, pattern, text) => {
    expect(problemsOf({ pattern }, text)).toEqual([
      `the value must match the pattern ${JSON.stringify(pattern)}`,
    ]);
    expect(problemsOf({ propertyNames: { pattern } }, { [text]: 1 })).toHaveLength(1);
    expect(problemsOf({ patternProperties: { [pattern]: false } }, { [text]: 1 })).toEqual([]);
    expect(
      problemsOf({ additionalProperties: false, patternProperties: { [pattern]: true } }, { [text]: 1 }),
    ).toHaveLength(1);
    expect(problemsOf({ not: { pattern } }, text)).toEqual([]);
  });

  it('ends when a large pattern meets a large text', () => {
    const large = { pattern: '^(\\p{L}{0,900}x?){1}$' };
    expect(problemsOf(large, 'é'.repeat(1_000_000))[0]).toMatch(
      /cannot be checked, because the check takes more/,
    );
    expect(
      refusalOf({ allOf: Array.from({ length: 2_000 }, (_, index) => ({ pattern: `a${index}` })) }),
    ).toMatch(/too many or too large patterns/);
  });

  it.each([
    'email',
    'uri',
    'uri-reference',
    'iri',
    'uri-template',
    'hostname',
    'ipv6',
    'duration',
    'date-time',
  ])('ends when a text is made against the format %s', (format) => {
    for (const part of ['a', 'a.', 'a-', '::', '{a}', '%41', '/~0', 'P1Y', '../', '@', '(']) {
      expect(problemsOf({ format }, `${part.repeat(1_000_000)}\n!`)).toHaveLength(1);
      expect(problemsOf({ format }, `${part.repeat(4_000 / part.length)}\n!`)).toHaveLength(1);
    }
  });

  it('ends when a text is to be read as a pattern', () => {
    for (const part of ['(', '[', 'a{', '(?:', '\\']) {
      expect(problemsOf({ format: 'regex' }, part.repeat(1_001))).toHaveLength(1);
      expect(refusalOf({ pattern: part.repeat(15_001) })).toMatch(/is longer than 2000 characters/);
    }
  });

  it.each(['regex', 'email', 'uri', 'duration', 'json-pointer', 'date-time', 'uri-template', 'json-string'])(
    'pays for each of many texts that are held against the format %s',
    (format) => {
      const long = '(?<a>x)|'.repeat(500);
      const texts = Array.from({ length: 100_000 }, () => long);
      expect(problemsOf({ items: { anyOf: [{ format }, true] } }, texts)[0]).toMatch(/cannot be checked/);
    },
  );

  it('pays for texts of any length that many formats read', () => {
    const schema = { allOf: Array.from({ length: 2_000 }, () => ({ format: 'byte' })) };
    expect(problemsOf(schema, 'A'.repeat(4_000_000))[0]).toMatch(/cannot be checked/);
    expect(problemsOf({ format: 'byte' }, 'A'.repeat(4_000_000))).toEqual([]);
    expect(problemsOf({ format: 'binary' }, 'A'.repeat(40_000_000))).toEqual([]);
  });

  it('divides two hundred thousand prices', () => {
    const prices = Array.from({ length: 199_000 }, (_, cents) => cents / 100);
    expect(problemsOf({ items: { multipleOf: 0.01 } }, prices)).toEqual([]);
  });

  it('tells equal items among tens of thousands without comparing each with each', () => {
    const objects = Array.from({ length: 20_000 }, (_, id) => ({ id, name: `n${id}` }));
    expect(problemsOf({ uniqueItems: true }, objects)).toEqual([]);
    expect(problemsOf({ uniqueItems: true }, [...objects, { name: 'n7', id: 7 }])).toEqual([
      'the value must not have equal items, and 7 and 20000 are equal',
    ]);
  });

  it('finds one of thousands of allowed values without trying each', () => {
    const values = Array.from({ length: 8_000 }, (_, index) => index);
    const list = Array.from({ length: 100_000 }, (_, index) => index % 8_000);
    expect(problemsOf({ items: { enum: values } }, list)).toEqual([]);
    expect(problemsOf({ enum: values }, -1)).toEqual([
      'the value must be one of [0,1,2,3,4,5,6,7,8,9] or one of 7990 more',
    ]);
  });

  it('tells the first problems of a hundred thousand and makes no more', () => {
    expect(problemsOf({ additionalProperties: false }, objectOf(100_000))).toHaveLength(11);
    expect(
      problemsOf(
        { items: { type: 'string' } },
        Array.from({ length: 100_000 }, () => 1),
      ).at(-1),
    ).toBe('and there are more problems');
    expect(
      problemsOf(
        { anyOf: [{ items: { type: 'string' } }, { type: 'null' }] },
        Array.from({ length: 100_000 }, () => 1),
      ),
    ).toHaveLength(5);
  });

  it('looks into no value that is larger or deeper than its bounds', () => {
    expect(problemsOf({}, objectOf(400_000))).toEqual(['the value has more than 200000 members and items']);
    expect(problemsOf({}, nested(6_000))).toEqual(['the value is nested deeper than 128 levels']);
    expect(problemsOf({ const: 1 }, nested(6_000))).toHaveLength(1);
  });

  it('ends when each of many keywords reads one large value', () => {
    const often = (schema: JsonSchema): JsonSchema => ({
      allOf: Array.from({ length: 1_000 }, () => schema),
    });
    expect(problemsOf(often({ const: [1] }), ['x'.repeat(2_000_000)])).toHaveLength(1);
    expect(problemsOf(often({ minLength: 1_900_000 }), '😀x'.repeat(1_000_000))[0]).toMatch(
      /cannot be checked/,
    );
    expect(
      problemsOf({ uniqueItems: true, items: { $ref: '#' } }, nested(100, 'x'.repeat(2_000_000)))[0],
    ).toMatch(/cannot be checked/);
    const unevaluated = { ...often({ additionalProperties: true }), unevaluatedProperties: false };
    expect(problemsOf(unevaluated, objectOf(100_000))[0]).toMatch(/cannot be checked/);
  });

  it('ends when the numbers are at the ends of what a number can be', () => {
    const items = Array.from({ length: 100_000 }, () => Number.MAX_VALUE);
    expect(problemsOf({ items: { multipleOf: Number.MIN_VALUE } }, items)[0]).toMatch(/cannot be checked/);
    expect(problemsOf({ items: { multipleOf: Number.MIN_VALUE } }, items.slice(0, 1_000))).toEqual([]);
  });
});
