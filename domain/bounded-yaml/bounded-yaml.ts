/**
 * YAML of strangers. Its size, depth and number of entries are limited before the parser, which recurses, sees it.
 * Aliases and tags are refused: the first can multiply a text, the second make values that are no JSON.
 */
import {
  type Document,
  Lexer,
  LineCounter,
  type ParsedNode,
  type YAMLMap,
  isAlias,
  isMap,
  isScalar,
  parseDocument,
  visit,
} from 'yaml';

export interface YamlBounds {
  /** What the text is, for sentences: "the front matter". */
  readonly subject: string;
  readonly characters: number;
  readonly depth: number;
  readonly entries: number;
  readonly lines: number;
}

export interface YamlProblem {
  readonly ok: false;
  /** Line of the text, from 1; 0 for all of it. */
  readonly line: number;
  readonly problem: string;
}

export interface BoundedYaml {
  readonly ok: true;
  readonly document: Document.Parsed;
  readonly lineAt: (offset: number) => number;
}

export function readBoundedYaml(source: string, bounds: YamlBounds): BoundedYaml | YamlProblem {
  const { subject } = bounds;
  if (source.length > bounds.characters) {
    return { ok: false, line: 0, problem: `${subject} is longer than ${bounds.characters} characters` };
  }
  const excess = findExcess(source, bounds);
  if (excess !== undefined) return { ok: false, ...excess };
  const lineCounter = new LineCounter();
  const lineAt = (offset: number): number => lineCounter.linePos(offset).line;
  const document = parseDocument(source, {
    lineCounter,
    prettyErrors: false,
    version: '1.2',
    // The parser compares every key with every other; here each is looked up once.
    uniqueKeys: false,
    // Of "!!binary", "!!set" and their like YAML makes values that are no JSON.
    resolveKnownTags: false,
  });
  const error = document.errors[0] ?? document.warnings[0];
  if (error !== undefined) {
    return {
      ok: false,
      line: lineAt(error.pos[0]),
      problem: describeYamlError(error.code, error.message),
    };
  }
  const refused = findRefusedNode(document.contents, bounds);
  if (refused !== undefined) {
    return { ok: false, line: lineAt(refused.offset), problem: refused.problem };
  }
  return { ok: true, document, lineAt };
}

/** Reads the tokens alone, which takes a time linear in the text, for what the parser must not be given. */
function findExcess(
  source: string,
  bounds: YamlBounds,
): { readonly line: number; readonly problem: string } | undefined {
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
    if (flowDepth > bounds.depth || dashes > bounds.depth) return { line, problem: tooDeep(bounds) };
    if (entries > bounds.entries) {
      return { line, problem: `${bounds.subject} has more than ${bounds.entries} entries` };
    }
    line += token.split('\n').length - 1;
    if (line > bounds.lines)
      return { line, problem: `${bounds.subject} has more than ${bounds.lines} lines` };
  }
  return undefined;
}

function tooDeep({ subject, depth }: YamlBounds): string {
  return `${subject} is nested deeper than ${depth} levels`;
}

/** The parser's own words where they help, ours where a slip is common and its words are not to be understood. */
function describeYamlError(code: string, message: string): string {
  if (code === 'MULTILINE_IMPLICIT_KEY') return 'a line is not "key: value": a space must follow the colon';
  if (code === 'TAB_AS_INDENT') return 'a line is indented by a tab: YAML takes spaces only';
  if (code === 'BLOCK_AS_IMPLICIT_KEY') {
    return 'nested mappings cannot stand on one line: put a value that holds ": " in quotes, or indent the next line alike';
  }
  if (code === 'TAG_RESOLVE_FAILED') return 'a YAML tag ("!...") is refused: write the value without it';
  return message;
}

function findRefusedNode(
  contents: ParsedNode | null,
  bounds: YamlBounds,
): { readonly offset: number; readonly problem: string } | undefined {
  let refused: { readonly offset: number; readonly problem: string } | undefined;
  if (contents === null) return undefined;
  visit(contents, {
    Node: (key, node, path) => {
      const problem = problemOf(key, node, path.length, bounds);
      if (problem === undefined && isMap(node)) {
        const twice = keyThatStandsTwice(node);
        if (twice === undefined) return undefined;
        refused = { offset: twice, problem: 'a key stands twice: keys must be unique' };
        return visit.BREAK;
      }
      if (problem === undefined) return undefined;
      refused = { offset: node.range?.[0] ?? 0, problem };
      return visit.BREAK;
    },
  });
  return refused;
}

/** `pathLength` counts the pairs too, so that one level of mappings is two. */
function problemOf(key: unknown, node: unknown, pathLength: number, bounds: YamlBounds): string | undefined {
  if (isAlias(node)) return `the YAML alias "*${node.source}" is refused: write the value out`;
  if (pathLength > bounds.depth * 2) return tooDeep(bounds);
  if (isScalar(node) && typeof node.value === 'number' && !Number.isFinite(node.value)) {
    return `the number ${node.source ?? ''} cannot be told in JSON: put it in quotes, or leave it out`;
  }
  if (key !== 'key') return undefined;
  if (!isScalar(node)) return 'a key must be a text';
  return node.value === '__proto__' ? 'the key "__proto__" is refused' : undefined;
}

/** Where the second one begins. */
function keyThatStandsTwice(map: YAMLMap): number | undefined {
  const seen = new Set<unknown>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    if (seen.has(name)) return key.range?.[0] ?? 0;
    seen.add(name);
  }
  return undefined;
}
