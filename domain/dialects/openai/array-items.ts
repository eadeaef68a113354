/** OpenAI refuses a list without a word on its elements, strict or not; `items: {}` says what the schema meant. */
import type { JsonSchema } from '#domain/chat/chat-request.ts';
import { isObject } from './wire-values.ts';

/** Keywords whose value is no schema. */
const VALUES: ReadonlySet<string> = new Set(['default', 'const', 'enum', 'examples', 'example']);
/** Keywords whose value names schemas freely. */
const NAMED: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions']);

export function withItems(schema: JsonSchema): JsonSchema {
  return complete(schema) as JsonSchema;
}

function complete(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(complete);
  if (!isObject(node)) return node;
  const whole = Object.fromEntries(
    Object.entries(node).map(([keyword, value]) => {
      if (VALUES.has(keyword)) return [keyword, value];
      return [keyword, NAMED.has(keyword) && isObject(value) ? completeEach(value) : complete(value)];
    }),
  );
  const isBareList =
    [node['type']].flat().includes('array') &&
    node['items'] === undefined &&
    node['prefixItems'] === undefined;
  return isBareList ? { ...whole, items: {} } : whole;
}

function completeEach(schemas: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, complete(schema)]));
}
