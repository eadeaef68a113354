import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { chatNeeds, embeddingsNeeds } from './request-needs.ts';

const request = (fields: Partial<ChatRequest>): ChatRequest => ({
  model: 'auto',
  messages: [{ role: 'user', content: 'Hi' }],
  tools: [],
  sampling: {},
  ...fields,
});

describe('chatNeeds', () => {
  it.each<[string, Partial<ChatRequest>, readonly string[]]>([
    ['plain text', {}, ['Chat']],
    ['an empty list of tools', { tools: [] }, ['Chat']],
    ['tools', { tools: [{ name: 'f' }] }, ['Chat', 'Tools']],
    ['any JSON', { format: { kind: 'jsonObject' } }, ['Chat']],
    ['JSON by a schema', { format: { kind: 'jsonSchema', name: 's', schema: {} } }, ['Chat', 'JsonSchema']],
    [
      'an image',
      {
        messages: [{ role: 'user', content: [{ kind: 'image', image: { kind: 'url', url: 'https://x' } }] }],
      },
      ['Chat', 'Vision'],
    ],
  ])('sees what %s asks of a model', (_what, fields, capabilities) => {
    expect(chatNeeds(request(fields)).capabilities).toEqual(capabilities);
  });

  it('estimates by the text and not by the bytes of an image', () => {
    const base64 = 'A'.repeat(1_000_000);
    const image = { kind: 'image', image: { kind: 'inline', mediaType: 'image/png', base64 } } as const;
    const { estimatedInputTokens } = chatNeeds(
      request({ messages: [{ role: 'user', content: [{ kind: 'text', text: 'x'.repeat(300) }, image] }] }),
    );
    expect(estimatedInputTokens).toBe(1_100);
  });
});

describe('embeddingsNeeds', () => {
  it('adds up all inputs', () => {
    expect(
      embeddingsNeeds({ model: 'auto', inputs: { kind: 'texts', texts: ['abc', 'def'] }, encoding: 'float' }),
    ).toEqual({
      operation: 'embeddings',
      capabilities: ['Embeddings'],
      estimatedInputTokens: 2,
    });
  });

  it('counts tokens that the caller has cut himself', () => {
    const inputs = { kind: 'tokens', tokens: [[1, 2, 3], [4]] } as const;
    expect(embeddingsNeeds({ model: 'auto', inputs, encoding: 'float' }).estimatedInputTokens).toBe(4);
  });
});
