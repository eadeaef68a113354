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

  it.each([
    ['an unknown type', { type: 'strin' }],
    ['a mistyped keyword', { requried: ['a'] }],
    ['an unknown format', { type: 'string', format: 'colour' }],
    ['a reference to nowhere', { $ref: '#/$defs/none' }],
    ['a pattern that is none', { type: 'string', pattern: '(' }],
    ['an asynchronous schema', { $async: true, type: 'string' }],
    ['a schema nested without end', JSON.parse(`${'{"not":'.repeat(100)}{}${'}'.repeat(100)}`) as JsonSchema],
    ['a schema beyond its bound', { description: 'x'.repeat(70_000) }],
  ])('refuses %s', (_name, schema) => {
    const compiled = compileJsonSchema(schema);
    expect(compiled.ok ? '' : compiled.message).not.toBe('');
  });
});
