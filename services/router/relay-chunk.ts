/**
 * The shortest way for the most frequent case: a chunk of plain text from a server that speaks the front's own format
 * goes to the client as it came. It is parsed, so that rubbish is found, but neither checked field by field nor written
 * anew. Whatever is not plainly such a chunk takes the long way through the dialect.
 */
import type { ChatCompletionChunk } from '#domain/model-providers/openai-chat.ts';

/** The chunk's content, or undefined when it must take the long way. */
export function contentOfPlainChunk(data: string): string | undefined {
  // A line feed inside the data would end the field.
  if (data.charCodeAt(0) !== 0x7b || data.includes('\n')) return undefined;
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch {
    return undefined;
  }
  return isPlainChunk(chunk) ? (chunk.choices[0]?.delta.content ?? '') : undefined;
}

function isPlainChunk(value: unknown): value is ChatCompletionChunk {
  const chunk = value as Partial<ChatCompletionChunk> & { readonly error?: unknown };
  if (chunk.object !== 'chat.completion.chunk' || typeof chunk.id !== 'string' || chunk.id === '')
    return false;
  if (typeof chunk.created !== 'number' || typeof chunk.model !== 'string' || chunk.model === '')
    return false;
  if (Boolean(chunk.usage) || chunk.error !== undefined || !Array.isArray(chunk.choices)) return false;
  return chunk.choices.length === 1 && isPlainChoice(chunk.choices[0]);
}

function isPlainChoice(choice: Partial<ChatCompletionChunk['choices'][number]> | undefined): boolean {
  if (choice?.index !== 0 || (choice.finish_reason !== null && choice.finish_reason !== undefined))
    return false;
  const { delta } = choice;
  if (typeof delta !== 'object' || delta === null || typeof delta.content !== 'string') return false;
  return delta.tool_calls === undefined && (delta.role === undefined || delta.role === 'assistant');
}
