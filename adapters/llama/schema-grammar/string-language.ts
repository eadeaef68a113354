/**
 * Sets of strings as finite automata (the library refa), so that patterns can be joined, excluded and bounded in length
 * exactly, and tested in linear time.
 */
import { CharSet, DFA, ENFA, JS, NFA, type NoParent, TooManyNodesError } from 'refa';
import type { CharacterClass, Concatenation, Element, Quantifier } from 'refa';
import { type PatternPart, PatternRefusal, readPatternParts } from '#domain/json-schema/pattern-parts.ts';
import { SchemaProblem } from './schema-problem.ts';

/** An automaton may need exponentially more states than its pattern has letters: beyond this the pattern is refused. */
const STATES_MAXIMUM = 2000;
const PATTERN_MAXIMUM_CHARACTERS = 2000;
/** Classes such as \p{L} have hundreds of ranges, which every state of an automaton carries. */
const RANGES_MAXIMUM = 50_000;

const MAXIMUM_CHARACTER = 0x10_ff_ff;
const OPTIONS = { maxCharacter: MAXIMUM_CHARACTER };
/** Halves of pairs cannot stand in UTF-8, so that two of them are free to mark where a text begins and ends. */
const SURROGATES = { min: 0xd8_00, max: 0xdf_ff };
const BEGINNING = CharSet.fromCharacter(MAXIMUM_CHARACTER, 0xd8_00);
const END = CharSet.fromCharacter(MAXIMUM_CHARACTER, 0xd8_01);
const ANY_CHARACTER = CharSet.all(MAXIMUM_CHARACTER).without(SURROGATES);

export type StringLanguage = DFA;

/** The strings in which the pattern is found, as `new RegExp(pattern, 'u')` finds it. Throws SchemaProblem. */
export function languageOfPattern(source: string): StringLanguage {
  const languages = partsOf(source).map(({ pattern, isExcluded }) => {
    const language = languageOfPart(pattern);
    return isExcluded ? complementOf(language) : language;
  });
  return intersectionOf(languages);
}

function partsOf(source: string): readonly PatternPart[] {
  try {
    return readPatternParts(source);
  } catch (error) {
    if (error instanceof PatternRefusal) {
      throw new SchemaProblem(`the pattern ${quote(source)} ${error.message}`, { cause: error });
    }
    throw error;
  }
}

function languageOfPart(pattern: string): StringLanguage {
  return bounded(`the pattern ${quote(pattern)}`, () => {
    const alternatives = parsePattern(pattern);
    const around = repeat([characterClass(ANY_CHARACTER)], 0, Infinity);
    const found = alternatives.map((elements) => concatenation([around, ...elements, around]));
    const automaton = NFA.fromRegex(found, OPTIONS, {}, new NFA.LimitedNodeFactory(5 * STATES_MAXIMUM));
    if (rangesOf(automaton) > RANGES_MAXIMUM) {
      throw new SchemaProblem(`the pattern ${quote(pattern)} repeats large classes too often`);
    }
    const marked = DFA.fromIntersection(automaton, markedTexts(), limit());
    return minimized(DFA.fromFA(withoutMarks(marked), limit()));
  });
}

/** As many characters (code points, as JSON Schema counts). */
export function languageOfLength(least: number, most: number | undefined): StringLanguage {
  return bounded('a length beside a pattern', () => {
    const body = repeat([characterClass(ANY_CHARACTER)], least, most ?? Infinity);
    return DFA.fromFA(NFA.fromRegex([concatenation([body])], OPTIONS, {}, new NFA.LimitedNodeFactory()));
  });
}

export function languageOfWords(words: readonly string[]): StringLanguage {
  return bounded('a list of strings', () =>
    minimized(
      DFA.fromWords(words.map(codePointsOf), OPTIONS, new DFA.LimitedNodeFactory(20 * STATES_MAXIMUM)),
    ),
  );
}

export function complementOf(language: StringLanguage): StringLanguage {
  const complement = language.copy();
  complement.complement();
  return complement;
}

export function intersectionOf(languages: readonly StringLanguage[]): StringLanguage {
  return bounded('the patterns and lengths of a string together', () =>
    languages.reduce((left, right) => minimized(DFA.fromIntersection(left, right, limit()))),
  );
}

export function contains(language: StringLanguage, word: string): boolean {
  return language.test(codePointsOf(word));
}

function codePointsOf(word: string): number[] {
  return Array.from(word, (character) => character.codePointAt(0) ?? 0);
}

function limit(): DFA.LimitedNodeFactory {
  return new DFA.LimitedNodeFactory(STATES_MAXIMUM);
}

function minimized(automaton: DFA): DFA {
  automaton.minimize();
  return automaton;
}

/** refa gives up with a TooManyNodesError; whatever else it cannot do is a pattern that has no automaton. */
function bounded(subject: string, build: () => DFA): DFA {
  try {
    return build();
  } catch (error) {
    if (error instanceof SchemaProblem) throw error;
    const isTooLarge = error instanceof RangeError || error instanceof TooManyNodesError;
    throw new SchemaProblem(
      isTooLarge ? `${subject} is too large` : `${subject} is not regular or cannot be read`,
      { cause: error },
    );
  }
}

function quote(pattern: string): string {
  return JSON.stringify(pattern.length > 100 ? `${pattern.slice(0, 100)}...` : pattern);
}

type Parsed = readonly NoParent<Element>[];

function parsePattern(pattern: string): readonly Parsed[] {
  if (pattern.length > PATTERN_MAXIMUM_CHARACTERS) {
    throw new SchemaProblem(`a pattern is longer than ${PATTERN_MAXIMUM_CHARACTERS} characters`);
  }
  const parser = JS.Parser.fromLiteral({ source: pattern, flags: 'u' });
  const { expression } = parser.parse({ backreferences: 'throw', assertions: 'parse' });
  return expression.alternatives.map((alternative) => markAnchors(alternative, pattern));
}

/** `^` and `$` become marks that are read; no character class matches a mark. */
function markAnchors(alternative: NoParent<Concatenation>, pattern: string): Parsed {
  return alternative.elements.map((element): NoParent<Element> => {
    switch (element.type) {
      case 'CharacterClass':
        return characterClass(element.characters.without(SURROGATES));
      case 'Alternation':
      case 'Quantifier':
        return {
          ...element,
          alternatives: element.alternatives.map((inner) => concatenation(markAnchors(inner, pattern))),
        };
      case 'Assertion':
        if (isEdge(element)) return characterClass(element.kind === 'behind' ? BEGINNING : END);
        throw new SchemaProblem(`the pattern ${quote(pattern)} looks ahead or behind`);
      case 'Unknown':
        break;
    }
    throw new SchemaProblem(`the pattern ${quote(pattern)} is not regular`);
  });
}

/** `^` is "nothing stands before", `$` "nothing stands behind". */
function isEdge(assertion: NoParent<Extract<Element, { type: 'Assertion' }>>): boolean {
  const [only, ...others] = assertion.alternatives;
  const [element, ...more] = only?.elements ?? [];
  return (
    assertion.negate &&
    others.length === 0 &&
    more.length === 0 &&
    element?.type === 'CharacterClass' &&
    element.characters.isAll
  );
}

function rangesOf(automaton: NFA): number {
  let ranges = 0;
  for (const node of automaton.nodes()) {
    for (const characters of node.out.values()) ranges += characters.ranges.length;
  }
  return ranges;
}

/** A text between any number of marks; in the empty one they may stand in any order. */
function markedTexts(): NFA {
  const beginnings = repeat([characterClass(BEGINNING)], 0, Infinity);
  const ends = repeat([characterClass(END)], 0, Infinity);
  const marks = repeat([characterClass(BEGINNING.union(END))], 0, Infinity);
  const characters = repeat([characterClass(ANY_CHARACTER)], 0, Infinity);
  return NFA.fromRegex([concatenation([beginnings, characters, ends]), concatenation([marks])], OPTIONS);
}

function withoutMarks(marked: DFA): ENFA {
  const builder = new ENFA.Builder(new ENFA.LimitedNodeFactory(20 * STATES_MAXIMUM));
  const copies = new Map([...marked.nodes()].map((node) => [node, builder.createNode()]));
  const copyOf = (node: DFA.Node): ENFA.Node => copies.get(node) ?? builder.initial;
  builder.linkNodes(builder.initial, copyOf(marked.initial), null);
  for (const [node, copy] of copies) {
    if (marked.finals.has(node)) builder.makeFinal(copy);
    for (const [target, characters] of node.out.invert(MAXIMUM_CHARACTER)) {
      const plain = characters.without(SURROGATES);
      // Two nodes have one link, so that each kind of step gets a node of its own.
      if (!plain.isEmpty) linkThrough(builder, copy, copyOf(target), plain);
      if (plain.size !== characters.size) linkThrough(builder, copy, copyOf(target), null);
    }
  }
  return ENFA.fromBuilder(builder, OPTIONS);
}

function linkThrough(builder: ENFA.Builder, from: ENFA.Node, to: ENFA.Node, by: CharSet | null): void {
  const between = builder.createNode();
  builder.linkNodes(from, between, by);
  builder.linkNodes(between, to, null);
}

/** The steps from a state, each with the characters that take it. */
export function stepsFrom(state: DFA.ReadonlyNode): ReadonlyMap<DFA.ReadonlyNode, CharSet> {
  return state.out.invert(MAXIMUM_CHARACTER);
}

function characterClass(characters: CharSet): NoParent<CharacterClass> {
  return { type: 'CharacterClass', characters };
}

function concatenation(elements: Parsed): NoParent<Concatenation> {
  return { type: 'Concatenation', elements: [...elements] };
}

function repeat(elements: Parsed, min: number, max: number): NoParent<Quantifier> {
  return { type: 'Quantifier', alternatives: [concatenation(elements)], lazy: false, min, max };
}
