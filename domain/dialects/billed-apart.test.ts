/** No request may cost what the token price of its Model does not tell. */
import { describe, expect, it } from 'vitest';
import { ANTHROPIC_FRONT } from './anthropic/front.ts';
import type { FrontDialect } from './dialect.ts';
import { providerDialectOf } from './dialects.ts';
import { GEMINI_FRONT } from './gemini/front.ts';

function sent(front: FrontDialect, provider: 'Anthropic' | 'Gemini', body: object): string {
  const read = front.readChatRequest(body, { model: 'm' });
  if (!read.ok) throw new Error(read.message);
  const target = { endpoint: 'http://127.0.0.1:9/v1', model: 'm' };
  const written = providerDialectOf(provider).writeChatRequest(read.value, target);
  return written.ok ? (written.value.body ?? '') : written.problem;
}

describe('a request that is billed at other rates than its tokens', () => {
  const claude = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] };
  it.each([
    { speed: 'fast' },
    { inference_geo: 'us' },
    { fallbacks: [{ model: 'claude-opus-5-5' }] },
    { tools: [{ type: 'advisor_20260301', name: 'advisor', model: 'claude-opus-5-5' }] },
    { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    { tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] },
  ])('is not sent to Anthropic: %j', (fields) => {
    expect(sent(ANTHROPIC_FRONT, 'Anthropic', { ...claude, ...fields })).toMatch(
      /price of tokens|billed apart/,
    );
  });

  it.each([{ speed: 'standard' }, { tools: [{ type: 'bash_20250124', name: 'bash' }] }])(
    'is another one than this, which Anthropic is sent: %j',
    (fields) => {
      expect(sent(ANTHROPIC_FRONT, 'Anthropic', { ...claude, ...fields })).toContain('"messages"');
    },
  );

  it('is the one that fills the cache for an hour: Anthropic keeps all marks for five minutes, wherever they stand', () => {
    const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } };
    const body = sent(ANTHROPIC_FRONT, 'Anthropic', {
      ...claude,
      ...mark,
      tools: [{ name: 'a', input_schema: { type: 'object' }, ...mark }],
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'document',
              source: { type: 'content', content: [{ type: 'text', text: 'a', ...mark }] },
              ...mark,
            },
          ],
        },
      ],
    });
    expect(body.match(/"cache_control":\{"type":"ephemeral"\}/g)).toHaveLength(4);
    expect(body).not.toContain('1h');
  });

  it.each(['googleSearch', 'google_search', 'googleMaps'])('is not sent to Gemini: %s', (name) => {
    const body = { contents: [{ parts: [{ text: 'hi' }] }], tools: [{ [name]: {} }] };
    expect(sent(GEMINI_FRONT, 'Gemini', body)).toContain('billed apart');
  });

  it('is not sent to Gemini in a tier of service with other prices', () => {
    const inTier = (serviceTier: string): string =>
      sent(GEMINI_FRONT, 'Gemini', { contents: [{ parts: [{ text: 'hi' }] }], serviceTier });
    expect(inTier('priority')).toContain('price of tokens');
    expect(inTier('standard')).toContain('"contents"');
  });
});
