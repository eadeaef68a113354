/** Numbers between bounds. At most 15 digits before and behind the point, so that what is written is what is read. */
import { type Decimal, compareDecimals, floorUnits, negated } from './decimal.ts';
import {
  type Expression,
  NEVER,
  NOTHING,
  choice,
  oneOfCharacters,
  optional,
  repetition,
  sequence,
  text,
} from './grammar-expression.ts';

export interface Bound {
  readonly value: Decimal;
  readonly isExclusive: boolean;
}

export interface NumberRange {
  readonly low?: Bound | undefined;
  readonly high?: Bound | undefined;
}

const DIGITS_MAXIMUM = 15;
const LARGEST = 10n ** BigInt(DIGITS_MAXIMUM) - 1n;
/** Up to here there is room for nine places. */
const SMALL = 999_999n;
const ZERO: Decimal = { units: 0n, places: 0 };
const DIGIT = oneOfCharacters('0-9');
const NOT_ZERO = oneOfCharacters('1-9');

/** How far behind the point: `placesMaximum` 0 gives whole numbers alone, `hasWhole` false none of them. */
export interface NumberKind {
  readonly placesMaximum: number;
  readonly hasWhole: boolean;
}

export function numberGrammar(range: NumberRange, { placesMaximum, hasWhole }: NumberKind): Expression {
  const places = Math.min(placesMaximum, DIGITS_MAXIMUM);
  if (range.low === undefined && range.high === undefined && placesMaximum > 0 && hasWhole) {
    return unboundedNumber(places, placesMaximum === Infinity);
  }
  if (places === 0 && !hasWhole) return NEVER;
  const atLeastZero = { value: ZERO, isExclusive: false };
  const positive = { low: higher(range.low, atLeastZero), high: range.high };
  const negative = {
    low: higher(mirrored(range.high), { value: ZERO, isExclusive: true }),
    high: mirrored(range.low),
  };
  return choice(
    magnitude(positive, places, hasWhole),
    sequence(text('-'), magnitude(negative, places, hasWhole)),
  );
}

function unboundedNumber(places: number, hasExponent: boolean): Expression {
  // Two digits of exponent stay far below the largest number there is.
  const exponent = sequence(
    oneOfCharacters('e', 'E'),
    optional(oneOfCharacters('+', '-')),
    repetition(DIGIT, 1, 2),
  );
  return sequence(
    optional(text('-')),
    wholeBetween(0n, LARGEST),
    fractionWithin(FROM_ZERO, undefined, places, true),
    hasExponent ? optional(exponent) : NOTHING,
  );
}

function mirrored(bound: Bound | undefined): Bound | undefined {
  return bound === undefined ? undefined : { ...bound, value: negated(bound.value) };
}

export function higher(left: Bound | undefined, right: Bound): Bound {
  if (left === undefined) return right;
  const order = compareDecimals(left.value, right.value);
  return order > 0 || (order === 0 && left.isExclusive) ? left : right;
}

export function lower(left: Bound | undefined, right: Bound): Bound {
  if (left === undefined) return right;
  const order = compareDecimals(left.value, right.value);
  return order < 0 || (order === 0 && left.isExclusive) ? left : right;
}

/** The numbers of a range that lies at or above zero. */
function magnitude(
  { low, high }: { low: Bound; high?: Bound | undefined },
  places: number,
  hasWhole: boolean,
): Expression {
  const least = roundedUp(low, places);
  const most = high === undefined ? undefined : roundedDown(high, places);
  const firstWhole = least.whole;
  const lastWhole = most === undefined ? LARGEST + 1n : most.whole;
  if (firstWhole > lastWhole || firstWhole > LARGEST) return NEVER;
  if (places === 0) {
    return wholeBetween(
      firstWhole + (least.isExclusive ? 1n : 0n),
      notAbove(LARGEST, lastWhole - (most?.isExclusive === true ? 1n : 0n)),
    );
  }
  // Together at most 15 digits: more would be rounded, perhaps onto a bound.
  const room = (whole: bigint): number =>
    Math.max(1, Math.min(places, DIGITS_MAXIMUM - String(whole).length));
  const from = { digits: least.fraction, isExclusive: least.isExclusive };
  const to = most === undefined ? undefined : { digits: most.fraction, isExclusive: most.isExclusive };
  if (to !== undefined && firstWhole === lastWhole) {
    return withWhole(firstWhole, from, to, room(firstWhole), hasWhole);
  }
  const anyFraction = (whole: bigint): Expression =>
    fractionWithin(FROM_ZERO, undefined, room(whole), hasWhole);
  const last = notAbove(LARGEST, lastWhole - 1n);
  return choice(
    withWhole(firstWhole, from, undefined, room(firstWhole), hasWhole),
    sequence(wholeBetween(firstWhole + 1n, notAbove(SMALL, last)), anyFraction(SMALL)),
    sequence(wholeBetween(notBelow(SMALL, firstWhole) + 1n, last), anyFraction(last)),
    lastWhole > LARGEST ? NEVER : withWhole(lastWhole, FROM_ZERO, to, room(lastWhole), hasWhole),
  );
}

function notAbove(most: bigint, value: bigint): bigint {
  return value < most ? value : most;
}

function notBelow(least: bigint, value: bigint): bigint {
  return value > least ? value : least;
}

function withWhole(
  whole: bigint,
  from: FractionBound,
  to: FractionBound | undefined,
  room: number,
  hasWhole: boolean,
): Expression {
  return sequence(text(String(whole)), fractionWithin(from, to, room, hasWhole));
}

/** The point and what is behind it; nothing of both where the whole number fits itself. */
function fractionWithin(
  from: FractionBound,
  to: FractionBound | undefined,
  room: number,
  hasWhole: boolean,
): Expression {
  const isWholeWithin = isWholeIn(from) && (to === undefined || to.digits !== '' || !to.isExclusive);
  const first = hasWhole || from.digits !== '' ? from : { digits: '', isExclusive: true };
  const digits = to === undefined ? atLeast(first, room) : between(first, to, room);
  const pointed = sequence(text('.'), digits);
  return hasWhole && isWholeWithin ? optional(pointed) : pointed;
}

/** A bound on the part behind the point; `digits` has no zeros at its end. */
interface FractionBound {
  readonly digits: string;
  readonly isExclusive: boolean;
}

const FROM_ZERO: FractionBound = { digits: '', isExclusive: false };

interface RoundedBound {
  readonly whole: bigint;
  readonly fraction: string;
  readonly isExclusive: boolean;
}

function roundedUp({ value, isExclusive }: Bound, places: number): RoundedBound {
  const kept = Math.min(places, value.places);
  const floor = floorUnits(value, kept);
  const isExact = kept === value.places;
  return split(isExact ? floor : floor + 1n, kept, isExact && isExclusive);
}

function roundedDown({ value, isExclusive }: Bound, places: number): RoundedBound {
  const kept = Math.min(places, value.places);
  return split(floorUnits(value, kept), kept, kept === value.places && isExclusive);
}

function split(units: bigint, places: number, isExclusive: boolean): RoundedBound {
  if (units < 0n) return { whole: -1n, fraction: '', isExclusive };
  const scale = 10n ** BigInt(places);
  const fraction = places === 0 ? '' : String(units % scale).padStart(places, '0');
  return { whole: units / scale, fraction: fraction.replace(/0+$/, ''), isExclusive };
}

function isWholeIn({ digits, isExclusive }: FractionBound): boolean {
  return digits === '' && !isExclusive;
}

/** One to `room` digits that are, as a fraction, at least (above) the bound. */
function atLeast({ digits, isExclusive }: FractionBound, room: number): Expression {
  if (room === 0) return NEVER;
  if (digits === '') {
    if (!isExclusive) return repetition(DIGIT, 1, room);
    return choice(
      ...Array.from({ length: room }, (_, zeros) =>
        sequence(text('0'.repeat(zeros)), NOT_ZERO, repetition(DIGIT, 0, room - zeros - 1)),
      ),
    );
  }
  const rest = { digits: digits.slice(1), isExclusive };
  const tail = atLeast(rest, room - 1);
  const first = digits[0] ?? '0';
  return choice(
    sequence(digitsBetween(Number(first) + 1, 9), repetition(DIGIT, 0, room - 1)),
    sequence(text(first), isWholeIn(rest) ? optional(tail) : tail),
  );
}

function atMost({ digits, isExclusive }: FractionBound, room: number): Expression {
  if (room === 0) return NEVER;
  if (digits === '') return isExclusive ? NEVER : repetition(text('0'), 1, room);
  const rest = { digits: digits.slice(1), isExclusive };
  const tail = atMost(rest, room - 1);
  const first = digits[0] ?? '0';
  return choice(
    sequence(digitsBetween(0, Number(first) - 1), repetition(DIGIT, 0, room - 1)),
    sequence(text(first), rest.digits !== '' || !isExclusive ? optional(tail) : tail),
  );
}

function between(from: FractionBound, to: FractionBound, room: number): Expression {
  if (room === 0) return NEVER;
  if (to.digits === '') {
    return from.digits === '' && !from.isExclusive && !to.isExclusive
      ? repetition(text('0'), 1, room)
      : NEVER;
  }
  const low = from.digits[0] ?? '0';
  const high = to.digits[0] ?? '0';
  const fromRest = { digits: from.digits.slice(1), isExclusive: from.isExclusive };
  const toRest = { digits: to.digits.slice(1), isExclusive: to.isExclusive };
  const mayEndHigh = toRest.digits !== '' || !to.isExclusive;
  if (low === high) {
    const tail = between(fromRest, toRest, room - 1);
    return sequence(text(low), isWholeIn(fromRest) && mayEndHigh ? optional(tail) : tail);
  }
  if (low > high) return NEVER;
  const lowTail = atLeast(fromRest, room - 1);
  const highTail = atMost(toRest, room - 1);
  return choice(
    sequence(text(low), isWholeIn(fromRest) ? optional(lowTail) : lowTail),
    sequence(digitsBetween(Number(low) + 1, Number(high) - 1), repetition(DIGIT, 0, room - 1)),
    sequence(text(high), mayEndHigh ? optional(highTail) : highTail),
  );
}

function digitsBetween(first: number, last: number): Expression {
  return first > last ? NEVER : oneOfCharacters(`${first}-${last}`);
}

/** Whole numbers without a sign; both bounds included. */
export function wholeBetween(first: bigint, last: bigint): Expression {
  if (first > last || last < 0n) return NEVER;
  const branches: Expression[] = [];
  const least = notBelow(0n, first);
  if (least === 0n) branches.push(text('0'));
  if (last === 0n) return choice(...branches);
  const [shortest, longest] = [String(least === 0n ? 1n : least).length, String(last).length];
  let full: { from: number; to: number } | undefined;
  for (let length = shortest; length <= longest; length += 1) {
    const smallest = 10n ** BigInt(length - 1);
    const largest = smallest * 10n - 1n;
    if (least <= smallest && last >= largest) {
      full = { from: full?.from ?? length, to: length };
      continue;
    }
    branches.push(sameLength(String(notBelow(smallest, least)), String(notAbove(largest, last))));
  }
  if (full !== undefined) branches.push(sequence(NOT_ZERO, repetition(DIGIT, full.from - 1, full.to - 1)));
  return choice(...branches);
}

function sameLength(first: string, last: string): Expression {
  if (first === '') return NOTHING;
  const [low = '0', high = '0'] = [first[0], last[0]];
  const rest = first.length - 1;
  if (/^0*$/.test(first.slice(1)) && /^9*$/.test(last.slice(1))) {
    return sequence(digitsBetween(Number(low), Number(high)), repetition(DIGIT, rest, rest));
  }
  if (low === high) return sequence(text(low), sameLength(first.slice(1), last.slice(1)));
  return choice(
    sequence(text(low), sameLength(first.slice(1), '9'.repeat(rest))),
    sequence(digitsBetween(Number(low) + 1, Number(high) - 1), repetition(DIGIT, rest, rest)),
    sequence(text(high), sameLength('0'.repeat(rest), last.slice(1))),
  );
}
