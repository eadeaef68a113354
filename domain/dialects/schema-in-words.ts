/**
 * A format that a provider cannot hold its answer to, said to the model in words. What comes back is not sure to fit:
 * whoever needs that checks the answer, as the agent runtime does, which also asks for a repair.
 */
import type { AnswerFormat, JsonSchema } from '#domain/chat/chat-request.ts';

export function formatInWords(format: AnswerFormat): string {
  if (format.kind === 'jsonObject') {
    return 'Answer with one JSON object and nothing else: no words before or after it and no code fence.';
  }
  const description = format.description === undefined ? '' : ` (${format.description})`;
  return `Answer with one JSON value and nothing else: no words before or after it and no code fence. It must fit this JSON Schema${description}:\n${JSON.stringify(format.schema)}`;
}

/** A schema whose `told` keywords the provider would refuse: they stand in the description, as in the vendors' own clients. */
export function withToldKeywords(schema: JsonSchema, told: JsonSchema): JsonSchema {
  const keywords = Object.entries(told).map(([keyword, value]) => `${keyword}: ${JSON.stringify(value)}`);
  if (keywords.length === 0) return schema;
  const { description } = schema;
  const words = `{${keywords.join(', ')}}`;
  return {
    ...schema,
    description: typeof description === 'string' && description !== '' ? `${description}\n\n${words}` : words,
  };
}
