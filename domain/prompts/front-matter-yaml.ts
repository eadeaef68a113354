/**
 * The YAML of a front matter. It is parsed in the operator, so its size, depth and count are limited before the parser,
 * which recurses and compares every key with every other, sees it. Aliases are refused: they can multiply a text.
 */
import {
  Lexer,
  LineCounter,
  type ParsedNode,
  isAlias,
  isMap,
  isNode,
  isScalar,
  parseDocument,
  visit,
} from 'yaml';

export const FRONT_MATTER_MAXIMUM_CHARACTERS = 32_768;
const DEPTH_MAXIMUM = 32;
const ENTRIES_MAXIMUM = 2_000;
const LINES_MAXIMUM = 2_000;

export type YamlPath = readonly (string | number)[];

export interface YamlFault {
  readonly ok: false;
  /** Line of the file, from 1. */
  readonly line: number;
  readonly problem: string;
}

export interface FrontMatterYaml {
  readonly ok: true;
  readonly value: Readonly<Record<string, unknown>>;
  /** Line of a key in the file, from 1; that of the deepest key of the path that is there. */
  readonly lineOf: (path: YamlPath) => number;
  /** What stands at the path, as it was written. */
  readonly nodeAt: (path: YamlPath) => ParsedNode | null;
  readonly lineOfNode: (node: ParsedNode) => number;
  /** The node's value, which holds nothing but JSON. */
  readonly valueOf: (node: ParsedNode) => unknown;
}

/** `lineBefore` is the line of the file that the YAML's first line follows: the opening fence's. */
export function readFrontMatterYaml(source: string, lineBefore: number): FrontMatterYaml | YamlFault {
  const fault = (line: number, problem: string): YamlFault => ({
    ok: false,
    line: line + lineBefore,
    problem,
  });
  if (source.length > FRONT_MATTER_MAXIMUM_CHARACTERS) {
    return fault(0, `the front matter is longer than ${FRONT_MATTER_MAXIMUM_CHARACTERS} characters`);
  }
  const excess = findExcess(source);
  if (excess !== undefined) return fault(excess.line, excess.problem);
  const lineCounter = new LineCounter();
  const lineAt = (offset: number): number => lineCounter.linePos(offset).line;
  const document = parseDocument(source, {
    lineCounter,
    prettyErrors: false,
    version: '1.2',
    // Of "!!binary", "!!set" and their like YAML makes values that are no JSON.
    resolveKnownTags: false,
  });
  const error = document.errors[0] ?? document.warnings[0];
  if (error !== undefined) return fault(lineAt(error.pos[0]), describeYamlError(error.code, error.message));
  const { contents } = document;
  const refused = findRefusedNode(contents);
  if (refused !== undefined) return fault(lineAt(refused.offset), refused.problem);
  const isEmpty = contents === null || (isScalar(contents) && contents.source === '');
  if (!isEmpty && !isMap(contents)) {
    return fault(1, 'the front matter must be a YAML mapping of keys to values');
  }
  const value: unknown = isEmpty ? {} : document.toJS({ maxAliasCount: 0 });
  return {
    ok: true,
    value: value as Readonly<Record<string, unknown>>,
    lineOf: (path) => lineOfPath(contents, path, lineAt) + lineBefore,
    nodeAt: (path) => {
      const node: unknown = document.getIn(path, true);
      return isNode(node) ? (node as ParsedNode) : null;
    },
    lineOfNode: (node) => lineAt(node.range[0]) + lineBefore,
    valueOf: (node) => node.toJS(document, { maxAliasCount: 0 }) as unknown,
  };
}

/** Reads the tokens alone, which takes a time linear in the text, for what the parser must not be given. */
function findExcess(source: string): { readonly line: number; readonly problem: string } | undefined {
  let line = 1;
  let flowDepth = 0;
  let dashes = 0;
  let entries = 0;
  for (const token of new Lexer().lex(source)) {
    if (token === '?') return { line, problem: 'a key that begins with "? " is refused: write "key: value"' };
    if (token === '[' || token === '{') flowDepth += 1;
    if (token === ']' || token === '}') flowDepth -= 1;
    // Only "- - -" on one line nests without being indented further.
    if (token === '-') dashes += 1;
    if (token.includes('\n')) dashes = 0;
    if (/^[:,&!*]/.test(token)) entries += 1;
    if (flowDepth > DEPTH_MAXIMUM || dashes > DEPTH_MAXIMUM) return { line, problem: TOO_DEEP };
    if (entries > ENTRIES_MAXIMUM) {
      return { line, problem: `the front matter has more than ${ENTRIES_MAXIMUM} entries` };
    }
    line += token.split('\n').length - 1;
    if (line > LINES_MAXIMUM)
      return { line, problem: `the front matter has more than ${LINES_MAXIMUM} lines` };
  }
  return undefined;
}

const TOO_DEEP = `the front matter is nested deeper than ${DEPTH_MAXIMUM} levels`;

/** The parser's own words where they help, ours where a slip is common and its words are not to be understood. */
function describeYamlError(code: string, message: string): string {
  if (code === 'MULTILINE_IMPLICIT_KEY') return 'a line is not "key: value": a space must follow the colon';
  if (code === 'TAB_AS_INDENT') return 'a line is indented by a tab: YAML takes spaces only';
  if (code === 'DUPLICATE_KEY') return 'a key stands twice: keys must be unique';
  if (code === 'BLOCK_AS_IMPLICIT_KEY') {
    return 'nested mappings cannot stand on one line: put a value that holds ": " in quotes, or indent the next line alike';
  }
  if (code === 'TAG_RESOLVE_FAILED') return 'a YAML tag ("!...") is refused: write the value without it';
  return message;
}

function findRefusedNode(
  contents: ParsedNode | null,
): { readonly offset: number; readonly problem: string } | undefined {
  let refused: { readonly offset: number; readonly problem: string } | undefined;
  if (contents === null) return undefined;
  visit(contents, {
    Node: (key, node, path) => {
      const problem = problemOf(key, node, path.length);
      if (problem === undefined) return undefined;
      refused = { offset: node.range?.[0] ?? 0, problem };
      return visit.BREAK;
    },
  });
  return refused;
}

/** `pathLength` counts the pairs too, so that one level of mappings is two. */
function problemOf(key: unknown, node: unknown, pathLength: number): string | undefined {
  if (isAlias(node)) return `the YAML alias "*${node.source}" is refused: write the value out`;
  if (pathLength > DEPTH_MAXIMUM * 2) return TOO_DEEP;
  if (isScalar(node) && typeof node.value === 'number' && !Number.isFinite(node.value)) {
    return `the number ${node.source ?? ''} cannot be told in JSON: put it in quotes, or leave it out`;
  }
  if (key !== 'key') return undefined;
  if (!isScalar(node)) return 'a key must be a text';
  return node.value === '__proto__' ? 'the key "__proto__" is refused' : undefined;
}

function lineOfPath(contents: unknown, path: YamlPath, lineAt: (offset: number) => number): number {
  let node: unknown = contents;
  let line = 0;
  for (const segment of path) {
    if (!isMap(node)) break;
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === segment);
    if (pair === undefined || !isScalar(pair.key)) break;
    line = lineAt(pair.key.range?.[0] ?? 0);
    node = pair.value;
  }
  return line;
}
