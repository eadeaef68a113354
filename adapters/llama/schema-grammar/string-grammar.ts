/** Strings as JSON writes them, each in one way only: no letter is escaped that need not be. */
import type { CharSet, DFA } from 'refa';
import { type Alternative, excludedScalars } from './conjunction.ts';
import { FORMAT_PATTERNS, FORMATS_OF_ANY_STRING } from './formats.ts';
import { type GrammarBuilder, REPETITIONS_MAXIMUM, greatest, smallest } from './grammar-builder.ts';
import {
  type Expression,
  NEVER,
  characters,
  choice,
  oneOfCharacters,
  repetition,
  sequence,
  text,
} from './grammar-expression.ts';
import { EXCLUDED_PATTERN } from './negation.ts';
import { SchemaProblem } from './schema-problem.ts';
import {
  type StringLanguage,
  complementOf,
  contains,
  intersectionOf,
  languageOfLength,
  languageOfWords,
  stepsFrom,
} from './string-language.ts';

const QUOTE = text('"');
const ESCAPED = choice(
  oneOfCharacters('"', '\\', 'b', 'f', 'n', 'r', 't'),
  sequence(
    text('u00'),
    choice(
      sequence(text('0'), oneOfCharacters('0-7', 'b', 'e', 'f')),
      sequence(text('1'), oneOfCharacters('0-9', 'a-f')),
    ),
  ),
);
const ANY_CHARACTER = choice(
  characters([
    [0x20, 0x21],
    [0x23, 0x5b],
    [0x5d, 0xd7_ff],
    [0xe0_00, 0x10_ff_ff],
  ]),
  sequence(text('\\'), ESCAPED),
);

export function stringGrammar(members: Alternative, builder: GrammarBuilder): Expression {
  const least = greatest(members, 'minLength');
  const most = lengthMaximum(members, builder);
  if (least > REPETITIONS_MAXIMUM) throw new SchemaProblem(`minLength is above ${REPETITIONS_MAXIMUM}`);
  if (most !== undefined && most < least) return NEVER;
  const languages = languagesOf(members, builder);
  if (languages.length === 0) return anyString(least, most, builder);
  if (least > 0 || most !== undefined) languages.push(languageOfLength(least, most));
  return sequence(QUOTE, automatonGrammar(intersectionOf(languages), builder));
}

/** Whether a given string is among them. */
export function fitsString(value: string, members: Alternative, builder: GrammarBuilder): boolean {
  const length = Array.from(value).length;
  const most = smallest(members, 'maxLength') ?? Infinity;
  if (length < greatest(members, 'minLength') || length > most) return false;
  return languagesOf(members, builder).every((language) => contains(language, value));
}

function lengthMaximum(members: Alternative, builder: GrammarBuilder): number | undefined {
  const most = smallest(members, 'maxLength');
  if (most === undefined || most <= REPETITIONS_MAXIMUM) return most;
  builder.unkept('maxLength');
  return undefined;
}

function anyString(least: number, most: number | undefined, builder: GrammarBuilder): Expression {
  return sequence(QUOTE, repetition(builder.ruleOf(ANY_CHARACTER), least, most), QUOTE);
}

function languagesOf(members: Alternative, builder: GrammarBuilder): StringLanguage[] {
  const languages: StringLanguage[] = [];
  for (const { schema } of members) {
    const pattern = schema['pattern'];
    if (typeof pattern === 'string') languages.push(builder.languageOf(pattern));
    const excluded = schema[EXCLUDED_PATTERN];
    if (typeof excluded === 'string') languages.push(complementOf(builder.languageOf(excluded)));
    const format = schema['format'];
    if (typeof format !== 'string' || FORMATS_OF_ANY_STRING.has(format)) continue;
    const known = Object.hasOwn(FORMAT_PATTERNS, format) ? FORMAT_PATTERNS[format] : undefined;
    if (known === undefined) builder.unkept('format');
    else languages.push(builder.languageOf(known));
  }
  const words = excludedScalars(members, 'string') as readonly string[];
  if (words.length > 0) languages.push(complementOf(languageOfWords(words)));
  return languages;
}

/** One rule a state; the last of them writes the closing quote. */
function automatonGrammar(automaton: DFA, builder: GrammarBuilder): Expression {
  const places = [...automaton.nodes()];
  const rules = new Map<DFA.ReadonlyNode, Expression>();
  const define: (() => void)[] = [];
  for (const place of places) {
    const { rule, fill } = builder.laterRule();
    rules.set(place, rule);
    define.push(() => {
      const steps = [...stepsFrom(place)].map(([target, set]) =>
        sequence(charactersOf(set, builder), rules.get(target) ?? NEVER),
      );
      fill(choice(...(automaton.finals.has(place) ? [QUOTE] : []), ...steps));
    });
  }
  for (const each of define) each();
  return rules.get(automaton.initial) ?? NEVER;
}

function charactersOf(set: CharSet, builder: GrammarBuilder): Expression {
  const plain: (readonly [number, number])[] = [];
  const escaped: Expression[] = [];
  for (const { min, max } of set.ranges) {
    for (const [first, last] of PLAIN_SPANS) {
      if (Math.max(min, first) <= Math.min(max, last)) {
        plain.push([Math.max(min, first), Math.min(max, last)]);
      }
    }
    for (const code of ESCAPED_CODES) {
      if (code >= min && code <= max) {
        escaped.push(text(JSON.stringify(String.fromCodePoint(code)).slice(1, -1)));
      }
    }
  }
  const isEveryEscape = escaped.length === ESCAPED_CODES.length;
  const written = choice(characters(plain), ...(isEveryEscape ? [sequence(text('\\'), ESCAPED)] : escaped));
  return builder.sharedRule(`characters ${set.toRangesString()}`, written);
}

const PLAIN_SPANS = [
  [0x20, 0x21],
  [0x23, 0x5b],
  [0x5d, 0xd7_ff],
  [0xe0_00, 0x10_ff_ff],
] as const;
const ESCAPED_CODES = [...Array.from({ length: 0x20 }, (_, code) => code), 0x22, 0x5c];
