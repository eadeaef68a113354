import { expect, it } from 'vitest';
import { visible, visibleParts } from './visible-text.ts';

it('What cannot be seen or turns the direction is written out and marked; all else is as it was.', () => {
  expect(visibleParts('a\u202eb')).toEqual([
    { text: 'a', isUnseen: false },
    { text: '\\u{202e}', isUnseen: true },
    { text: 'b', isUnseen: false },
  ]);
  expect(visible('\u001b[31m \u200b\ufeff \ud800 \ue000')).toBe(
    '\\x1b[31m \\u{200b}\\u{feff} \\u{d800} \\u{e000}',
  );
  expect(visible('caf\u00e9 \u05e9\u05dc\u05d5\u05dd \u2764\ufe0f\nline\ttab')).toBe(
    'caf\u00e9 \u05e9\u05dc\u05d5\u05dd \u2764\ufe0f\nline\ttab',
  );
});

it('Marks that are piled upon a letter do not reach over the lines around it.', () => {
  expect(visible(`Z${'\u0301'.repeat(50)}`)).toBe(`Z${'\u0301'.repeat(4)}\u2026`);
});

it('Nothing is no part.', () => {
  expect(visibleParts('')).toEqual([]);
});

it('A name of nothing but room is written out, for nobody could read or click it.', () => {
  expect(visibleParts(' ')).toEqual([{ text: '\\x20', isUnseen: true }]);
  expect(visible('\t\u2800')).toBe('\\x09\\u{2800}');
  expect(visible('\n'.repeat(800))).toBe(`${'\\x0a'.repeat(8)}\u2026`);
});
