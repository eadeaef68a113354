/**
 * Every word of the page stands in a table as `{ en, es }`: the general ones in general-words.ts, those of a screen in its folder.
 * A language that is missing is an error of types.
 */
import { numberFormat } from '../format/formatters.ts';

export const LANGUAGES = ['en', 'es'] as const;
export type Language = (typeof LANGUAGES)[number];

/** `{name}` stands for a value. */
export type Word = Readonly<Record<Language, string>>;
/** With `{count}`, for one and for any other number. */
export type CountedWord = Readonly<Record<Language, readonly [one: string, other: string]>>;
export type Words = Readonly<Record<string, Word | CountedWord>>;
export type Values = Readonly<Record<string, string | number>>;

export function fillIn(text: string, values: Values): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export function placeholdersOf(text: string): readonly string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').toSorted();
}

export function wordIn(language: Language, word: Word, values: Values = {}): string {
  return fillIn(word[language], values);
}

export function countIn(language: Language, word: CountedWord, count: number, values: Values = {}): string {
  const [one, other] = word[language];
  const shown = numberFormat(language).format(count);
  return fillIn(count === 1 ? one : other, { ...values, count: shown });
}
