import { setFlagsFromString } from 'node:v8';
import { createContext, runInContext, runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LinearPattern, compilePattern } from './linear-pattern.ts';

/** Sources of small patterns: all that ECMAScript has and linear time allows. */
const pattern = fc.letrec<{ element: string; pattern: string }>((tie) => ({
  pattern: fc
    .array(
      fc.array(tie('element'), { maxLength: 4 }).map((parts) => parts.join('')),
      { minLength: 1, maxLength: 3 },
    )
    .map((alternatives) => alternatives.join('|')),
  element: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    fc.constantFrom(
      'a',
      'b',
      '-',
      '.',
      '\\d',
      '\\D',
      '\\w',
      '\\W',
      '\\s',
      '\\S',
      '\\n',
      '\\/',
      '\\.',
      '\\$',
      '\\u00e9',
      '\\u{1F600}',
      '\\x41',
      '\\cA',
      '[ab]',
      '[^ab]',
      '[a-c]',
      '[\\d-]',
      '[^\\s]',
      '[\\W_]',
      '[]',
      '[^]',
      '[😀é]',
      '\\p{L}',
      '\\P{Lu}',
      '\\p{Letter}',
      '\\p{Script=Greek}',
      '[\\p{Nd}x]',
      '^',
      '$',
      '\\b',
      '\\B',
      '[\\b]',
      '\\ud83d\\ude00',
      '\\0',
    ),
    tie('pattern').map((inner) => `(?:${inner})`),
    tie('pattern').map((inner) => `(${inner})`),
    fc
      .tuple(
        fc.constantFrom('a', '[ab]', '.', '(?:ab|b)', '\\w', 'é'),
        fc.constantFrom('*', '+', '?', '{2}', '{1,}', '{0,3}', '*?', '+?'),
      )
      .map((parts) => parts.join('')),
  ),
})).pattern;

const text = fc.string({
  unit: fc.constantFrom(
    'a',
    'b',
    'A',
    '1',
    '-',
    '.',
    ' ',
    '\n',
    '\u00a0',
    '\u2028',
    '\ufeff',
    'é',
    'Ω',
    '😀',
    '_',
    '/',
    '$',
    '\u0001',
    '\0',
    '\b',
  ),
  maxLength: 8,
});

const otherContext = createContext({});
/** Far beyond what a pattern takes that the engine does not choke on. */
const ENGINE_MILLISECONDS = 2_000;

type Answer = readonly [text: string, isMatch: boolean];

/**
 * What ECMAScript says of each text. Some of the patterns that are drawn here take its engine hours, which is why ours
 * exists: those are drawn anew, as there is nothing to compare with.
 */
function ecmaScript(source: string, texts: readonly string[]): readonly Answer[] {
  const program = `
    const native = new RegExp(${JSON.stringify(source)}, 'u');
    JSON.stringify(${JSON.stringify(texts)}.map((text) => [text, native.test(text)]));`;
  try {
    const answers = runInContext(`{${program}}`, otherContext, { timeout: ENGINE_MILLISECONDS }) as string;
    return JSON.parse(answers) as readonly Answer[];
  } catch (error) {
    fc.pre((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT');
    throw error;
  }
}

function ours(pattern: LinearPattern, texts: readonly string[]): readonly Answer[] {
  return texts.map((text) => [text, pattern.test(text)]);
}

describe('compilePattern', () => {
  it('matches what ECMAScript matches', () => {
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 8, maxLength: 8 }), (source, texts) => {
        const compiled = compilePattern(source);
        if (!compiled.ok) throw new Error(compiled.problem);
        expect(ours(compiled.pattern, texts)).toEqual(ecmaScript(source, texts));
      }),
      { numRuns: 200 },
    );
  });

  it('reads lookaheads behind the first "^" as ECMAScript does, in any number', () => {
    const conditions = fc.array(fc.tuple(fc.constantFrom('(?=', '(?!', '(?=.*', '(?!.*'), pattern), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(
        conditions,
        pattern,
        fc.array(text, { minLength: 8, maxLength: 8 }),
        (given, rest, texts) => {
          const source = `^${given.map(([opening, inner]) => `${opening}(?:${inner}))`).join('')}(?:${rest})`;
          const compiled = compilePattern(source);
          if (!compiled.ok) throw new Error(compiled.problem);
          expect(ours(compiled.pattern, texts)).toEqual(ecmaScript(source, texts));
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    ['^\\d{3}\\-\\d{4}$', '123-4567', '1234567'],
    ['^[^\\@]+\\@[\\w\\-]+\\_$', 'a@b-_', 'a@@_'],
    ['^\\"\\:\\ \\#\\%$', '": #%', ':'],
  ])(
    'takes a backslash before a sign that needs none, as generators write it: %s',
    (source, fitting, unfit) => {
      const compiled = compilePattern(source);
      if (!compiled.ok) throw new Error(compiled.problem);
      expect([fitting, unfit].map((each) => compiled.pattern.test(each))).toEqual([true, false]);
    },
  );

  it.each([
    [
      '(?=a)b',
      /uses the lookahead \(\?=a\): put it right behind the first "\^", or write several patterns under "allOf"/,
    ],
    ['(?<!a)b', /uses the lookbehind \(\?<!a\)/],
    ['(a)\\1', /refers back to a group by \\1: write out what may stand there/],
    ['(?<n>a)\\k<n>', /refers back to a group by \\k<n>/],
    ['^.{0,2000}$', /repeats a part more than 1000 times: bound the length by "maxLength" instead/],
    ['((a{100}){100}){100}', /repeats a part more than 1000 times/],
    ['([a-z]{30}[0-9]{30}){30}{2}', /is no ECMAScript regular expression: Nothing to repeat/],
    ['(', /is no ECMAScript regular expression: Unterminated group/],
    ['\\a', /is no ECMAScript regular expression: Invalid escape/],
    ['\\p{Emoji}', /uses \\p\{Emoji\}, which is not supported: use a general category/],
    ['(?i:a)', /uses \(\?i:a\), which is not supported/],
  ])('refuses %s by name and says how to mend it', (source, problem) => {
    const compiled = compilePattern(source);
    expect(compiled.ok ? 'it was accepted' : compiled.problem).toMatch(problem);
  });

  it.each([
    ['100 levels of groups', `${'('.repeat(101)}${')'.repeat(101)}`, /nests groups deeper than 100 levels/],
    ['2,000 characters', 'a'.repeat(2_001), /is longer than 2000 characters/],
    [
      '5,000 instructions',
      '[a-z]{1,1000}'.repeat(6),
      /repeats too much: bound the length by "maxLength" instead/,
    ],
  ])('refuses more than %s', (_, source, problem) => {
    const compiled = compilePattern(source);
    expect(compiled.ok ? 'it was accepted' : compiled.problem).toMatch(problem);
  });

  it('keeps little memory of texts that were made to fill it', () => {
    // Each letter of such a text is a state that the engine has not met.
    const patterns = Array.from({ length: 20 }, (_, index) =>
      compilePattern(`(?:a|b)*a(?:a|b){${20 + index}}$`),
    );
    const before = heldBytes();
    for (const compiled of patterns) {
      if (!compiled.ok) throw new Error(compiled.problem);
      for (let seed = 1; seed <= 10; seed += 1) compiled.pattern.test(randomText(seed, 500));
    }
    expect(heldBytes() - before).toBeLessThan(20 * 2 ** 20);
  });
});

function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The same text for the same seed, and no repetition in it. */
function randomText(seed: number, length: number): string {
  let state = seed * 2_654_435_761;
  return Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state > 1_073_741_824 ? 'a' : 'b';
  }).join('');
}
