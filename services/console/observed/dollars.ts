/** Money in a sentence. */

const NANO_DOLLARS = 1e9;

export function dollars(nanoDollars: number): string {
  const amount = nanoDollars / NANO_DOLLARS;
  return `$${amount.toFixed(amount !== 0 && Math.abs(amount) < 1 ? 4 : 2)}`;
}
