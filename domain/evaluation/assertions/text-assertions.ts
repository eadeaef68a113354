/** Assertions on the text of an answer, as promptfoo makes them. */
import { distance } from 'fastest-levenshtein';
import { fMeasure, nGram, treeBankTokenize } from 'js-rouge';
import { BODY_BOUNDS, parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import { canonicalJson } from '#domain/canonical-json/canonical-json.ts';
import { compilePattern } from '#domain/json-schema/linear-pattern.ts';
import type { SingleAssertion } from '../golden-set.ts';
import { commaSeparated } from '../csv-case.ts';
import {
  COMPARED_MAXIMUM_CHARACTERS,
  type Check,
  type CompiledCheck,
  holds,
  quote,
} from './assertion-check.ts';
import { isRefusal } from './refusal-phrases.ts';

const LEVENSHTEIN_DEFAULT_THRESHOLD = 5;
const ROUGE_DEFAULT_THRESHOLD = 0.75;

export function compileEquals({ value }: SingleAssertion): CompiledCheck {
  if (value === undefined) return needs('a value');
  if (typeof value !== 'object') {
    const wanted = typeof value === 'string' ? value : JSON.stringify(value);
    return check(({ text }) => holds(text === wanted, `${quote(text)} must equal ${quote(wanted)}`));
  }
  const wanted = canonicalJson(value);
  return check(({ text }) => {
    const parsed = parseBoundedJson(text, BODY_BOUNDS);
    return holds(
      parsed.ok && canonicalJson(parsed.value) === wanted,
      `${quote(text)} must be the JSON ${quote(wanted)}`,
    );
  });
}

/** contains and icontains, of one, all or any. */
export function compileContains({ type, value }: SingleAssertion): CompiledCheck {
  const ignoresCase = type.startsWith('i');
  const isOne = type === 'contains' || type === 'icontains';
  const wanted = wantedTexts(value, isOne);
  if (wanted === undefined) {
    return needs(
      isOne
        ? 'a text or number as its value'
        : 'a list of texts or numbers as its value, none of them empty, or a text with commas',
    );
  }
  const spell = (text: string): string => (ignoresCase ? text.toLowerCase() : text);
  const spelled = wanted.map(spell);
  return check(({ text }) => {
    const within = spell(text);
    const missing = wanted.filter((_, at) => !within.includes(spelled[at] ?? ''));
    if (type.endsWith('-any')) {
      return holds(
        missing.length < wanted.length,
        `the answer must contain one of ${quote(wanted.join(', '))}`,
      );
    }
    return holds(
      missing.length === 0,
      `the answer must contain ${quote(missing.join(', ') || wanted.join(', '))}`,
    );
  });
}

function wantedTexts(value: unknown, isOne: boolean): readonly string[] | undefined {
  const list: unknown = isOne ? [value] : typeof value === 'string' ? commaSeparated(value) : value;
  return Array.isArray(list) && list.length > 0 && list.every(isWanted) ? list.map(String) : undefined;
}

/** Every answer contains an empty text, and hardly one "[object Object]". */
function isWanted(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}

export function compileStartsWith({ value }: SingleAssertion): CompiledCheck {
  if (typeof value !== 'string' || value === '') return needs('a text as its value');
  return check(({ text }) => holds(text.startsWith(value), `the answer must start with ${quote(value)}`));
}

export function compileRegex({ value }: SingleAssertion): CompiledCheck {
  if (typeof value !== 'string' || value === '') return needs('a text as its value');
  const compiled = compilePattern(value);
  if (!compiled.ok) return { ok: false, problem: `has a pattern that ${compiled.problem}` };
  return check(({ text }) => holds(compiled.pattern.test(text), `the answer must match ${quote(value)}`));
}

export function compileLevenshtein(assertion: SingleAssertion): CompiledCheck {
  const { value, threshold = LEVENSHTEIN_DEFAULT_THRESHOLD } = assertion;
  if (typeof value !== 'string') return needs('a text as its value');
  if (value.length > COMPARED_MAXIMUM_CHARACTERS) return tooLong();
  return check(({ text }) => {
    if (text.length > COMPARED_MAXIMUM_CHARACTERS) {
      return holds(false, `the answer is longer than ${COMPARED_MAXIMUM_CHARACTERS} characters`);
    }
    const steps = distance(text, value);
    return holds(steps <= threshold, `${steps} letters differ, where ${threshold} may`);
  });
}

/** The F-score of clipped counts of words (Lin 2004, N = 1), without regard to case. */
export function compileRouge({ value, threshold = ROUGE_DEFAULT_THRESHOLD }: SingleAssertion): CompiledCheck {
  if (typeof value !== 'string' || value === '') return needs('a text as its value');
  if (value.length > COMPARED_MAXIMUM_CHARACTERS) return tooLong();
  const wanted = wordsOf(value);
  return check(({ text }) => {
    if (text.length > COMPARED_MAXIMUM_CHARACTERS) {
      return holds(false, `the answer is longer than ${COMPARED_MAXIMUM_CHARACTERS} characters`);
    }
    const score = rougeScore(wordsOf(text), wanted);
    return holds(score >= threshold, `ROUGE-1 is ${score.toFixed(3)}, and must reach ${threshold}`, score);
  });
}

function wordsOf(text: string): readonly string[] {
  const words = text.trim() === '' ? [] : treeBankTokenize(text.toLowerCase());
  return words.length === 0 ? [] : nGram(words, 1);
}

function rougeScore(given: readonly string[], wanted: readonly string[]): number {
  if (given.length === 0 || wanted.length === 0) return 0;
  const left = new Map<string, number>();
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
  let overlap = 0;
  for (const word of given) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    overlap += 1;
  }
  return overlap === 0 ? 0 : fMeasure(overlap / given.length, overlap / wanted.length, 1);
}

export function compileRefusal(): CompiledCheck {
  return check(({ text, isRefused, toolCalls }) => {
    const isEmpty = text.trim() === '' && toolCalls.length === 0;
    return holds(isRefused || isEmpty || isRefusal(text), `${quote(text)} must be a refusal`);
  });
}

function check(of: Check): CompiledCheck {
  return { ok: true, check: of };
}

function needs(what: string): CompiledCheck {
  return { ok: false, problem: `needs ${what}` };
}

function tooLong(): CompiledCheck {
  return { ok: false, problem: `has a value longer than ${COMPARED_MAXIMUM_CHARACTERS} characters` };
}
