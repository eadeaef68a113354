/** Numbers as people read them. All sentences are of one line, in English. */
import type { Usual } from '../normality/hour-of-week.ts';

const NANO = 1_000_000_000;
const MOST_CHARACTERS = 1_024;

/** `$500`, `$12.40`, `$0.083`. */
export function dollars(nanoUsd: number): string {
  const usd = Math.abs(nanoUsd) / NANO;
  const sign = nanoUsd < 0 ? '-' : '';
  if (usd >= 100) return `${sign}$${Math.round(usd).toLocaleString('en-US')}`;
  if (usd >= 1 || usd === 0) return `${sign}$${usd.toFixed(usd === 0 ? 0 : 2)}`;
  return usd >= 0.01 ? `${sign}$${usd.toFixed(2)}` : `${sign}$${usd.toPrecision(2)}`;
}

/** `3.1 s`, `420 ms`, `12 min`. */
export function duration(microseconds: number): string {
  const seconds = microseconds / 1_000_000;
  if (seconds >= 120) return `${(seconds / 60).toFixed(seconds >= 600 ? 0 : 1)} min`;
  if (seconds >= 1) return `${seconds.toFixed(1)} s`;
  return `${Math.max(1, Math.round(seconds * 1000))} ms`;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

export function times(ratio: number): string {
  return `x${ratio.toFixed(ratio < 10 ? 1 : 0)}`;
}

export function band(
  { low, high }: Pick<Usual, 'low' | 'high'>,
  amountOf: (amount: number) => string,
): string {
  return `${amountOf(low)}-${amountOf(high)}`;
}

/** `2026-11-26 14:05 UTC`. */
export function moment(atMicroseconds: number): string {
  return `${new Date(atMicroseconds / 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** The beginning of it where it is too long, whole characters alone. */
export function bounded(sentence: string, characters = MOST_CHARACTERS): string {
  if (sentence.length <= characters) return sentence;
  const cut = sentence.slice(0, characters - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}
