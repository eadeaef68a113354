import { expect, it } from 'vitest';
import { languageOf } from './preferences.ts';

it('The language is the first that the browser wants and the page has.', () => {
  expect(languageOf(['de-DE', 'es-MX', 'en'])).toBe('es');
  expect(languageOf(['EN-GB', 'es'])).toBe('en');
  expect(languageOf(['de'])).toBe('en');
  expect(languageOf([])).toBe('en');
});
