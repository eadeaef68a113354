/** Numbers of tokens and places as servers really write them. */
import { z } from 'zod';

/** A whole number from 0 that can be counted with, also as a text of digits; undefined for everything else. */
export function countOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
}

/** A count that is none is as good as untold: an answer is not thrown away for it. */
export const Count = z.unknown().transform(countOf).optional();
