/** From a Model to the price of its tokens: the object's own price first, then the table, and never a guess. */
import type { ModelPrice, ModelSpec, Provider } from '#crds/model.ts';
import { type DatedPrice, PRICE_TABLE, type PricedModel, type Rates, matches } from './price-table.ts';
import { type TokenPrice, type TokenRates, femtoUsdPerToken } from './token-price.ts';

export interface FoundPrice {
  readonly source: 'override' | 'table';
  readonly price: TokenPrice;
}

/**
 * The price of one request that is made `at` this time; undefined when it is not known. The price of an unknown
 * model is not zero: who asks must refuse the model or the cost.
 */
export function priceOfModel(
  spec: Pick<ModelSpec, 'provider' | 'model' | 'price'>,
  at: Date,
): FoundPrice | undefined {
  if (spec.price !== undefined) return { source: 'override', price: fromOverride(spec.price) };
  const priced = pricedModels(spec.provider).find(({ match }) => matches(match, tableName(spec.model)));
  return priced && { source: 'table', price: fromTable(inForce(priced, at)) };
}

/** None of a provider that the table does not name: another vendor's server may charge what it likes, whatever its models are called. */
function pricedModels(provider: Provider): readonly PricedModel[] {
  const byProvider: Partial<Record<Provider, readonly PricedModel[]>> = PRICE_TABLE;
  return byProvider[provider] ?? [];
}

/** Gemini takes names with or without their folder. */
function tableName(model: string): string {
  return model.toLowerCase().replace(/^models\//, '');
}

function inForce({ prices }: PricedModel, at: Date): DatedPrice {
  const day = at.toISOString().slice(0, 10);
  const price = prices.findLast(({ effectiveFrom }) => (effectiveFrom ?? '') <= day) ?? prices[0];
  if (price === undefined) throw new RangeError('a priced model without a price');
  return price;
}

function fromTable(price: DatedPrice): TokenPrice {
  return {
    ...toRates(price),
    longContext: (price.longContext ?? []).map(({ aboveInputTokens, ...rates }) =>
      Object.assign(toRates(rates), { aboveInputTokens }),
    ),
  };
}

function fromOverride(price: ModelPrice): TokenPrice {
  const { cachedInputUsdPerMillionTokens: cachedInput, cacheWriteUsdPerMillionTokens: cacheWrite } = price;
  const rates: Rates = {
    input: price.inputUsdPerMillionTokens,
    output: price.outputUsdPerMillionTokens,
    ...(cachedInput !== undefined && { cachedInput }),
    ...(cacheWrite !== undefined && { cacheWrite }),
  };
  return { ...toRates(rates), longContext: [] };
}

function toRates({ input, cachedInput, cacheWrite, output }: Rates): TokenRates {
  return {
    inputFemtoUsd: femtoUsdPerToken(input),
    cachedInputFemtoUsd: femtoUsdPerToken(cachedInput ?? input),
    cacheWriteFemtoUsd: femtoUsdPerToken(cacheWrite ?? input),
    // Only embeddings have no output price, and they have no output.
    outputFemtoUsd: femtoUsdPerToken(output ?? input),
  };
}
