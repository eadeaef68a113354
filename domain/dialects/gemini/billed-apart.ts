/** What Google bills at rates that the token price of a Model does not tell: another Model is asked instead. */
import type { ChatRequest } from '#domain/chat/chat-request.ts';

const BILLED_TOOLS: ReadonlySet<string> = new Set([
  'googlesearch',
  'googlesearchretrieval',
  'googlemaps',
  'enterprisewebsearch',
]);
const TIERS_AT_THE_PRICE: ReadonlySet<unknown> = new Set(['standard', 'STANDARD', 'unspecified']);

/** One sentence, or undefined. */
export function problemOfPrice({ extensions }: ChatRequest): string | undefined {
  const fields = extensions?.dialect === 'gemini' ? extensions.fields : {};
  const tier = fields['serviceTier'] ?? fields['service_tier'] ?? 'standard';
  if (!TIERS_AT_THE_PRICE.has(tier)) {
    return 'serviceTier other than "standard" changes the price of tokens: leave it out.';
  }
  const tools: readonly unknown[] = Array.isArray(fields['tools']) ? fields['tools'] : [];
  const billed = tools
    .flatMap((tool) => (typeof tool === 'object' && tool !== null ? Object.keys(tool) : []))
    .find((name) => BILLED_TOOLS.has(plainName(name)));
  return billed === undefined
    ? undefined
    : `${billed} is billed apart from tokens: give the agent a search tool instead.`;
}

/** Google takes each name in two spellings: googleSearch and google_search. */
function plainName(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}
