/** What is charged, against calculations by hand: each token in one class, and none for free because a server counts its own way. */
import { describe, expect, it } from 'vitest';
import type { Provider } from '#crds/model.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import { providerDialectOf } from './dialects.ts';

const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'hi' }],
  tools: [],
  sampling: {},
};

const BODIES: Readonly<Record<string, (usage: object) => object>> = {
  OpenAICompatible: (usage) => ({
    choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }],
    usage,
  }),
  Anthropic: (usage) => ({ content: [{ type: 'text', text: 'a' }], stop_reason: 'end_turn', usage }),
  Gemini: (usageMetadata) => ({
    candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason: 'STOP' }],
    usageMetadata,
  }),
};

function usageOf(provider: Provider, usage: object): TokenUsage | undefined {
  const body = JSON.stringify(BODIES[provider]?.(usage));
  const read = providerDialectOf(provider).readChatAnswer(body, HELLO);
  return read.ok ? read.value.usage : read.usage;
}

/** input, cached, written, output, reasoning */
type Row = readonly [number, number, number, number, number?];
function told([
  inputTokens,
  cachedInputTokens,
  cacheWriteTokens,
  outputTokens,
  reasoningTokens,
]: Row): object {
  return {
    inputTokens,
    cachedInputTokens,
    cacheWriteTokens,
    outputTokens,
    ...(reasoningTokens !== undefined && { reasoningTokens }),
  };
}

const details = (cached: number): object => ({ prompt_tokens_details: { cached_tokens: cached } });
const thought = (reasoning: number): object => ({
  completion_tokens_details: { reasoning_tokens: reasoning },
});

describe('usage', () => {
  it.each<readonly [string, object, Row]>([
    ['plain', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }, [10, 0, 0, 5]],
    ['without a total', { prompt_tokens: 10, completion_tokens: 5 }, [10, 0, 0, 5]],
    ['texts', { prompt_tokens: '10', completion_tokens: '5', total_tokens: '15' }, [10, 0, 0, 5]],
    [
      'cached within',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, ...details(4) },
      [6, 4, 0, 5],
    ],
    [
      'cached beside',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 115, ...details(100) },
      [10, 100, 0, 5],
    ],
    [
      'cached within, thought in the total alone',
      { prompt_tokens: 1_000, completion_tokens: 5, total_tokens: 1_305, ...details(100) },
      [900, 100, 0, 305, 300],
    ],
    [
      'Claude behind a gateway, within',
      {
        prompt_tokens: 100,
        completion_tokens: 5,
        total_tokens: 105,
        cache_read_input_tokens: 60,
        cache_creation_input_tokens: 30,
      },
      [10, 60, 30, 5],
    ],
    [
      'Claude behind a gateway, beside',
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 105,
        cache_read_input_tokens: 60,
        cache_creation_input_tokens: 30,
      },
      [10, 60, 30, 5],
    ],
    [
      'thought within',
      { prompt_tokens: 10, completion_tokens: 50, total_tokens: 60, ...thought(40) },
      [10, 0, 0, 50, 40],
    ],
    [
      'thought beside',
      { prompt_tokens: 10, completion_tokens: 50, total_tokens: 100, ...thought(40) },
      [10, 0, 0, 90, 40],
    ],
    [
      'thought beside, no total',
      { prompt_tokens: 10, completion_tokens: 5, ...thought(40) },
      [10, 0, 0, 45, 40],
    ],
    [
      'more thought than output, and a total that says it is within',
      { prompt_tokens: 10, completion_tokens: 30, total_tokens: 40, ...thought(50) },
      [10, 0, 0, 30, 30],
    ],
    [
      'a total beyond the thought that is told',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 65, ...thought(20) },
      [10, 0, 0, 55, 20],
    ],
    [
      'a total that is too small',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 3 },
      [10, 0, 0, 5],
    ],
  ])('of a server of the format of OpenAI: %s', (_name, usage, row) => {
    expect(usageOf('OpenAICompatible', usage)).toEqual(told(row));
  });

  it.each<readonly [string, object, Row]>([
    [
      'all classes',
      { input_tokens: 1, cache_read_input_tokens: 2, cache_creation_input_tokens: 3, output_tokens: 4 },
      [1, 2, 3, 4],
    ],
    ['texts', { input_tokens: '1200', output_tokens: '4' }, [1200, 0, 0, 4]],
    [
      'writes by their lifetime alone',
      {
        input_tokens: 1,
        cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 },
        output_tokens: 2,
      },
      [1, 0, 7, 2],
    ],
    ['negative', { input_tokens: -5, output_tokens: 2 }, [0, 0, 0, 2]],
  ])('of Anthropic: %s', (_name, usage, row) => {
    expect(usageOf('Anthropic', usage)).toEqual(told(row));
  });

  it.each<readonly [string, object, Row]>([
    ['plain', { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 }, [10, 0, 0, 5]],
    ['texts', { promptTokenCount: '10', candidatesTokenCount: '5' }, [10, 0, 0, 5]],
    [
      'thought told',
      { promptTokenCount: 10, candidatesTokenCount: 5, thoughtsTokenCount: 7, totalTokenCount: 22 },
      [10, 0, 0, 12, 7],
    ],
    [
      'thought in the total alone',
      { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 22 },
      [10, 0, 0, 12],
    ],
    [
      'cached, and what tools of its own read',
      {
        promptTokenCount: 10,
        cachedContentTokenCount: 4,
        toolUsePromptTokenCount: 6,
        candidatesTokenCount: 5,
        totalTokenCount: 21,
      },
      [12, 4, 0, 5],
    ],
  ])('of Gemini: %s', (_name, usage, row) => {
    expect(usageOf('Gemini', usage)).toEqual(told(row));
  });

  it.each<readonly [Provider, object]>([
    ['OpenAICompatible', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }],
    ['Anthropic', { input_tokens: 0, output_tokens: 0 }],
    ['Gemini', { promptTokenCount: 0, totalTokenCount: 0 }],
  ])('that is all zeros at %s was not told: no answer is free', (provider, usage) => {
    expect(usageOf(provider, usage)).toBeUndefined();
    const body = JSON.stringify({
      id: 'a',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      ...BODIES[provider]?.(usage),
    });
    expect(providerDialectOf(provider).readPlainAnswer?.(body, HELLO)).toBeUndefined();
  });
});
