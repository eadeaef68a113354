/** Conditions of an object, as they stand, bounded. */
import { z } from 'zod';
import type { Condition } from '../api/answers.ts';

const SENTENCE_MAXIMUM_CHARACTERS = 1_024;
const MOST_CONDITIONS = 64;

const cut = (text: string): string => text.slice(0, SENTENCE_MAXIMUM_CHARACTERS);

/** What is not understood counts as not there: a newer operator must not hide its objects. */
export const Conditions = z
  .array(
    z.object({
      type: z.string().max(316),
      status: z.enum(['True', 'False', 'Unknown']),
      reason: z.string().transform(cut).default(''),
      message: z.string().transform(cut).default(''),
      lastTransitionTime: z.string().max(64).default(''),
    }),
  )
  .max(MOST_CONDITIONS)
  .catch([]);

export function conditionOf(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((one) => one.type === type);
}
