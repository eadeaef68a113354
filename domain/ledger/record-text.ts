/**
 * Texts of a record (prompts, answers, arguments, results, comments): told beside it, kept apart from it, encrypted and
 * erasable. A record without them is whole.
 */
import { z } from 'zod';
import { Identifier } from './record-fields.ts';

export const TEXT_MAXIMUM_CHARACTERS = 1_048_576;

/** At most so many characters, and no half of one at the end. */
export function beginningOf(text: string, maximumCharacters: number): string {
  if (text.length <= maximumCharacters) return text;
  const isHalf = /[\ud800-\udbff]/.test(text.charAt(maximumCharacters - 1));
  return text.slice(0, maximumCharacters - (isHalf ? 1 : 0));
}

export const TEXT_FIELDS = [
  'input',
  'sent',
  'answer',
  'arguments',
  'result',
  'output',
  'comment',
  /** The key that opens the commitments of a run (commitment.ts); stands beside its run_begun. */
  'commitment_key',
] as const;
export type TextField = (typeof TEXT_FIELDS)[number];

export const RecordText = z.strictObject({
  recordId: Identifier,
  field: z.enum(TEXT_FIELDS),
  text: z.string().max(TEXT_MAXIMUM_CHARACTERS),
  /** After that many days it is erased. */
  retentionDays: z.int().min(1).max(3650),
});
export type RecordText = z.infer<typeof RecordText>;
