/** Amounts in the words of the chosen language; null is said to be unknown. */
import { language } from '../app/preferences.ts';
import {
  formatCount,
  formatDuration,
  formatMoney,
  formatRatio,
  formatScore,
  formatShare,
  formatShortCount,
} from '../format/amounts.ts';
import { GENERAL } from '../words/general-words.ts';
import type { Language } from '../words/languages.ts';
import { say } from '../words/say.ts';

type Format = (language: Language, amount: number) => string;
type Amount = number | null | undefined;

export function saying(format: Format): (amount: Amount) => string {
  return (amount) =>
    amount === null || amount === undefined ? say(GENERAL.unknown) : format(language.value, amount);
}

export const sayMoney = saying(formatMoney);
export const sayDuration = saying(formatDuration);
export const sayCountOf = saying(formatCount);
export const sayShortCount = saying(formatShortCount);
export const sayShare = saying(formatShare);
export const sayRatio = saying(formatRatio);
export const sayScore = saying(formatScore);

interface AmountProps {
  readonly value: Amount;
}

const component =
  (format: Format) =>
  ({ value }: AmountProps) =>
    value === null || value === undefined ? (
      <span class="unknown">{say(GENERAL.unknown)}</span>
    ) : (
      <span class="amount">{format(language.value, value)}</span>
    );

export const Money = component(formatMoney);
export const Duration = component(formatDuration);
export const Count = component(formatCount);
export const Share = component(formatShare);

/** A part of a whole; of nothing it is not known. */
export function shareOf(part: number | null, whole: number | null): number | null {
  return part !== null && whole !== null && whole > 0 ? part / whole : null;
}
