/** What a schema says about numbers, as ranges (number-grammar.ts) and multiples. */
import { type Alternative, excludedScalars } from './conjunction.ts';
import { type Decimal, compareDecimals, floorDivide, toDecimal, unitsAt } from './decimal.ts';
import type { GrammarBuilder } from './grammar-builder.ts';
import { type Expression, choice, text } from './grammar-expression.ts';
import { type NumberRange, higher, lower, numberGrammar } from './number-grammar.ts';
import { WHOLE_NUMBER_FORMATS } from '#domain/json-schema/formats.ts';
import type { ValueType } from './value-types.ts';

/** So many multiples are written one by one. */
const LISTED_MULTIPLES_MAXIMUM = 200;

export function numbersGrammar(
  types: readonly ValueType[],
  members: Alternative,
  builder: GrammarBuilder,
): Expression {
  const range = rangeOf(members);
  const multiples = multiplesOf(members);
  const excluded = [...excludedScalars(members, 'integer'), ...excludedScalars(members, 'fraction')];
  const hasWhole = types.includes('integer');
  const isWhole =
    !types.includes('fraction') || members.some(({ schema }) => wholeFormat(schema['format']) !== undefined);
  const listed = listMultiples(multiples, range);
  if (listed !== undefined) {
    const fitting = listed.filter(
      (value) =>
        !excluded.includes(value) &&
        (Number.isInteger(value) ? hasWhole : !isWhole) &&
        fitsNumber(value, members),
    );
    return choice(...fitting.map((value) => text(String(value))));
  }
  let places = isWhole ? 0 : Infinity;
  for (const multiple of multiples) {
    const isPowerOfTen = multiple.units === 1n;
    // A multiple of 3 is a multiple of 1, and a multiple of 0.25 has at most two places.
    places = Math.min(places, multiple.places);
    if (!isPowerOfTen) builder.unkept('multipleOf');
  }
  return choice(
    ...withoutPoints(range, excluded as readonly number[]).map((part) =>
      numberGrammar(part, { placesMaximum: places, hasWhole }),
    ),
  );
}

export function fitsNumber(value: number, members: Alternative): boolean {
  const decimal = toDecimal(value);
  const { low, high } = rangeOf(members);
  if (low !== undefined && compareDecimals(decimal, low.value) < (low.isExclusive ? 1 : 0)) return false;
  if (high !== undefined && compareDecimals(decimal, high.value) > (high.isExclusive ? -1 : 0)) return false;
  if (!Number.isInteger(value) && members.some(({ schema }) => wholeFormat(schema['format']) !== undefined))
    return false;
  return multiplesOf(members).every((multiple) => {
    const places = Math.max(multiple.places, decimal.places);
    return unitsAt(decimal, places) % unitsAt(multiple, places) === 0n;
  });
}

function wholeFormat(format: unknown): { readonly least: number; readonly most: number } | undefined {
  return typeof format === 'string' && Object.hasOwn(WHOLE_NUMBER_FORMATS, format)
    ? WHOLE_NUMBER_FORMATS[format]
    : undefined;
}

function rangeOf(members: Alternative): NumberRange {
  let { low, high }: NumberRange = {};
  for (const { schema } of members) {
    const bound = (keyword: string): Decimal | undefined => {
      const value = schema[keyword];
      return typeof value === 'number' ? toDecimal(value) : undefined;
    };
    const [minimum, above] = [bound('minimum'), bound('exclusiveMinimum')];
    const [maximum, below] = [bound('maximum'), bound('exclusiveMaximum')];
    if (minimum !== undefined) low = higher(low, { value: minimum, isExclusive: false });
    if (above !== undefined) low = higher(low, { value: above, isExclusive: true });
    if (maximum !== undefined) high = lower(high, { value: maximum, isExclusive: false });
    if (below !== undefined) high = lower(high, { value: below, isExclusive: true });
    const whole = wholeFormat(schema['format']);
    if (whole !== undefined) {
      low = higher(low, { value: toDecimal(whole.least), isExclusive: false });
      high = lower(high, { value: toDecimal(whole.most), isExclusive: false });
    }
  }
  return { low, high };
}

function multiplesOf(members: Alternative): readonly Decimal[] {
  return members
    .map(({ schema }) => schema['multipleOf'])
    .filter((value): value is number => typeof value === 'number')
    .map(toDecimal);
}

/** All of them, when bounds on both sides leave few. */
function listMultiples(
  multiples: readonly Decimal[],
  { low, high }: NumberRange,
): readonly number[] | undefined {
  const first = multiples.find(({ units }) => units !== 1n);
  if (first === undefined || low === undefined || high === undefined) return undefined;
  const places = Math.max(first.places, low.value.places, high.value.places);
  const step = unitsAt(first, places);
  const from = floorDivide(unitsAt(low.value, places), step);
  const to = floorDivide(unitsAt(high.value, places), step);
  if (to - from > BigInt(LISTED_MULTIPLES_MAXIMUM)) return undefined;
  const count = Number(to - from) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) =>
    Number(decimalText((from + BigInt(index)) * step, places)),
  );
}

function decimalText(units: bigint, places: number): string {
  return `${units}e-${places}`;
}

/** The range in pieces that leave these numbers out. */
function withoutPoints(range: NumberRange, points: readonly number[]): readonly NumberRange[] {
  const sorted = [...new Set(points)].toSorted((a, b) => a - b);
  const pieces: NumberRange[] = [];
  let { low } = range;
  for (const point of sorted) {
    const edge = { value: toDecimal(point), isExclusive: true };
    pieces.push({ low, high: lower(range.high, edge) });
    low = higher(low, edge);
  }
  pieces.push({ low, high: range.high });
  return pieces.filter((piece) => !isEmpty(piece));
}

function isEmpty({ low, high }: NumberRange): boolean {
  if (low === undefined || high === undefined) return false;
  const order = compareDecimals(low.value, high.value);
  return order > 0 || (order === 0 && (low.isExclusive || high.isExclusive));
}
