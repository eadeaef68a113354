/**
 * Regular expressions of users, matched in time linear in the text. ECMAScript's own engine backtracks: `^(a+)+$` on 30
 * letters takes a minute. The pattern is read as ECMAScript with the flag "u", as JSON Schema lays down, and written
 * anew for RE2, so that it means the same there (what `.`, `\s`, `$` take, letters beyond the first plane).
 */
import type { AST } from '@eslint-community/regexpp';
import { RE2JS } from 're2js';
import { type PatternPart, PatternRefusal, parsePattern, readPatternParts } from './pattern-parts.ts';

export const PATTERN_MAXIMUM_CHARACTERS = 2_000;
/** Instructions of the compiled pattern: each costs time for each character of a text. */
export const PATTERN_MAXIMUM_WEIGHT = 5_000;
const REPETITIONS_MAXIMUM = 1_000;

export interface LinearPattern {
  readonly source: string;
  readonly weight: number;
  readonly test: (text: string) => boolean;
}

export type LinearPatternResult =
  | { readonly ok: true; readonly pattern: LinearPattern }
  /** A clause about the pattern: what is wrong and how to mend it. */
  | { readonly ok: false; readonly problem: string };

const REPEATS_TOO_MUCH = 'repeats too much: bound the length by "maxLength" instead';

export function compilePattern(source: string): LinearPatternResult {
  if (source.length > PATTERN_MAXIMUM_CHARACTERS) {
    return { ok: false, problem: `is longer than ${PATTERN_MAXIMUM_CHARACTERS} characters` };
  }
  try {
    const parts = readPatternParts(source).map(compilePart);
    const weight = parts.reduce((sum, part) => sum + part.weight, 0);
    if (weight > PATTERN_MAXIMUM_WEIGHT) throw new PatternRefusal(REPEATS_TOO_MUCH);
    return { ok: true, pattern: { source, weight, test: (text) => parts.every((part) => part.holds(text)) } };
  } catch (error) {
    if (error instanceof PatternRefusal) return { ok: false, problem: error.message };
    return {
      ok: false,
      problem: `cannot be matched in linear time: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

interface CompiledPart {
  readonly weight: number;
  readonly holds: (text: string) => boolean;
}

function compilePart({ pattern, isExcluded }: PatternPart): CompiledPart {
  const { text, weight } = writeAlternatives(parsePattern(pattern).alternatives, 1);
  if (weight > PATTERN_MAXIMUM_WEIGHT) throw new PatternRefusal(REPEATS_TOO_MUCH);
  const compiled = RE2JS.compile(text);
  return { weight, holds: (given) => testBounded(compiled, weight, given) !== isExcluded };
}

/**
 * The engine keeps the states it met, up to megabytes a pattern, so that texts made for it could fill the memory
 * through many patterns. All patterns together may keep what these many characters and instructions make.
 */
const KEPT_MAXIMUM = 4_000_000;
const keeping = new Set<RE2JS>();
let kept = 0;

function testBounded(compiled: RE2JS, weight: number, text: string): boolean {
  keeping.add(compiled);
  kept += text.length * weight;
  const matches = compiled.test(text);
  if (kept > KEPT_MAXIMUM) {
    for (const each of keeping) each.reset();
    keeping.clear();
    kept = 0;
  }
  return matches;
}

interface Written {
  readonly text: string;
  readonly weight: number;
}

/** `repeated` is how often the part is repeated by what stands around it: RE2 writes it out as often. */
function writeAlternatives(alternatives: readonly AST.Alternative[], repeated: number): Written {
  const written = alternatives.map(({ elements }) => elements.map((each) => writeElement(each, repeated)));
  return {
    text: `(?:${written.map((elements) => elements.map(({ text }) => text).join('')).join('|')})`,
    weight: written.flat().reduce((sum, { weight }) => sum + weight, alternatives.length),
  };
}

function writeElement(element: AST.Element, repeated: number): Written {
  if (element.type === 'Character') return { text: writeCharacter(element.value), weight: 1 };
  if (element.type === 'CharacterSet') return { text: `[${writeSet(element)}]`, weight: 1 };
  if (element.type === 'CharacterClass') return { text: writeClass(element), weight: 1 };
  if (element.type === 'CapturingGroup') return writeAlternatives(element.alternatives, repeated);
  if (element.type === 'Quantifier') return writeQuantifier(element, repeated);
  if (element.type === 'Assertion') return { text: writeAssertion(element), weight: 1 };
  if (element.type === 'Group' && element.modifiers === null) {
    return writeAlternatives(element.alternatives, repeated);
  }
  if (element.type === 'Backreference') {
    throw new PatternRefusal(`refers back to a group by ${element.raw}: write out what may stand there`);
  }
  throw new PatternRefusal(`uses ${element.raw.slice(0, 40)}, which is not supported: write it without`);
}

function writeAssertion(assertion: AST.Assertion): string {
  if (assertion.kind === 'start') return '\\A';
  if (assertion.kind === 'end') return '\\z';
  if (assertion.kind === 'word') return assertion.negate ? '\\B' : '\\b';
  const place = assertion.kind === 'lookahead' ? 'put it right behind the first "^"' : 'write it without';
  throw new PatternRefusal(
    `uses the ${assertion.kind} ${assertion.raw.slice(0, 40)}: ${place}, or write several patterns under "allOf" and "not"`,
  );
}

function writeQuantifier({ element, min, max }: AST.Quantifier, repeated: number): Written {
  const most = Number.isFinite(max) ? max : Math.max(min, 1);
  if (repeated * most > REPETITIONS_MAXIMUM) {
    throw new PatternRefusal(
      `repeats a part more than ${REPETITIONS_MAXIMUM} times: bound the length by "maxLength" instead`,
    );
  }
  const { text, weight } = writeElement(element, repeated * Math.max(most, 1));
  const whole = weight * (most + 1) + 1;
  if (whole > PATTERN_MAXIMUM_WEIGHT) throw new PatternRefusal(REPEATS_TOO_MUCH);
  return { text: `(?:${text}){${min},${Number.isFinite(max) ? max : ''}}`, weight: whole };
}

function writeCharacter(codePoint: number): string {
  return `\\x{${codePoint.toString(16)}}`;
}

type ClassElement = AST.UnicodeSetsCharacterClassElement | AST.ClassRangesCharacterClassElement;

function writeClass({ elements, negate }: AST.CharacterClass): string {
  if (elements.length === 0) return negate ? '[\\x{0}-\\x{10ffff}]' : '[^\\x{0}-\\x{10ffff}]';
  return `[${negate ? '^' : ''}${elements.map((each: ClassElement) => writeClassElement(each)).join('')}]`;
}

function writeClassElement(element: ClassElement): string {
  if (element.type === 'Character') return writeCharacter(element.value);
  if (element.type === 'CharacterClassRange') {
    return `${writeCharacter(element.min.value)}-${writeCharacter(element.max.value)}`;
  }
  if (element.type === 'CharacterSet') return writeSet(element);
  throw new PatternRefusal(`uses ${element.raw.slice(0, 40)}, which is not supported: write it without`);
}

/** What stands between the brackets of a class. */
function writeSet(set: AST.CharacterSet): string {
  if (set.kind === 'any') return '\\x{0}-\\x{9}\\x{b}\\x{c}\\x{e}-\\x{2027}\\x{202a}-\\x{10ffff}';
  if (set.kind === 'digit') return set.negate ? '\\D' : '\\d';
  if (set.kind === 'word') return set.negate ? '\\W' : '\\w';
  if (set.kind === 'property') return writeProperty(set);
  return set.negate ? NO_SPACE : SPACE;
}

const SPACE =
  '\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}';
const NO_SPACE =
  '\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}';

function writeProperty({ key, value, negate, raw }: AST.UnicodePropertyCharacterSet): string {
  if (key === 'ASCII') return negate ? '\\x{80}-\\x{10ffff}' : '\\x{0}-\\x{7f}';
  const name = nameOfProperty(key, value);
  if (name !== undefined) return `\\${negate ? 'P' : 'p'}{${name}}`;
  throw new PatternRefusal(
    `uses ${raw}, which is not supported: use a general category such as \\p{L} or a script such as \\p{Script=Greek}`,
  );
}

/** As RE2 knows it. */
function nameOfProperty(key: string, value: string | null): string | undefined {
  if (key === 'Script' || key === 'sc') return value ?? undefined;
  if (value !== null && key !== 'General_Category' && key !== 'gc') return undefined;
  const category = value ?? key;
  return category.length <= 2 ? category : GENERAL_CATEGORIES[category];
}

/** The long names, which RE2 does not know. */
const GENERAL_CATEGORIES: Readonly<Record<string, string>> = {
  Letter: 'L',
  Uppercase_Letter: 'Lu',
  Lowercase_Letter: 'Ll',
  Titlecase_Letter: 'Lt',
  Modifier_Letter: 'Lm',
  Other_Letter: 'Lo',
  Mark: 'M',
  Nonspacing_Mark: 'Mn',
  Spacing_Mark: 'Mc',
  Enclosing_Mark: 'Me',
  Number: 'N',
  Decimal_Number: 'Nd',
  digit: 'Nd',
  Letter_Number: 'Nl',
  Other_Number: 'No',
  Punctuation: 'P',
  punct: 'P',
  Connector_Punctuation: 'Pc',
  Dash_Punctuation: 'Pd',
  Open_Punctuation: 'Ps',
  Close_Punctuation: 'Pe',
  Initial_Punctuation: 'Pi',
  Final_Punctuation: 'Pf',
  Other_Punctuation: 'Po',
  Symbol: 'S',
  Math_Symbol: 'Sm',
  Currency_Symbol: 'Sc',
  Modifier_Symbol: 'Sk',
  Other_Symbol: 'So',
  Separator: 'Z',
  Space_Separator: 'Zs',
  Line_Separator: 'Zl',
  Paragraph_Separator: 'Zp',
  Control: 'Cc',
  cntrl: 'Cc',
  Format: 'Cf',
};
