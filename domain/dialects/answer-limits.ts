/**
 * How much of an answer is looked at. To check one element costs hundreds of times its size, and a provider is somebody
 * else's machine: lists are counted before their elements are checked, and whatever a stream keeps is bounded.
 */
import { z } from 'zod';
import type { JsonBounds } from '#domain/bounded-json/bounded-json.ts';

/** What may be asked for at most. */
export const MOST_CHOICES = 128;
/** Blocks or parts of one answer. */
export const MOST_BLOCKS = 5_000;
/** No more are taken back in the history of the next turn. */
export const MOST_TOOL_CALLS = 1_000;
export const TOO_MANY_TOOL_CALLS = `The answer of the provider has more than ${MOST_TOOL_CALLS} tool calls.`;

/** Ten thousand tokens with twenty log probabilities each are the largest honest answer. */
export const ANSWER_BOUNDS: JsonBounds = { depth: 128, values: 2_000_000 };

const LONGEST_EMBEDDING = 20_000;
/** As many numbers as the largest batch of the largest embeddings. */
const MOST_NUMBERS = 10_000_000;

/** For an answer of so many embeddings. */
export function embeddingBounds(count: number): JsonBounds {
  return { depth: 16, values: Math.min(1_000 + count * LONGEST_EMBEDDING, MOST_NUMBERS) };
}

/** A list of numbers that has one at least. The first that is none ends the look at it. */
export const Embedding = z.custom<readonly number[]>(
  (value) => Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'number'),
  'not a list of numbers',
);
