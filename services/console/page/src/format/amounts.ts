/** Numbers as people read them. Null is what is not known: whoever calls says so in words, for it is never 0. */
import type { Language } from '../words/languages.ts';
import { numberFormat } from './formatters.ts';

const NANO_PER_DOLLAR = 1_000_000_000;
const [MILLISECOND, SECOND, MINUTE, HOUR, DAY] = [1000, 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000];

/** Dollars and cents; of less than a cent the first two digits that say something, of thousands no cents. */
export function formatMoney(language: Language, nanoUsd: number): string {
  const dollars = nanoUsd / NANO_PER_DOLLAR;
  const size = Math.abs(dollars);
  const digits = size >= 1000 ? 0 : 2;
  return numberFormat(language, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    ...(size > 0 && size < 0.01
      ? { maximumSignificantDigits: 2 }
      : { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  }).format(dollars);
}

/** To the last billionth, always with its sign: parts that are read beside their sum add up before the eyes. */
export function formatMoneyExactly(language: Language, nanoUsd: number): string {
  const nano = BigInt(Math.round(nanoUsd));
  const size = nano < 0n ? -nano : nano;
  const whole = numberFormat(language).format(size / BigInt(NANO_PER_DOLLAR));
  const rest = (size % BigInt(NANO_PER_DOLLAR)).toString().padStart(9, '0');
  const point = numberFormat(language).format(1.5).charAt(1);
  return `${nano < 0n ? '\u2212' : '+'}$${whole}${point}${rest}`;
}

export function formatSignedMoney(language: Language, nanoUsd: number): string {
  const sign = nanoUsd > 0 ? '+' : nanoUsd < 0 ? '\u2212' : '';
  return `${sign}${formatMoney(language, Math.abs(nanoUsd))}`;
}

export function formatCount(language: Language, count: number): string {
  return numberFormat(language).format(count);
}

/** `share` from 0 to 1. What is not quite nothing or all is not said to be so. */
export function formatShare(language: Language, share: number): string {
  const isExtreme = (share > 0 && share < 0.1) || (share > 0.99 && share < 1);
  const bounded = share > 0.999 && share < 1 ? 0.999 : share > 0 && share < 0.001 ? 0.001 : share;
  return numberFormat(language, {
    style: 'percent',
    maximumFractionDigits: isExtreme ? 1 : 0,
  }).format(bounded);
}

export function formatRatio(language: Language, ratio: number): string {
  const digits = ratio >= 10 ? 0 : ratio >= 0.1 ? 1 : 2;
  const text = numberFormat(language, {
    minimumFractionDigits: digits === 0 ? 0 : 1,
    maximumFractionDigits: digits,
  }).format(ratio);
  return `\u00d7${text}`;
}

export function formatDuration(language: Language, microseconds: number): string {
  const unit = (value: number, name: string, digits = 0): string =>
    numberFormat(language, {
      style: 'unit',
      unit: name,
      unitDisplay: 'short',
      maximumFractionDigits: digits,
    }).format(value);
  const pair = (large: number, largeName: string, small: number, smallName: string): string => {
    const rest = Math.floor((microseconds % large) / small);
    const first = unit(Math.floor(microseconds / large), largeName);
    return rest === 0 ? first : `${first} ${unit(rest, smallName)}`;
  };
  if (microseconds < SECOND) {
    return unit(microseconds / MILLISECOND, 'millisecond', microseconds < 10 * MILLISECOND ? 1 : 0);
  }
  if (microseconds < MINUTE) return unit(microseconds / SECOND, 'second', microseconds < 10 * SECOND ? 1 : 0);
  if (microseconds < HOUR) return pair(MINUTE, 'minute', SECOND, 'second');
  if (microseconds < DAY) return pair(HOUR, 'hour', MINUTE, 'minute');
  return pair(DAY, 'day', HOUR, 'hour');
}

/** Of tokens, records: `12.4K`. */
export function formatShortCount(language: Language, count: number): string {
  return numberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }).format(count);
}

/** Without a unit, to some significant digits: scores, e-values. */
export function formatScore(language: Language, score: number): string {
  const isLarge = Math.abs(score) >= 100_000;
  return numberFormat(
    language,
    isLarge
      ? { notation: 'scientific', maximumFractionDigits: 1 }
      : { maximumSignificantDigits: Math.abs(score) >= 100 ? 4 : 3 },
  ).format(score);
}
