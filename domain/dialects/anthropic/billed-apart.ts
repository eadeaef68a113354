/** What Anthropic bills at rates that the token price of a Model does not tell: another Model is asked instead. */
import type { ChatRequest } from '#domain/chat/chat-request.ts';

/** Values of a field that cost what the price says. */
const AT_THE_PRICE: ReadonlyMap<string, readonly unknown[]> = new Map([
  ['speed', ['standard']],
  ['inference_geo', ['global']],
  ['service_tier', ['auto', 'standard_only']],
  // Other models, which have other prices.
  ['fallbacks', []],
]);
/** Also a model that advises, which has rates of its own. */
const BILLED_TOOLS = /^(?:web_search|code_execution|advisor)_/;

const HOLDERS_OF_BLOCKS = ['content', 'source'];
export const SHORT_CACHE = { type: 'ephemeral' };

/** One sentence, or undefined. */
export function problemOfPrice({ extensions, tools }: ChatRequest): string | undefined {
  const fields = extensions?.dialect === 'anthropic' ? extensions.fields : {};
  const field = [...AT_THE_PRICE].find(
    ([name, values]) => fields[name] !== undefined && !values.includes(fields[name]),
  );
  if (field !== undefined) return `${field[0]} changes the price of tokens: leave it out.`;
  const billed = tools.findIndex(({ extensions: own }) => {
    const type = own?.dialect === 'anthropic' ? own.fields['type'] : undefined;
    return typeof type === 'string' && BILLED_TOOLS.test(type);
  });
  return billed === -1
    ? undefined
    : `tools.${billed} is billed apart from tokens: give the agent a tool of its own instead.`;
}

/**
 * The longest lifetime of a mark for the cache has another price, which no price of ours can say: all are kept for five
 * minutes, also those of the blocks inside a block.
 */
export function withShortCache(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {
    ...fields,
    ...(Boolean(fields['cache_control']) && { cache_control: SHORT_CACHE }),
    ...Object.fromEntries(
      HOLDERS_OF_BLOCKS.filter((name) => name in fields).map((name) => [name, shortInside(fields[name])]),
    ),
  };
}

function shortInside(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(shortInside);
  return typeof node === 'object' && node !== null ? withShortCache({ ...node }) : node;
}
