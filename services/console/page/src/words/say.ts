/** Says a word in the language that the person has chosen; whoever calls it while rendering is rendered anew when that changes. */
import { language } from '../app/preferences.ts';
import { type CountedWord, countIn, type Values, type Word, wordIn } from './languages.ts';

export function say(word: Word, values?: Values): string {
  return wordIn(language.value, word, values);
}

export function sayCount(word: CountedWord, count: number, values?: Values): string {
  return countIn(language.value, word, count, values);
}

/** For words that the server may know before this page does: they are shown as they came. */
export function sayCode(table: Readonly<Record<string, Word>>, code: string): string {
  const word = Object.hasOwn(table, code) ? table[code] : undefined;
  return word === undefined ? code.replaceAll('_', ' ') : say(word);
}
