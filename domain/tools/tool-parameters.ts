/** The JSON Schema that a model is shown and its arguments are checked by, from the zod schema of a tool. */
import { z } from 'zod';
import type { JsonSchema } from '#domain/json-schema/compile-json-schema.ts';

export function toolParameters(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...parameters } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  return parameters;
}
