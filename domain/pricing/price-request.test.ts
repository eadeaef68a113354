import { describe, expect, it } from 'vitest';
import type { Provider } from '#crds/model.ts';
import { type TokenUsage, NO_USAGE } from '#domain/chat/token-usage.ts';
import { priceOfModel } from './price-request.ts';
import { PRICE_TABLE } from './price-table.ts';
import { costNanoUsd, femtoUsdPerToken } from './token-price.ts';

const NOVEMBER = new Date('2026-11-15T12:00:00Z');

function costOf(
  provider: Provider,
  model: string,
  usage: Partial<TokenUsage>,
  at = NOVEMBER,
): number | undefined {
  const found = priceOfModel({ provider, model }, at);
  return found && costNanoUsd(found.price, { ...NO_USAGE, ...usage });
}

describe('priceOfModel', () => {
  it('takes the price of the object before the table', () => {
    const price = { inputUsdPerMillionTokens: '0.5', outputUsdPerMillionTokens: '1.5' };
    const found = priceOfModel({ provider: 'OpenAI', model: 'gpt-5', price }, NOVEMBER);
    expect(found?.source).toBe('override');
    expect(found?.price.inputFemtoUsd).toBe(femtoUsdPerToken('0.5'));
  });

  it('charges cached tokens like input when the object names no price for them', () => {
    const price = { inputUsdPerMillionTokens: '2', outputUsdPerMillionTokens: '8' };
    const found = priceOfModel({ provider: 'OpenAICompatible', model: 'mine', price }, NOVEMBER);
    expect(
      found && costNanoUsd(found.price, { ...NO_USAGE, cachedInputTokens: 1, cacheWriteTokens: 1 }),
    ).toBe(4000);
  });

  it('charges cached tokens at the price that the object names', () => {
    const price = {
      inputUsdPerMillionTokens: '2',
      outputUsdPerMillionTokens: '8',
      cachedInputUsdPerMillionTokens: '0.2',
      cacheWriteUsdPerMillionTokens: '2.5',
    };
    const found = priceOfModel({ provider: 'OpenAICompatible', model: 'mine', price }, NOVEMBER);
    expect(
      found && costNanoUsd(found.price, { ...NO_USAGE, cachedInputTokens: 1, cacheWriteTokens: 1 }),
    ).toBe(2700);
  });

  it('lets a model on your own machine be free by the word of its object alone', () => {
    const price = { inputUsdPerMillionTokens: '0', outputUsdPerMillionTokens: '0' };
    const found = priceOfModel({ provider: 'OpenAICompatible', model: 'mine', price }, NOVEMBER);
    expect(found && costNanoUsd(found.price, { ...NO_USAGE, inputTokens: 1_000_000 })).toBe(0);
    expect(priceOfModel({ provider: 'OpenAICompatible', model: 'mine' }, NOVEMBER)).toBeUndefined();
  });

  it.each<[Provider, string]>([
    ['OpenAI', 'gpt-5-mega'],
    ['OpenAI', 'claude-sonnet-4-5'],
    ['OpenAI', ''],
    ['Anthropic', 'gpt-5'],
    ['Anthropic', 'claude-opus-9'],
    ['Gemini', 'gemini-9-neon'],
    ['Gemini', 'gemini-2.5-flash-image'],
    ['OpenAI', 'gpt-4o-audio-preview'],
    ['OpenAI', 'gpt-realtime'],
    ['OpenAICompatible', 'gpt-5'],
  ])('does not guess the price of %s %j', (provider, model) => {
    expect(priceOfModel({ provider, model }, NOVEMBER)).toBeUndefined();
  });

  it.each<[Provider, string, string]>([
    ['OpenAI', 'gpt-5-2025-08-07', 'gpt-5'],
    ['OpenAI', 'GPT-5', 'gpt-5'],
    ['Anthropic', 'claude-sonnet-4-5-20250929', 'claude-sonnet-4-5'],
    ['Gemini', 'models/gemini-2.5-flash', 'gemini-2.5-flash'],
  ])('knows %s %s as %s', (provider, model, known) => {
    expect(priceOfModel({ provider, model }, NOVEMBER)).toEqual(
      priceOfModel({ provider, model: known }, NOVEMBER),
    );
    expect(priceOfModel({ provider, model }, NOVEMBER)?.source).toBe('table');
  });
});

/** Worked out by hand from the prices that the providers publish, in nano-dollars. */
describe('the golden ledger', () => {
  it.each<[string, Provider, string, Partial<TokenUsage>, number]>([
    [
      'GPT-5 with cached input',
      'OpenAI',
      'gpt-5',
      { inputTokens: 1000, cachedInputTokens: 2000, outputTokens: 500 },
      6_500_000,
    ],
    [
      'GPT-4o mini',
      'OpenAI',
      'gpt-4o-mini',
      { inputTokens: 1_000_000, outputTokens: 1_000_000 },
      750_000_000,
    ],
    ['an embedding', 'OpenAI', 'text-embedding-3-small', { inputTokens: 1_000_000 }, 20_000_000],
    [
      'Sonnet 4.5 with cache reads and writes',
      'Anthropic',
      'claude-sonnet-4-5',
      { inputTokens: 10, cachedInputTokens: 100_000, cacheWriteTokens: 2000, outputTokens: 300 },
      42_030_000,
    ],
    [
      'Sonnet 4.5 one token over 200,000',
      'Anthropic',
      'claude-sonnet-4-5',
      { inputTokens: 1, cachedInputTokens: 200_000, outputTokens: 1 },
      120_028_500,
    ],
    ['Haiku 4.5', 'Anthropic', 'claude-haiku-4-5', { inputTokens: 1000, outputTokens: 1000 }, 6_000_000],
    [
      'Haiku 5.5 below its threshold of 100,000',
      'Anthropic',
      'claude-haiku-5-5',
      { inputTokens: 100_000 },
      10_000_000,
    ],
    ['Haiku 5.5 above it', 'Anthropic', 'claude-haiku-5-5', { inputTokens: 100_001 }, 50_000_500],
    ['Gemini 2.5 Pro with 300,000 tokens', 'Gemini', 'gemini-2.5-pro', { inputTokens: 300_000 }, 750_000_000],
    ['Gemini 2.5 Pro with 200,000 tokens', 'Gemini', 'gemini-2.5-pro', { inputTokens: 200_000 }, 250_000_000],
    ['Gemini 2.5 Flash', 'Gemini', 'gemini-2.5-flash', { inputTokens: 1000, outputTokens: 1000 }, 2_800_000],
    [
      'GPT-5.6 Sol over 272,000',
      'OpenAI',
      'gpt-5.6-sol',
      { inputTokens: 300_000, outputTokens: 1000 },
      2_430_000_000,
    ],
  ])('%s', (_name, provider, model, usage, nanoUsd) => {
    expect(costOf(provider, model, usage)).toBe(nanoUsd);
  });

  it('prices a request by the day it was made on, so that an old one can be priced again', () => {
    const usage = { inputTokens: 1_000_000 };
    expect(costOf('OpenAI', 'o3', usage, new Date('2025-06-09T23:59:59.999Z'))).toBe(10_000_000_000);
    expect(costOf('OpenAI', 'o3', usage, new Date('2025-06-10T00:00:00.000Z'))).toBe(2_000_000_000);
    expect(costOf('OpenAI', 'o3', usage, new Date('2020-01-01T00:00:00.000Z'))).toBe(10_000_000_000);
  });

  it('already knows a price that begins tomorrow', () => {
    const usage = { inputTokens: 1_000_000 };
    expect(costOf('Gemini', 'gemini-4-argon', usage, new Date('2026-11-30T23:59:59.999Z'))).toBe(
      2_000_000_000,
    );
    expect(costOf('Gemini', 'gemini-4-argon', usage, new Date('2026-12-01T00:00:00.000Z'))).toBe(
      4_000_000_000,
    );
  });
});

describe('the price table', () => {
  const models = [...PRICE_TABLE.OpenAI, ...PRICE_TABLE.Anthropic, ...PRICE_TABLE.Gemini];

  it('names its sources and their versions', () => {
    expect(PRICE_TABLE.sources.map(({ name }) => name)).toEqual(['genai-prices', 'litellm']);
    expect(
      PRICE_TABLE.sources.every(({ version, license }) => /^\d/.test(version) && license === 'MIT'),
    ).toBe(true);
  });

  it('has no model whose input is free', () => {
    const free = models.filter(({ prices }) => prices.some(({ input }) => femtoUsdPerToken(input) === 0n));
    expect(free.map(({ id }) => id)).toEqual([]);
  });

  it('keeps every history rising by date, with the oldest price open to the past', () => {
    for (const { id, prices } of models) {
      const days = prices.map(({ effectiveFrom }) => effectiveFrom ?? '');
      expect(days, id).toEqual([...new Set(days)].sort());
      expect(days[0], id).toBe('');
    }
  });

  it('never has a long request cheaper than a short one', () => {
    for (const { id, prices } of models) {
      for (const { longContext = [], ...base } of prices) {
        const inputs = [base, ...longContext].map(({ input }) => femtoUsdPerToken(input));
        expect(inputs, id).toEqual(inputs.toSorted((a, b) => Number(a - b)));
      }
    }
  });

  it('finds every model under its own name', () => {
    const providers = ['OpenAI', 'Anthropic', 'Gemini'] as const;
    const lost = providers.flatMap((provider) =>
      PRICE_TABLE[provider].filter(({ id }) => priceOfModel({ provider, model: id }, NOVEMBER) === undefined),
    );
    expect(lost.map(({ id }) => id)).toEqual([]);
  });
});
