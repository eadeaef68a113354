import { describe, expect, it } from 'vitest';
import type { JsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { ANYTHING, SchemaPaths, declaredProperties } from './schema-path.ts';

function follow(root: JsonSchema, path: string): JsonSchema | undefined {
  const paths = new SchemaPaths(root);
  return path
    .split('.')
    .reduce<JsonSchema | undefined>((schema, part) => schema && paths.at(schema, part), root);
}

const TEXT = { type: 'string' };

describe('SchemaPaths', () => {
  it.each(['allOf', 'anyOf', 'oneOf'])('leads into every branch of %s, and nowhere else', (keyword) => {
    const root = { type: 'object', [keyword]: [{ properties: { a: TEXT } }, { properties: { b: TEXT } }] };
    expect([follow(root, 'a'), follow(root, 'b'), follow(root, 'c')]).toEqual([TEXT, TEXT, undefined]);
  });

  it('leads through conditions and references', () => {
    const conditional = { if: { properties: { a: { const: 'x' } } }, else: { $ref: '#/$defs/b~1c' } };
    const root = {
      properties: { a: TEXT },
      ...conditional,
      $defs: { 'b/c': { properties: { b: { $ref: '#' } } } },
    };
    expect(follow(root, 'b.b.b.a')).toEqual({ anyOf: [TEXT, { const: 'x' }] });
    expect(follow(root, 'b.b.c')).toBeUndefined();
  });

  it.each([
    { $ref: '#/properties/a' },
    { type: 'array', items: { $ref: '#/properties/a' } },
    { anyOf: [{ $ref: '#/properties/a' }, TEXT] },
    { allOf: [{ $ref: '#' }, { $ref: '#/properties/a' }] },
    { $ref: '#/$defs/gone' },
    { $dynamicRef: '#a' },
  ])('comes to an end where a schema refers to itself or nowhere: %j', (a) => {
    const root = { type: 'object', properties: { a } };
    const paths = new SchemaPaths(root);
    const schema = paths.at(root, 'a') ?? ANYTHING;
    expect([true, false]).toContain(paths.printsAsObject(schema));
    expect(() => [paths.elementOf(schema), follow(root, Array(32).fill('a').join('.'))]).not.toThrow();
  });

  it('says nothing of a schema with more branches than it follows', () => {
    const branches = Array.from({ length: 1_000 }, (_, n) => ({ properties: { [`p${n}`]: TEXT } }));
    expect(follow({ anyOf: branches }, 'p999')).toBe(ANYTHING);
  });

  it('doubles nothing along a chain that refers to each link twice', () => {
    const links = Array.from({ length: 60 }, (_, n) => {
      const next = { $ref: `#/$defs/${n + 1}` };
      return [String(n), { anyOf: [next, next] }];
    });
    const root = {
      $ref: '#/$defs/0',
      $defs: { ...Object.fromEntries(links), 60: { properties: { a: TEXT } } },
    };
    expect(declaredProperties(root).takesOthers).toBe(true);
    expect(follow(root, 'a') ?? TEXT).toEqual(ANYTHING);
  });

  it('knows own properties alone', () => {
    const root = { type: 'object', properties: { a: TEXT } };
    for (const name of ['constructor', 'toString', '__proto__']) expect(follow(root, name)).toBeUndefined();
  });

  it('takes what may be a text for one that may be printed', () => {
    const paths = new SchemaPaths({});
    expect(paths.printsAsObject({ type: ['object', 'null'] })).toBe(true);
    expect(paths.printsAsObject({ type: 'array', items: { type: 'object' } })).toBe(true);
    expect(paths.printsAsObject({ oneOf: [{ type: 'object' }, TEXT] })).toBe(false);
  });
});
