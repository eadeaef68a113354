import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { type ToolNameRule, toolNamesOf } from './tool-names.ts';

const RULE: ToolNameRule = {
  pattern: /^[a-zA-Z0-9_-]{1,64}$/,
  forbidden: /[^a-zA-Z0-9_-]/g,
  maximumCharacters: 64,
};
const FIRST_LETTER: ToolNameRule = { ...RULE, pattern: /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/ };

function requestWith(tools: readonly string[], called: readonly string[] = []): ChatRequest {
  return {
    model: 'auto',
    messages: [
      { role: 'user', content: 'hi' },
      {
        role: 'assistant',
        content: null,
        toolCalls: called.map((name, place) => ({ id: String(place), name, argumentsText: '{}' })),
      },
    ],
    tools: tools.map((name) => ({ name })),
    sampling: {},
  };
}

describe('the tool names of a request', () => {
  it('are replaced where the provider cannot take them, and come back', () => {
    const names = toolNamesOf(requestWith(['calendar.respondToEvent', 'now']), RULE);
    expect(names.toProvider('calendar.respondToEvent')).toBe('calendar_respondToEvent');
    expect(names.toProvider('now')).toBe('now');
    expect(names.fromProvider('calendar_respondToEvent')).toBe('calendar.respondToEvent');
    expect(names.fromProvider('made_up')).toBe('made_up');
  });

  it('never meet in one name', () => {
    const names = toolNamesOf(requestWith(['a.b', 'a_b', 'a/b']), RULE);
    expect(names.toProvider('a_b')).toBe('a_b');
    expect(new Set(['a.b', 'a_b', 'a/b'].map(names.toProvider)).size).toBe(3);
  });

  it('count those that stand in the history only', () => {
    const names = toolNamesOf(requestWith(['a_b'], ['a.b']), RULE);
    expect(names.toProvider('a.b')).toMatch(/^a_b_[0-9a-f]{8}$/);
    expect(names.fromProvider(names.toProvider('a.b'))).toBe('a.b');
  });

  it('begin as the provider wants them to', () => {
    expect(toolNamesOf(requestWith(['7zip']), FIRST_LETTER).toProvider('7zip')).toBe('_7zip');
  });

  it('fit, are told apart and come back, whatever they are', () => {
    const name = fc.oneof(
      fc.string({ minLength: 1, maxLength: 80 }),
      fc.string({ unit: fc.constantFrom('a', '.', '_', '/'), minLength: 1, maxLength: 3 }),
      fc.string({ unit: fc.constantFrom('a', '.'), minLength: 63, maxLength: 70 }),
    );
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { maxLength: 12 }),
        fc.constantFrom(RULE, FIRST_LETTER),
        (given, rule) => {
          const names = toolNamesOf(requestWith(given), rule);
          const written = given.map(names.toProvider);
          expect(written.every((wire) => rule.pattern.test(wire))).toBe(true);
          expect(new Set(written).size).toBe(given.length);
          expect(written.map(names.fromProvider)).toEqual(given);
        },
      ),
    );
  });
});
