import { describe, expect, it } from 'vitest';
import { type OutputCheck, buildOutputFormat } from './output-format.ts';

function check(schema: Readonly<Record<string, unknown>>, answer: string): OutputCheck {
  const built = buildOutputFormat(schema, {});
  if (!built.ok) throw new Error(built.message);
  return built.format.check(answer);
}

const label = { properties: { label: { enum: ['spam', 'ham'] } }, required: ['label'] };

describe('the check of an answer', () => {
  it.each([
    ['as it is', '{"label":"ham"}'],
    ['between blank lines', '\n {"label":"ham"}\n\n'],
    ['in a code fence', '```\n{"label":"ham"}\n```'],
    ['in a code fence with its language', '```json \n\n{"label":"ham"}\n```'],
  ])('takes JSON %s', (_, answer) => {
    expect(check(label, answer)).toEqual({ ok: true, value: { label: 'ham' } });
  });

  it.each([
    ['words around it', 'Here you are: {"label":"ham"}', /is not valid JSON/],
    ['a fence of another language', '```python\n{"label":"ham"}\n```', /is not valid JSON/],
    ['a fence that is not closed', '```json\n{"label":"ham"}', /is not valid JSON/],
    ['two fences', '```json\n{"label":"ham"}\n```\n```json\n{}\n```', /is not valid JSON/],
    ['a fence and no more', '```\n```', /is not valid JSON/],
    ['nothing', '', /is not valid JSON/],
    ['levels without end', '['.repeat(100_000), /nests deeper than 64 levels/],
    ['values without end', `[${'1,'.repeat(300_000)}1]`, /holds more than 200000 values/],
    ['what every object inherits', '{"constructor":1}', /"label" is missing/],
  ])('refuses %s', (_, answer, problem) => {
    const checked = check(label, answer);
    expect(checked.ok ? [] : checked.problems).toEqual([expect.stringMatching(problem)]);
  });

  it('ends when an answer is made of what a fence may begin or end with', () => {
    for (const part of ['\n', ' ', '```', '\n```', '```json\n']) {
      expect(check({}, `\`\`\`${part.repeat(200_000)}x`).ok).toBe(false);
    }
  });

  it('ends when the schema is made against the answer', () => {
    expect(check({ items: { pattern: '^(a+)+$' } }, JSON.stringify([`${'a'.repeat(40)}!`])).ok).toBe(false);
    const twice = { anyOf: [{ items: { $ref: '#' } }, { items: { $ref: '#' } }], type: 'array' };
    const checked = check(twice, `${'['.repeat(60)}1${']'.repeat(60)}`);
    expect(checked.ok ? [] : checked.problems).toEqual([expect.stringMatching(/cannot be checked/)]);
  });
});
