/** The YAML of a front matter, with the lines of its parts. */
import { type ParsedNode, isMap, isNode, isScalar } from 'yaml';
import { readBoundedYaml } from '#domain/bounded-yaml/bounded-yaml.ts';

export const FRONT_MATTER_MAXIMUM_CHARACTERS = 32_768;
const BOUNDS = {
  subject: 'the front matter',
  characters: FRONT_MATTER_MAXIMUM_CHARACTERS,
  depth: 32,
  entries: 2_000,
  lines: 2_000,
} as const;

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
  const read = readBoundedYaml(source, BOUNDS);
  if (!read.ok) return fault(read.line, read.problem);
  const { document, lineAt } = read;
  const { contents } = document;
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
