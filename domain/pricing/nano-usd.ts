/** US dollars as users write them (a decimal string), in the integers that money is counted in. */

const DECIMALS_OF_NANO_USD = 9;

/**
 * A decimal string of US dollars as whole nano-dollars, without a float on the way. Above nine million dollars the
 * largest exact integer stands in: a limit that no run reaches.
 */
export function nanoUsdOfDecimal(usDollars: string): number {
  const [whole = '0', fraction = ''] = usDollars.split('.', 2);
  const exact = BigInt(whole + fraction.padEnd(DECIMALS_OF_NANO_USD, '0'));
  return exact > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(exact);
}
