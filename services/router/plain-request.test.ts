import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChatRequest } from '#domain/model-providers/openai-chat.ts';
import { isPlainChatRequest } from './plain-request.ts';

const odd = fc.oneof(
  fc.constantFrom(null, '', 0, -1, 1.5, 1e300, true, 'x', [], {}, [[]], [{}]),
  fc.anything({ maxDepth: 2, maxKeys: 2 }),
);
const mostly = (plain: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: plain, weight: 9 }, { arbitrary: odd, weight: 1 });
const role = mostly(fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool'));
const message = mostly(fc.record({ role, content: mostly(fc.string()) }));
const request = fc.record(
  {
    model: mostly(fc.string()),
    messages: mostly(fc.array(message, { minLength: 1, maxLength: 3 })),
    stream: mostly(fc.boolean()),
    temperature: mostly(fc.double()),
    max_tokens: mostly(fc.integer({ min: 1 })),
    seed: mostly(fc.integer()),
    user: mostly(fc.string()),
  },
  { requiredKeys: ['model', 'messages'] },
);

describe('isPlainChatRequest', () => {
  it('accepts nothing that the schema would refuse or change', () => {
    let accepted = 0;
    fc.assert(
      fc.property(request, (given) => {
        // Only what JSON can carry arrives here.
        const json: unknown = JSON.parse(JSON.stringify(given));
        const isPlain = isPlainChatRequest(json);
        if (isPlain) accepted += 1;
        const parsed = ChatRequest.safeParse(json);
        return !isPlain || (parsed.success && JSON.stringify(parsed.data) === JSON.stringify(json));
      }),
      { numRuns: 2_000 },
    );
    expect(accepted).toBeGreaterThan(200);
  });

  it.each([
    [{ model: 'auto', messages: [{ role: 'user', content: 'Hi' }] }, true],
    [{ model: 'auto', messages: [{ role: 'user', content: 'Hi' }], temperature: 0, stream: true }, true],
    [{ model: 'auto', messages: [] }, false],
    [{ messages: [{ role: 'user', content: 'Hi' }] }, false],
    [{ model: 'auto' }, false],
    [{ model: 'auto', messages: [{ role: 'user', content: 'Hi', name: 'x' }] }, false],
    [{ model: 'auto', messages: [{ role: 'user', content: 'Hi' }], toString: 'x' }, false],
    [{ model: 'auto', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 0 }, false],
    [[], false],
    [null, false],
  ])('%j: %s', (json, expected) => {
    expect(isPlainChatRequest(json)).toBe(expected);
  });
});
