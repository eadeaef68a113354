import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChatRequest } from '#domain/model-providers/openai-chat.ts';
import { isPlainChatRequest } from './plain-request.ts';

const anything = fc.anything({ maxDepth: 2 });
const message = fc.record(
  {
    role: fc.oneof(fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool'), anything),
    content: fc.oneof(fc.string(), anything),
    name: anything,
    tool_calls: anything,
  },
  { requiredKeys: [] },
);
const request = fc.record(
  {
    model: fc.oneof(fc.string(), anything),
    messages: fc.oneof(fc.array(message), anything),
    stream: fc.oneof(fc.boolean(), anything),
    temperature: fc.oneof(fc.double(), anything),
    top_p: fc.oneof(fc.double(), anything),
    max_tokens: fc.oneof(fc.integer(), fc.double(), anything),
    max_completion_tokens: fc.oneof(fc.integer(), anything),
    seed: fc.oneof(fc.integer(), anything),
    user: fc.oneof(fc.string(), anything),
    tools: anything,
    constructor: anything,
  },
  { requiredKeys: [] },
);

describe('isPlainChatRequest', () => {
  it('accepts nothing that the schema would refuse or change', () => {
    let accepted = 0;
    fc.assert(
      fc.property(request, (given) => {
        // Only what JSON can carry arrives here.
        const json: unknown = JSON.parse(JSON.stringify(given));
        fc.pre(isPlainChatRequest(json));
        accepted += 1;
        expect(ChatRequest.parse(json)).toEqual(json);
      }),
      { numRuns: 200, maxSkipsPerRun: 2_000 },
    );
    expect(accepted).toBeGreaterThan(100);
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
