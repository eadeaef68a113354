import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WrittenThought, beginsWithText, splitWrittenThought } from './written-thought.ts';

function inPieces(pieces: readonly string[], expectsJson = false): { reasoning: string; text: string } {
  const thought = new WrittenThought(expectsJson);
  const parts = [...pieces.map((piece) => thought.push(piece)), thought.end()];
  return {
    reasoning: parts.map(({ reasoning }) => reasoning).join(''),
    text: parts.map(({ text }) => text).join(''),
  };
}

describe('thought at the start of a text', () => {
  it.each([
    ['<think>\nhm {"a":1}? No.\n</think>\n\n{"a":2}', 'hm {"a":1}? No.', '{"a":2}'],
    ['\n <think>hm</think>text', 'hm', 'text'],
    ['<think></think>\n\ntext', '', 'text'],
    ['<think>one</think>\n<think>two</think>text', 'onetwo', 'text'],
    ['[THINK]hm[/THINK]text', 'hm', 'text'],
    ['◁think▷hm◁/think▷text', 'hm', 'text'],
    ['<think>cut off by the limit', 'cut off by the limit', ''],
    ['<think>hm</think>', 'hm', ''],
    ['<think>hm</think>\n\n', 'hm', ''],
  ])('%j is reasoning, and the text is what follows', (whole, reasoning, text) => {
    expect(splitWrittenThought(whole, false)).toEqual({ reasoning, text });
  });

  it.each([
    'plain',
    '',
    '  \n leading blanks stay',
    'The tag <think> opens, </think> closes.',
    '<b>bold</b>',
    '<',
    '<thin',
    '[THIN',
  ])('is not there in %j', (whole) => {
    expect(splitWrittenThought(whole, false)).toEqual({ reasoning: '', text: whole });
  });

  it('is found without its opening tag where JSON is wanted and the text begins like none', () => {
    const whole = 'The mail wants money.</think>\n{"category":"spam"}';
    expect(splitWrittenThought(whole, true)).toEqual({
      reasoning: 'The mail wants money.',
      text: '{"category":"spam"}',
    });
    expect(splitWrittenThought(whole, false)).toEqual({ reasoning: '', text: whole });
    expect(splitWrittenThought('{"tag":"</think>"}', true).text).toBe('{"tag":"</think>"}');
    expect(splitWrittenThought('no JSON at all', true).text).toBe('no JSON at all');
  });

  it('is found wherever the chunks are cut', () => {
    const piece = fc.constantFrom(
      '<think>',
      '</think>',
      '\n',
      ' ',
      'a',
      '<',
      'think>',
      '{"b":1}',
      '[THINK]',
      '[/THINK]',
    );
    const whole = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(
        whole,
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
        fc.boolean(),
        (text, sizes, json) => {
          const pieces: string[] = [];
          for (let start = 0, place = 0; start < text.length; place += 1) {
            const size = sizes[place % sizes.length] ?? 1;
            pieces.push(text.slice(start, start + size));
            start += size;
          }
          const { reasoning, text: rest } = inPieces(pieces, json);
          expect({ reasoning: reasoning.trim(), text: rest }).toEqual(splitWrittenThought(text, json));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('that is held back for a million characters costs no more than its length', () => {
    const thought = new WrittenThought(true);
    let text = '';
    for (let count = 0; count < 250_000; count += 1) text += thought.push('word ').text;
    expect((text + thought.end().text).length).toBe(1_250_000);
  });

  it('decides whether a whole text may go to the caller as it came', () => {
    expect(beginsWithText('Hello', false)).toBe(true);
    expect(beginsWithText('<think>x</think>y', false)).toBe(false);
    expect(beginsWithText('', false)).toBe(false);
    expect(beginsWithText('thinking</think>{}', true)).toBe(false);
    expect(beginsWithText(' {"a":1}', true)).toBe(true);
  });
});
