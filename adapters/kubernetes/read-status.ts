/**
 * All of a status that this version of the operator understands. Another version may have written it, before or during an
 * upgrade: fields that are not known are left out, and one that cannot be read takes no other with it. A rollout that
 * forgot what is stable because of a new field beside it would release whatever is wanted.
 */
import { z } from 'zod';

export function readStatus(schema: z.ZodType, status: unknown): unknown {
  const whole = schema.safeParse(status);
  if (whole.success) return whole.data;
  if (!(schema instanceof z.ZodObject) || typeof status !== 'object' || status === null) return undefined;
  const known = withoutUnknown(status, whole.error);
  const again = schema.safeParse(known);
  if (again.success) return again.data;
  const fields = Object.entries(schema.shape as Readonly<Record<string, z.ZodType>>).flatMap(
    ([name, field]) => {
      const read = field.safeParse((known as Readonly<Record<string, unknown>>)[name]);
      return read.success && read.data !== undefined ? [[name, read.data] as const] : [];
    },
  );
  return Object.fromEntries(fields);
}

function withoutUnknown(status: object, { issues }: z.ZodError): object {
  const copy = structuredClone(status);
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    let place: unknown = copy;
    for (const key of issue.path)
      place = (place as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key];
    for (const key of issue.keys) Reflect.deleteProperty(place as object, key);
  }
  return copy;
}
