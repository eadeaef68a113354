import * as fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { ATTACK } from '../testing/sample-run.ts';
import { renderTable } from './table.ts';
import { visible, visibleJson, visibleLines } from './visible-text.ts';

/** What a terminal acts upon, or nobody sees. Isolates are ours. */
const ACTED_UPON =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Co}\u200b-\u200f\u202a-\u202e\u2060\u2066\u2067\u061c\ufeff\u{e0000}-\u{e007f}]/u;

const anyText = fc.string({ unit: 'binary', maxLength: 64 });

describe('words of strangers on a terminal', () => {
  it('cannot move the cursor, set the title, write to the clipboard or turn the reading round', () => {
    expect(visible(ATTACK)).toBe(
      String.raw`\x1b[2J\x1b]0;owned\x07\x9b31m\x1b]52;c;ZXZpbA==\x07\u{202e}gnp.exe\u{200b}`,
    );
  });

  it('keep nothing that a terminal acts upon, whatever they are', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(visible(text)).not.toMatch(ACTED_UPON);
        for (const line of visibleLines(text)) expect(line).not.toMatch(ACTED_UPON);
      }),
    );
  });

  it('stay as they are where they are only words, in any language', () => {
    for (const text of ['refund 10 €', '注文を確認', 'naïve', '👍🏽 ok', '한국어', 'x\\y'])
      expect(visible(text)).toBe(text);
  });

  it('from right to left cannot reach beyond themselves', () => {
    expect(visible('שלום 12')).toBe('\u2068שלום 12\u2069');
  });

  it('cannot pile marks over the lines around them', () => {
    expect(visible(`a${'\u0301'.repeat(500)}b`).length).toBeLessThan(10);
  });

  it('mean the same in JSON, where no terminal acts upon them', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = visibleJson({ text });
        expect(json).not.toMatch(ACTED_UPON);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });

  it('keep the columns of a table where they are, wide or narrow', () => {
    const rows = ['plain', '注文を確認', '👍🏽', 'שלום', ATTACK, 'x'.repeat(500)].map((name) => ({ name }));
    const { lines } = renderTable(
      [
        { title: 'NAME', cell: ({ name }) => name },
        { title: 'AFTER', cell: () => 'here' },
      ],
      rows,
    );
    expect(new Set(lines.map((line) => stringWidth(line.replace(/(AFTER|here)$/, '')))).size).toBe(1);
  });
});
