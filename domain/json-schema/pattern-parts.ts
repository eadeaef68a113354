/**
 * Reads a pattern as its author meant it, before an engine of linear time is asked: what ECMAScript takes only without
 * the flag "u" (`\-` for a hyphen, as generators write it), and lookaheads at the beginning, as passwords and
 * Pydantic's decimals have them. `^(?=A)(?!B)C` says of a text that it fits `^A`, does not fit `^B`, and fits `^C`.
 */
import { type AST, RegExpParser } from '@eslint-community/regexpp';

const GROUPS_DEPTH_MAXIMUM = 100;

/** The message is a clause about the pattern: what is wrong and how to mend it. */
export class PatternRefusal extends Error {}

/** A pattern without lookaheads at its beginning, which a text must fit, or must not. */
export interface PatternPart {
  /** As ECMAScript reads it with the flag "u". */
  readonly pattern: string;
  readonly isExcluded: boolean;
}

const parser = new RegExpParser({ ecmaVersion: 2025 });

/** A text fits the pattern when it fits all parts. Throws PatternRefusal. */
export function readPatternParts(source: string): readonly PatternPart[] {
  const pattern = withoutNeedlessEscapes(source);
  const [only, ...others] = parsePattern(pattern).alternatives;
  const [first, ...elements] = only?.elements ?? [];
  const isAnchored = others.length === 0 && first?.type === 'Assertion' && first.kind === 'start';
  if (!isAnchored) return [{ pattern, isExcluded: false }];
  const rest = elements.findIndex((element) => !isLookahead(element));
  const lookaheads = elements.slice(0, rest === -1 ? elements.length : rest).filter(isLookahead);
  if (lookaheads.length === 0) return [{ pattern, isExcluded: false }];
  const conditions = lookaheads.map(({ alternatives, negate }) => ({
    pattern: `^(?:${alternatives.map(({ raw }) => raw).join('|')})`,
    isExcluded: negate,
  }));
  const end = lookaheads.at(-1)?.end ?? 0;
  return [...conditions, { pattern: `^${pattern.slice(end)}`, isExcluded: false }];
}

function isLookahead(element: AST.Element): element is AST.LookaheadAssertion {
  return element.type === 'Assertion' && element.kind === 'lookahead';
}

/** Whether ECMAScript takes it, whatever it would cost to match. */
export function isRegularExpression(source: string): boolean {
  try {
    parsePattern(source);
    return true;
  } catch {
    return false;
  }
}

/** Throws PatternRefusal. */
export function parsePattern(source: string): AST.Pattern {
  // The parser recurses over groups.
  if (depthOfGroups(source) > GROUPS_DEPTH_MAXIMUM) {
    throw new PatternRefusal(`nests groups deeper than ${GROUPS_DEPTH_MAXIMUM} levels`);
  }
  try {
    return parser.parsePattern(source, 0, source.length, { unicode: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const reason = message.replace(/^Invalid regular expression: \/.*\/u?: /s, '');
    throw new PatternRefusal(`is no ECMAScript regular expression: ${reason}`);
  }
}

function depthOfGroups(source: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of source) {
    if (character === '(') deepest = Math.max(deepest, (depth += 1));
    else if (character === ')') depth -= 1;
  }
  return deepest;
}

/** Signs that mean themselves everywhere: with the flag "u" a backslash before one is an error. */
const PLAIN_SIGNS = new Set(' !"#%&\':;<=>@_`~');

function withoutNeedlessEscapes(source: string): string {
  let written = '';
  let isInClass = false;
  for (let index = 0; index < source.length; index += 1) {
    const sign = source[index] ?? '';
    const escaped = source[index + 1] ?? '';
    if (sign === '\\') {
      const isPlain = escaped === '-' ? !isInClass : PLAIN_SIGNS.has(escaped);
      // Behind "(?" the sign alone would begin a group of its own kind.
      written += isPlain && !written.endsWith('(?') ? escaped : sign + escaped;
      index += 1;
      continue;
    }
    if (sign === '[') isInClass = true;
    else if (sign === ']') isInClass = false;
    written += sign;
  }
  return written;
}
