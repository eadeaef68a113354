/** Walking JSON Schema: what is a schema, where `$ref` leads, and whether it leads in a circle. */
import type { JsonSchema } from '#domain/chat/chat-request.ts';

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keywords that say nothing about which values fit. */
export const ANNOTATIONS: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  'id',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'example',
  'deprecated',
  'readOnly',
  'writeOnly',
  '$defs',
  'definitions',
]);

/** What `#/$defs/Name` and `#/definitions/Name` name in `root`; undefined for any other reference. */
export function definitionOf(reference: unknown, root: JsonSchema): JsonSchema | undefined {
  const match = typeof reference === 'string' ? /^#\/(\$defs|definitions)\/([^/]+)$/.exec(reference) : null;
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const definitions = root[match[1]];
  const name = unescapePointer(match[2]);
  if (!isSchema(definitions) || !Object.hasOwn(definitions, name)) return undefined;
  const definition = definitions[name];
  return isSchema(definition) ? definition : undefined;
}

function unescapePointer(token: string): string {
  const pointer = token.replaceAll('~1', '/').replaceAll('~0', '~');
  try {
    return decodeURIComponent(pointer);
  } catch {
    return pointer;
  }
}

/** Whether any definition can hold itself. */
export function isRecursive(root: JsonSchema): boolean {
  const done = new Set<string>();
  const visit = (node: unknown, path: ReadonlySet<string>): boolean => {
    if (Array.isArray(node)) return node.some((item) => visit(item, path));
    if (!isSchema(node)) return false;
    const reference = node['$ref'];
    if (typeof reference === 'string') {
      if (path.has(reference) || reference === '#') return true;
      const definition = definitionOf(reference, root);
      if (definition !== undefined && !done.has(reference)) {
        if (visit(definition, new Set([...path, reference]))) return true;
        done.add(reference);
      }
    }
    return Object.values(node).some((value) => visit(value, path));
  };
  return visit(root, new Set());
}
