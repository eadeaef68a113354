/** Exact decimal numbers: JSON's numbers are written in tens, and halves of bits must not move a bound. */

/** The value is `units` / 10 ** `places`. */
export interface Decimal {
  readonly units: bigint;
  readonly places: number;
}

/** What JavaScript would print, exactly. The number must be finite. */
export function toDecimal(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const places = fraction.length - Number(exponent);
  const units = BigInt(whole + fraction);
  return places >= 0 ? trimmed({ units, places }) : { units: units * 10n ** BigInt(-places), places: 0 };
}

export function compareDecimals(left: Decimal, right: Decimal): number {
  const places = Math.max(left.places, right.places);
  const difference = unitsAt(left, places) - unitsAt(right, places);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

export function negated({ units, places }: Decimal): Decimal {
  return { units: -units, places };
}

/** How many times 10 ** -places. `places` must be enough. */
export function unitsAt(value: Decimal, places: number): bigint {
  return value.units * 10n ** BigInt(places - value.places);
}

/** Rounded down to whole units of 10 ** -places. */
export function floorUnits(value: Decimal, places: number): bigint {
  return places >= value.places
    ? unitsAt(value, places)
    : floorDivide(value.units, 10n ** BigInt(value.places - places));
}

export function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor !== 0n && dividend < 0n !== divisor < 0n ? quotient - 1n : quotient;
}

function trimmed({ units, places }: Decimal): Decimal {
  let shorter = { units, places };
  while (shorter.places > 0 && shorter.units % 10n === 0n) {
    shorter = { units: shorter.units / 10n, places: shorter.places - 1 };
  }
  return shorter;
}
