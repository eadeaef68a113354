import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '#domain/model-providers/openai-chat.ts';
import { chatNeeds, embeddingsNeeds } from './request-needs.ts';

const request = (fields: Partial<ChatRequest>): ChatRequest => ({
  model: 'auto',
  messages: [{ role: 'user', content: 'Hi' }],
  ...fields,
});

describe('chatNeeds', () => {
  it.each<[string, Partial<ChatRequest>, readonly string[]]>([
    ['plain text', {}, ['Chat']],
    ['an empty list of tools', { tools: [] }, ['Chat']],
    ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }, ['Chat', 'Tools']],
    ['any JSON', { response_format: { type: 'json_object' } }, ['Chat']],
    [
      'JSON by a schema',
      { response_format: { type: 'json_schema', json_schema: { name: 's', schema: {} } } },
      ['Chat', 'JsonSchema'],
    ],
    [
      'an image',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:' } }] }] },
      ['Chat', 'Vision'],
    ],
  ])('sees what %s asks of a model', (_what, fields, capabilities) => {
    expect(chatNeeds(request(fields)).capabilities).toEqual(capabilities);
  });

  it('estimates by the text and not by the bytes of an image', () => {
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(1_000_000)}` } };
    const { estimatedInputTokens } = chatNeeds(
      request({ messages: [{ role: 'user', content: [{ type: 'text', text: 'x'.repeat(300) }, image] }] }),
    );
    expect(estimatedInputTokens).toBe(1_100);
  });
});

describe('embeddingsNeeds', () => {
  it('adds up all inputs', () => {
    expect(embeddingsNeeds({ model: 'auto', input: ['abc', 'def'] })).toEqual({
      operation: 'embeddings',
      capabilities: ['Embeddings'],
      estimatedInputTokens: 2,
    });
  });
});
