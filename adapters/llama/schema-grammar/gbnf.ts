/** Grammars as llama.cpp reads them (https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md). */
import { type Expression, NEVER, type Rules, childrenOf, reachableRules } from './grammar-expression.ts';

/** What llama.cpp makes of a grammar: every repetition is written out. Infinity when it would not take it at all. */
export function expandedSize(rules: Rules): number {
  return [...reachableRules(rules)].reduce((sum, rule) => sum + sizeOf(rules[rule]), 0);
}

function sizeOf(expression: Expression | undefined): number {
  if (expression === undefined) return 0;
  const inner = childrenOf(expression).reduce((sum, child) => sum + sizeOf(child), 1);
  if (expression.kind === 'text') return expression.text.length + 1;
  if (expression.kind === 'characters') return 2 * expression.ranges.length;
  if (expression.kind === 'repetition')
    return inner * Math.max(1, expression.least, expression.most ?? 0) + 1;
  return inner;
}

export function renderGbnf(rules: Rules): string {
  return [...reachableRules(rules)]
    .map((rule) => `${ruleName(rule)} ::= ${render(rules[rule] ?? NEVER)}\n`)
    .join('');
}

function ruleName(rule: number): string {
  return rule === 0 ? 'root' : `rule-${rule}`;
}

function render(expression: Expression): string {
  switch (expression.kind) {
    case 'text':
      return `"${Array.from(expression.text, escapeCharacter).join('')}"`;
    case 'characters':
      return `[${expression.ranges.map(([first, last]) => renderRange(first, last)).join('')}]`;
    case 'sequence':
      return expression.parts.length === 0 ? '""' : expression.parts.map(renderPart).join(' ');
    case 'choice':
      return expression.branches.map(render).join(' | ');
    case 'repetition':
      return `${renderRepeated(expression.body)}${renderBounds(expression.least, expression.most)}`;
    case 'rule':
      return ruleName(expression.rule);
    case 'never':
    case 'preference':
      break;
  }
  throw new Error('a grammar must be reduced before it is rendered');
}

function renderPart(expression: Expression): string {
  return expression.kind === 'choice' ? `(${render(expression)})` : render(expression);
}

function renderRepeated(expression: Expression): string {
  const isOne = expression.kind === 'characters' || expression.kind === 'rule';
  return isOne ? render(expression) : `(${render(expression)})`;
}

function renderBounds(least: number, most: number | undefined): string {
  if (most === undefined) return least === 0 ? '*' : least === 1 ? '+' : `{${least},}`;
  return least === 0 && most === 1 ? '?' : `{${least},${most}}`;
}

function renderRange(first: number, last: number): string {
  return first === last ? escapeCodePoint(first) : `${escapeCodePoint(first)}-${escapeCodePoint(last)}`;
}

function escapeCharacter(character: string): string {
  return /[\w .,:;{}()+*/=<>@!?-]/.test(character)
    ? character
    : escapeCodePoint(character.codePointAt(0) ?? 0);
}

function escapeCodePoint(code: number): string {
  if (/[0-9A-Za-z]/.test(String.fromCodePoint(code))) return String.fromCodePoint(code);
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}
