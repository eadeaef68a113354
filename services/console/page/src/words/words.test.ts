import { describe, expect, it } from 'vitest';
import { countIn, LANGUAGES, placeholdersOf, wordIn, type Words } from './languages.ts';

const TABLES = Object.values(
  import.meta.glob<Readonly<Record<string, Words>>>('../**/*-words.ts', { eager: true }),
).flatMap((module) => Object.values(module));
const ENTRIES = TABLES.flatMap((table) => Object.entries(table));

describe('the words of the page', () => {
  it('are there in every language, none of them empty', () => {
    expect(ENTRIES.length).toBeGreaterThan(100);
    const missing = ENTRIES.filter(([, word]) =>
      LANGUAGES.some((language) => [word[language]].flat().some((text) => text.trim() === '')),
    );
    expect(missing.map(([name]) => name)).toEqual([]);
  });

  it('take the same values in every language', () => {
    // Of a counted word each form by itself: one hour may be "the last hour".
    const uneven = ENTRIES.filter(([, word]) =>
      [0, 1].some((form) => {
        const placeholders = LANGUAGES.map((language) =>
          placeholdersOf([word[language]].flat()[form] ?? '').join(' '),
        );
        return new Set(placeholders).size > 1;
      }),
    );
    expect(uneven.map(([name]) => name)).toEqual([]);
  });

  it('are filled in, and counted in the numbers of the language', () => {
    expect(wordIn('es', { en: 'by {who}', es: 'por {who}' }, { who: 'Ana' })).toBe('por Ana');
    const agents = {
      en: ['{count} agent', '{count} agents'],
      es: ['{count} agente', '{count} agentes'],
    } as const;
    expect(countIn('en', agents, 1)).toBe('1 agent');
    expect(countIn('es', agents, 12_000)).toBe('12.000 agentes');
  });

  it('do not take a name that is not given, or a text of braces, for one', () => {
    expect(wordIn('en', { en: '{who} said {what}', es: '' }, { who: '{what}' })).toBe('{what} said {what}');
  });
});
