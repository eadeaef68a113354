/**
 * How many schemas one and the same value is held against, through references and combinations. A schema that comes
 * back to itself without going into the value never ends, and one whose branches double at each of 23 levels checks
 * eight million schemas; both are refused when they are written, not when the first value comes.
 */
import type { SchemaNode } from './evaluation.ts';
import { type LocatedSchema, SchemaRefusal } from './schema-document.ts';

export const IN_PLACE_SCHEMAS_MAXIMUM = 5_000;
export const IN_PLACE_DEPTH_MAXIMUM = 100;

interface InPlaceSchemas {
  readonly count: number;
  /** Of the longest chain. */
  readonly depth: number;
}

export function checkInPlaceSchemas(schemas: Iterable<LocatedSchema>): void {
  const known = new Map<SchemaNode, InPlaceSchemas | 'counting'>();
  const measure = (node: SchemaNode, pointer: string): InPlaceSchemas => {
    const before = known.get(node);
    if (before === 'counting') {
      throw new SchemaRefusal(
        `${pointer} leads back to itself without going into the value, so a check would never end`,
      );
    }
    if (before !== undefined) return before;
    known.set(node, 'counting');
    let [count, depth] = [1, 0];
    for (const inner of node.inPlace) {
      const measured = measure(inner, pointer);
      count += measured.count;
      depth = Math.max(depth, measured.depth);
    }
    depth += 1;
    known.set(node, { count, depth });
    const refuse = (what: string): never => {
      throw new SchemaRefusal(
        `${pointer} holds one value against ${what} by its references and combinations`,
      );
    };
    if (count > IN_PLACE_SCHEMAS_MAXIMUM) refuse(`more than ${IN_PLACE_SCHEMAS_MAXIMUM} schemas`);
    if (depth > IN_PLACE_DEPTH_MAXIMUM) refuse(`a chain of more than ${IN_PLACE_DEPTH_MAXIMUM} schemas`);
    return { count, depth };
  };
  for (const { node, pointer } of schemas) measure(node, pointer);
}
