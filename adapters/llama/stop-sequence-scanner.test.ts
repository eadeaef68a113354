import { array, assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStopSequenceScanner } from './stop-sequence-scanner.ts';

function scan(pieces: readonly string[], stops: readonly string[]): { shown: string[]; stopped: boolean } {
  const scanner = createStopSequenceScanner(stops);
  const shown: string[] = [];
  for (const piece of pieces) {
    const { text, stopped } = scanner.push(piece);
    shown.push(text);
    if (stopped) return { shown, stopped };
  }
  return { shown: [...shown, scanner.flush()], stopped: false };
}

describe('the stop sequence scanner', () => {
  it('ends before a stop sequence that arrives in pieces, and shows no part of it', () => {
    expect(scan(['Hello E', 'N', 'D world'], ['END'])).toEqual({ shown: ['Hello ', '', ''], stopped: true });
  });

  it('shows what only looked like the beginning of a stop sequence', () => {
    expect(scan(['a E', 'N', 'T b'], ['END'])).toEqual({ shown: ['a ', '', 'ENT b', ''], stopped: false });
  });

  it('shows what was held back when the text ends', () => {
    expect(scan(['almost EN'], ['END'])).toEqual({ shown: ['almost ', 'EN'], stopped: false });
  });

  it('ends before the first of several stop sequences', () => {
    expect(scan(['one two three'], ['three', 'two'])).toEqual({ shown: ['one '], stopped: true });
  });

  it('shows, however the text is cut, the text up to a stop sequence and no more', () => {
    const letters = string({ unit: constantFrom('a', 'b'), maxLength: 12 });
    assert(
      property(
        array(letters, { maxLength: 8 }),
        array(
          letters.filter((stop) => stop !== ''),
          { maxLength: 3 },
        ),
        (pieces, stops) => {
          const whole = pieces.join('');
          const { shown, stopped } = scan(pieces, stops);
          const text = shown.join('');
          expect(stopped).toBe(stops.some((stop) => whole.includes(stop)));
          expect(stops.filter((stop) => text.includes(stop))).toEqual([]);
          expect(stopped || text === whole).toBe(true);
          expect(whole.startsWith(text)).toBe(true);
        },
      ),
    );
  });
});
