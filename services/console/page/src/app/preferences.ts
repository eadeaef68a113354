/** What a person chose for this browser. A browser that keeps nothing for the page forgets it, and that is all. */
import { effect, signal } from '@preact/signals';
import { LANGUAGES, type Language } from '../words/languages.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export const language = signal<Language>(
  remembered('language', LANGUAGES) ?? languageOf(navigator.languages),
);
export const theme = signal<Theme>(remembered('theme', THEMES) ?? 'system');

export function languageOf(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = LANGUAGES.find((each) => tag.toLowerCase().split('-')[0] === each);
    if (found !== undefined) return found;
  }
  return 'en';
}

export function keepPreferences(root: HTMLElement): void {
  effect(() => {
    root.lang = language.value;
    remember('language', language.value);
  });
  effect(() => {
    root.dataset['theme'] = theme.value;
    remember('theme', theme.value);
  });
}

function remembered<Value extends string>(name: string, values: readonly Value[]): Value | undefined {
  try {
    const kept = localStorage.getItem(`capataz.${name}`);
    return values.find((value) => value === kept);
  } catch {
    return undefined;
  }
}

function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`capataz.${name}`, value);
  } catch {
    // Storage is full or forbidden.
  }
}
