/** Exact arithmetic on the numbers of JSON, as they are written in decimal: 19.99 is a multiple of 0.01. */

export function isMultipleOf(value: number, divisor: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
  const left = decimalOf(value);
  const right = decimalOf(divisor);
  // Both as whole numbers of the smaller unit. The exponent of a double is within 324 either way.
  const unit = Math.min(left.exponent, right.exponent);
  return scaled(left, unit) % scaled(right, unit) === 0n;
}

/** Fifteen digits: so many are told apart, and read back as they were written. */
const EXACT_MAXIMUM = 1e15;
const SCALES = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

/** The same for what is written in few digits, as prices and shares are; undefined for all else. */
export function isMultipleOfQuickly(value: number, divisor: number): boolean | undefined {
  const scale = SCALES.find((each) => Math.round(divisor * each) / each === divisor);
  if (scale === undefined || Math.abs(value) * scale >= EXACT_MAXIMUM || divisor * scale >= EXACT_MAXIMUM) {
    return undefined;
  }
  const units = Math.round(value * scale);
  // With more places behind the point than the divisor has, it is none of its multiples.
  return units / scale === value && units % Math.round(divisor * scale) === 0;
}

interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/** The shortest decimal that reads back as this number: what its author wrote. */
function decimalOf(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = String(Math.abs(value)).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

function scaled({ digits, exponent }: Decimal, unit: number): bigint {
  return digits * 10n ** BigInt(exponent - unit);
}
