/**
 * Records of strangers. zod looks at every member and tells of each what is wrong with it: a million wrong members are a
 * million problems. Here the number comes first.
 */
import { z } from 'zod';

/** An object with any members, but not with any number of them. */
export function boundedRecord(maximum: number): z.ZodType<Record<string, unknown>> {
  return z
    .unknown()
    .check((context) => {
      if (!hasMoreFields(context.value, maximum)) return;
      const message = `expected at most ${maximum} fields`;
      context.issues.push({ code: 'custom', message, input: undefined });
    })
    .pipe(z.record(z.string(), z.unknown()));
}

/** Whether the value is an object with more members than that. */
export function hasMoreFields(value: unknown, maximum: number): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length > maximum
  );
}
