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
  // Definitions may refer to each other in a chain that is longer than the stack is deep: hence no function calls itself here.
  const state = new Map<string, 'open' | 'done'>();
  for (const first of referencesIn(root)) {
    const path: { readonly reference: string; readonly inside: Iterator<string> }[] = [];
    const enter = (reference: string): void => {
      state.set(reference, 'open');
      const definition = definitionOf(reference, root);
      path.push({ reference, inside: referencesIn(definition)[Symbol.iterator]() });
    };
    if (first === '#') return true;
    if (!state.has(first)) enter(first);
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const next = last.inside.next();
      if (next.done === true) {
        state.set(last.reference, 'done');
        path.pop();
      } else if (next.value === '#' || state.get(next.value) === 'open') return true;
      else if (!state.has(next.value)) enter(next.value);
    }
  }
  return false;
}

function referencesIn(schema: JsonSchema | undefined): ReadonlySet<string> {
  const references = new Set<string>();
  const waiting: unknown[] = [schema];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    if (isSchema(node) && typeof node['$ref'] === 'string') references.add(node['$ref']);
    for (const value of Object.values(node)) {
      if (typeof value === 'object' && value !== null) waiting.push(value);
    }
  }
  return references;
}

/** `type` and OpenAPI's `nullable`; an object or a list that does not say its type shows it by its keywords. */
export function typesOf(node: JsonSchema): readonly string[] {
  const { type } = node;
  const named = Array.isArray(type)
    ? type.map(String)
    : typeof type === 'string'
      ? [type]
      : impliedTypes(node);
  return node['nullable'] === true && named.length > 0 && !named.includes('null')
    ? [...named, 'null']
    : named;
}

function impliedTypes(node: JsonSchema): readonly string[] {
  if (isSchema(node['properties'])) return ['object'];
  return isSchema(node['items']) ? ['array'] : [];
}
