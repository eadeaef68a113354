/**
 * The built-in prices: price-table.json, written by tools/update-price-table.py from public lists. Checked when it is
 * loaded, so that a broken table stops the process at its start and never a request.
 */
import { z } from 'zod';
import table from './price-table.json' with { type: 'json' };

const Usd = z.string().regex(/^\d+(\.\d{1,9})?$/);

/** US dollars for a million tokens. Without a price of its own, cached input costs what input costs. */
const Rates = z.strictObject({
  input: Usd,
  cachedInput: Usd.optional(),
  cacheWrite: Usd.optional(),
  /** Absent for embeddings, which have no output. */
  output: Usd.optional(),
});
export type Rates = z.infer<typeof Rates>;

const DatedPrice = Rates.extend({
  /** The day, in UTC, from whose beginning the price holds; absent for the first of a history. */
  effectiveFrom: z.iso.date().optional(),
  longContext: z.array(Rates.extend({ aboveInputTokens: z.int().positive() })).optional(),
});
export type DatedPrice = z.infer<typeof DatedPrice>;

/** Which names a price is for. Names are compared in lower case. */
export type MatchRule =
  | { readonly equals: string }
  | { readonly startsWith: string }
  | { readonly endsWith: string }
  | { readonly contains: string }
  | { readonly regex: string }
  | { readonly or: readonly MatchRule[] }
  | { readonly and: readonly MatchRule[] };

const MatchRule: z.ZodType<MatchRule> = z.lazy(() =>
  z.union([
    z.strictObject({ equals: z.string() }),
    z.strictObject({ startsWith: z.string() }),
    z.strictObject({ endsWith: z.string() }),
    z.strictObject({ contains: z.string() }),
    z.strictObject({ regex: z.string().refine(isRegularExpression) }),
    z.strictObject({ or: z.array(MatchRule).min(1) }),
    z.strictObject({ and: z.array(MatchRule).min(1) }),
  ]),
);

const PricedModel = z.strictObject({
  id: z.string(),
  match: MatchRule,
  /** Rising by date. */
  prices: z.array(DatedPrice).min(1),
});
export type PricedModel = z.infer<typeof PricedModel>;

const PriceTable = z.strictObject({
  sources: z.array(
    z.strictObject({ name: z.string(), version: z.string(), license: z.string(), url: z.string() }),
  ),
  OpenAI: z.array(PricedModel),
  Anthropic: z.array(PricedModel),
  Gemini: z.array(PricedModel),
});

export const PRICE_TABLE = PriceTable.parse(table);

export function matches(rule: MatchRule, name: string): boolean {
  if ('equals' in rule) return name === rule.equals;
  if ('startsWith' in rule) return name.startsWith(rule.startsWith);
  if ('endsWith' in rule) return name.endsWith(rule.endsWith);
  if ('contains' in rule) return name.includes(rule.contains);
  if ('regex' in rule) return new RegExp(rule.regex).test(name);
  if ('or' in rule) return rule.or.some((part) => matches(part, name));
  return rule.and.every((part) => matches(part, name));
}

function isRegularExpression(source: string): boolean {
  try {
    return new RegExp(source).source !== '';
  } catch {
    return false;
  }
}
