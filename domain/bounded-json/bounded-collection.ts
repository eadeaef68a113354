/**
 * Arrays and records of strangers. zod looks at every element and tells of each what is wrong with it before it looks at the
 * length: a million wrong elements are a million problems. Here the length comes first, and the first wrong element is
 * the last one that is looked at.
 */
import { z } from 'zod';

export function boundedArray<Element extends z.ZodType>(
  element: Element,
  { minimum = 0, maximum }: { readonly minimum?: number; readonly maximum: number },
): z.ZodType<z.output<Element>[]> {
  return z
    .array(z.unknown())
    .min(minimum)
    .max(maximum)
    .transform((items, context) => {
      const elements: z.output<Element>[] = [];
      for (const [index, item] of items.entries()) {
        const parsed = element.safeParse(item);
        if (!parsed.success) {
          for (const issue of parsed.error.issues.slice(0, PROBLEMS_MAXIMUM)) {
            context.issues.push({ ...issue, path: [index, ...issue.path], input: undefined });
          }
          return z.NEVER;
        }
        elements.push(parsed.data);
      }
      return elements;
    });
}

const PROBLEMS_MAXIMUM = 5;

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
