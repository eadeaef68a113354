/**
 * The shortest way for the most frequent case: a chunk of plain text goes to a caller of the same format as it came. It is
 * parsed, so that rubbish is found, but neither checked field by field nor written anew.
 */

import type { ServedBy } from '#domain/chat/chat-answer.ts';

/** It is parsed without a bound on its values: a longer one goes the way that counts them first. */
const LONGEST_PLAIN_CHARACTERS = 100_000;

/** The chunk's text, or undefined when it must take the long way: also when another answers than `served` so far. */
export function plainTextOf(data: string, served: ServedBy): string | undefined {
  if (data.length > LONGEST_PLAIN_CHARACTERS) return undefined;
  // A line feed inside the data would end the field.
  if (data.charCodeAt(0) !== 0x7b || data.includes('\n')) return undefined;
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch {
    return undefined;
  }
  return textOfPlainChunk(chunk as Partial<Chunk>, served);
}

interface Chunk {
  readonly object: unknown;
  readonly id: unknown;
  readonly created: unknown;
  readonly model: unknown;
  readonly system_fingerprint: unknown;
  readonly usage: unknown;
  readonly x_groq: unknown;
  readonly error: unknown;
  readonly choices: unknown;
}

interface Choice {
  readonly index?: unknown;
  readonly finish_reason?: unknown;
  readonly error?: unknown;
  readonly usage?: unknown;
  readonly delta?: {
    readonly role?: unknown;
    readonly content?: unknown;
    readonly refusal?: unknown;
    readonly tool_calls?: unknown;
    readonly function_call?: unknown;
    readonly reasoning?: unknown;
    readonly thinking?: unknown;
    readonly reasoning_signature?: unknown;
  } | null;
}

function textOfPlainChunk(chunk: Partial<Chunk>, served: ServedBy): string | undefined {
  if (chunk.object !== 'chat.completion.chunk' || typeof chunk.id !== 'string' || chunk.id === '')
    return undefined;
  if (typeof chunk.created !== 'number' || !isServedBy(chunk, served)) return undefined;
  if (Boolean(chunk.usage) || chunk.error !== undefined || chunk.x_groq !== undefined) return undefined;
  const { choices } = chunk;
  return Array.isArray(choices) && choices.length === 1 ? textOfChoice(choices[0] as Choice) : undefined;
}

function isServedBy({ model, system_fingerprint: mark }: Partial<Chunk>, served: ServedBy): boolean {
  return model !== undefined && model === served.servedModel && (!mark || mark === served.fingerprint);
}

function textOfChoice(choice: Choice | undefined | null): string | undefined {
  if (choice?.index !== 0 || Boolean(choice.finish_reason)) return undefined;
  if (choice.error !== undefined || choice.usage !== undefined) return undefined;
  return choice.delta ? textOfDelta(choice.delta) : undefined;
}

function textOfDelta(delta: NonNullable<Choice['delta']>): string | undefined {
  const { content, role, tool_calls: calls, function_call: call, refusal, reasoning, thinking } = delta;
  if (typeof content !== 'string' || calls !== undefined || call !== undefined) return undefined;
  if ([refusal, reasoning, thinking, delta.reasoning_signature].some(Boolean)) return undefined;
  return role === undefined || role === 'assistant' ? content : undefined;
}
