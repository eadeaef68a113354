import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FREE_FORM } from './kind-definition.ts';
import { StructuralSchemaError, toStructuralSchema } from './structural-schema.ts';

function field(schema: z.ZodType): z.ZodType {
  return z.strictObject({ field: schema.describe('A field.') });
}

function problemsOf(schema: z.ZodType): readonly string[] {
  try {
    toStructuralSchema(schema, 'Kind.spec');
  } catch (error) {
    if (error instanceof StructuralSchemaError) return error.problems;
    throw error;
  }
  return [];
}

describe('what zod writes and Kubernetes does not take is repaired', () => {
  it('leaves out additionalProperties: false, which Kubernetes does not allow beside properties', () => {
    expect(toStructuralSchema(field(z.boolean()), 'Kind.spec')).toEqual({
      type: 'object',
      properties: { field: { description: 'A field.', type: 'boolean' } },
      required: ['field'],
    });
  });

  it('leaves out the safe-integer bounds of z.int(), and keeps the bounds that were asked for', () => {
    const integers = z.strictObject({
      any: z.int().describe('Any.'),
      few: z.int().min(1).max(3).describe('Few.'),
    });
    expect(toStructuralSchema(integers, 'Kind.spec').properties).toEqual({
      any: { description: 'Any.', type: 'integer' },
      few: { description: 'Few.', type: 'integer', minimum: 1, maximum: 3 },
    });
  });

  it('keeps what stands in a free-form object from being dropped', () => {
    const freeForm = z.record(z.string(), z.unknown()).meta(FREE_FORM);
    expect(toStructuralSchema(field(freeForm), 'Kind.spec').properties?.['field']).toEqual({
      description: 'A field.',
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
    });
  });

  it('gives a value of any type the mark without which Kubernetes would drop it', () => {
    expect(toStructuralSchema(field(z.unknown()), 'Kind.spec').properties?.['field']).toEqual({
      description: 'A field.',
      'x-kubernetes-preserve-unknown-fields': true,
    });
  });

  it('keeps a map of typed values', () => {
    const map = z.record(z.string(), z.string().max(3));
    expect(toStructuralSchema(field(map), 'Kind.spec').properties?.['field']).toEqual({
      description: 'A field.',
      type: 'object',
      additionalProperties: { type: 'string', maxLength: 3 },
    });
  });

  it('writes keywords in one order, however the zod chain is written', () => {
    const chains = [z.string().max(3).min(1).describe('A.'), z.string().describe('A.').min(1).max(3)];
    const texts = chains.map((chain) =>
      JSON.stringify(toStructuralSchema(z.strictObject({ field: chain.describe('A.') }), 'Kind.spec')),
    );
    expect(texts[0]).toBe(texts[1]);
  });
});

describe('what Kubernetes cannot store is refused in one sentence with its place', () => {
  it.each([
    ['a union', field(z.union([z.string(), z.int()])), 'Kind.spec.field: anyOf is a union'],
    [
      'a discriminated union',
      field(z.discriminatedUnion('type', [z.strictObject({ type: z.literal('a').describe('A.') })])),
      'Kind.spec.field: oneOf is a union',
    ],
    ['lookaround in a pattern', field(z.string().regex(/^(?!no).*$/)), 'uses lookaround'],
    ['lookbehind in a pattern', field(z.string().regex(/(?<=a)b/)), 'uses lookaround'],
    ['a back-reference in a pattern', field(z.string().regex(/(a)\1/)), 'uses lookaround, a back-reference'],
    ['a pattern with flags', field(z.string().regex(/abc/i)), 'the pattern /abc/i has flags'],
    [
      'two patterns on one text',
      field(z.string().regex(/a/).regex(/b/)),
      'allOf is an intersection, a reference or has several patterns',
    ],
    [
      'restricted keys of a map',
      field(z.record(z.string().regex(/^a/), z.int())),
      'the keys of a map cannot be restricted',
    ],
    [
      'a field without a description',
      z.strictObject({ field: z.boolean() }),
      'Kind.spec.field: has no description, and "kubectl explain" would show nothing',
    ],
  ])('%s', (_what, schema, sentence) => {
    const problems = problemsOf(schema);
    expect(problems.join('\n')).toContain(sentence);
    expect(problems.every((problem) => problem.startsWith('Kind.spec'))).toBe(true);
  });

  it('a shared definition, which zod would write as a reference', () => {
    const shared = z
      .strictObject({ inner: z.boolean().describe('Inner.') })
      .meta({ id: 'shared-in-this-test' });
    expect(problemsOf(field(shared)).join('\n')).toContain('definitions is a reference');
  });

  it('recursion', () => {
    const tree: z.ZodType = z.strictObject({
      children: z.array(z.lazy(() => tree)).describe('Children.'),
    });
    expect(problemsOf(tree).join('\n')).toContain('a reference');
  });

  it('names every problem at once', () => {
    const schema = z.strictObject({ one: z.boolean(), two: z.union([z.string(), z.int()]).describe('Two.') });
    expect(problemsOf(schema)).toHaveLength(2);
  });
});
