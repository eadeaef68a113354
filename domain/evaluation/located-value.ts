/** A part of a golden set's file, with the lines on which its members stand. */
import type { ParsedNode } from 'yaml';
import { isMap, isScalar, isSeq } from 'yaml';

export type ValuePath = readonly (string | number)[];

export interface LocatedValue {
  readonly value: unknown;
  /** From 1; that of the deepest member of the path that has a line of its own. */
  readonly lineOf: (path: ValuePath) => number;
}

export interface GoldenSetProblem {
  readonly ok: false;
  readonly line: number;
  readonly problem: string;
}

export function problemAt(line: number, problem: string): GoldenSetProblem {
  return { ok: false, line, problem };
}

export function onOneLine(value: unknown, line: number): LocatedValue {
  return { value, lineOf: () => line };
}

export function locatedIn(
  node: ParsedNode,
  value: unknown,
  lineAt: (offset: number) => number,
): LocatedValue {
  return {
    value,
    lineOf: (path) => {
      let at: unknown = node;
      let line = lineAt(node.range[0]);
      for (const segment of path) {
        if (isSeq(at)) {
          at = at.items[Number(segment)];
        } else if (isMap(at)) {
          const pair = at.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
          if (isScalar(pair?.key) && pair.key.range) line = lineAt(pair.key.range[0]);
          at = pair?.value;
          continue;
        }
        const range = (at as Partial<ParsedNode> | undefined)?.range;
        if (range === undefined || range === null) break;
        line = lineAt(range[0]);
      }
      return line;
    },
  };
}
