/** Anybody who may write a PromptVersion writes schemas and defaults that the operator reads for all tenants. */
import { describe, expect, it } from 'vitest';
import { parsePrompt } from './parse-prompt.ts';
import { renderPrompt } from './render-prompt.ts';

/** A prompt file; JSON is YAML too. */
function promptFile(schema: object, defaults: object = {}): string {
  return `---\ninput:\n  schema: ${JSON.stringify(schema)}\n  default: ${JSON.stringify(defaults)}\n---\n{{a}}\n`;
}

async function problemOf(schema: object, defaults?: object): Promise<string> {
  const result = await parsePrompt(promptFile(schema, defaults));
  return result.ok ? 'it was accepted' : result.message;
}

const variable = (schema: object): object => ({ type: 'object', properties: { a: schema } });

describe('a prompt version', () => {
  it('does not hold the operator by a pattern and a default made for it', async () => {
    const a = `${'a'.repeat(30)}!`;
    expect(await problemOf(variable({ type: 'string', pattern: '^(a+)+$' }), { a })).toContain(
      '"a" must match the pattern "^(a+)+$"',
    );
  });

  it('does not hold the operator by references that double at each level', async () => {
    const levels = Array.from({ length: 23 }, (_, level) => {
      const next = { $ref: `#/$defs/l${level + 1}` };
      return [`l${level}`, { anyOf: [next, next] }];
    });
    const $defs = { ...Object.fromEntries(levels), l23: { type: 'string' } };
    expect(await problemOf({ ...variable({ $ref: '#/$defs/l0' }), $defs }, { a: 1 })).toMatch(
      /input\.schema is not valid: .* more than 5000 schemas/,
    );
  });

  it('does not hold the operator by a schema that comes back to itself', async () => {
    const schema = {
      ...variable({ $ref: '#/$defs/b' }),
      $defs: { b: { anyOf: [{ $ref: '#/$defs/b' }, { type: 'string' }] } },
    };
    expect(await problemOf(schema, { a: 'x' })).toMatch(/leads back to itself/);
  });

  it('does not hold the operator by branches that double at each level of a default', async () => {
    const list = {
      type: 'array',
      anyOf: [{ items: { $ref: '#/$defs/list' } }, { items: { $ref: '#/$defs/list' } }],
    };
    const a = Array.from({ length: 25 }).reduce<unknown>((inner) => [inner], 1);
    expect(await problemOf({ ...variable({ $ref: '#/$defs/list' }), $defs: { list } }, { a })).toMatch(
      /cannot be checked/,
    );
  });

  it('is told which part of a pattern cannot be matched in linear time', async () => {
    expect(await problemOf(variable({ type: 'string', pattern: 'a(?!spam)' }))).toContain(
      'the pattern "a(?!spam)" in #/properties/a uses the lookahead (?!spam)',
    );
  });

  it('does not hold the pod of an agent by variables made against it', async () => {
    const result = await parsePrompt(promptFile(variable({ type: 'string', pattern: '^(a|aa)+$' })));
    if (!result.ok) throw new Error(result.message);
    const unknown = Object.fromEntries(Array.from({ length: 150_000 }, (_, index) => [`k${index}`, 1]));
    for (const variables of [
      { a: `${'a'.repeat(100_000)}!` },
      { a: 'a', ...unknown },
      { ...unknown, ...unknown, a: 1 },
    ]) {
      const rendered = await renderPrompt(result.prompt, variables);
      expect(rendered.ok).toBe(false);
      expect(rendered.ok ? 0 : rendered.message.length).toBeLessThan(1_000);
    }
  });
});
