/**
 * Reading single values of an answer as servers really write them: null and "" for nothing, numbers as text, text as
 * numbers. What cannot be read is as good as not given; only what the answer cannot be understood without is malformed.
 */
export type WireObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is WireObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectOf(value: unknown): WireObject | undefined {
  return isObject(value) ? value : undefined;
}

/** Undefined for the empty text too. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The fields that are not `known` and say something; undefined when there are none. */
export function unknownFieldsOf(object: WireObject, known: ReadonlySet<string>): WireObject | undefined {
  const unknown = Object.entries(object).filter(
    ([field, value]) => !known.has(field) && value !== null && value !== undefined,
  );
  return unknown.length === 0 ? undefined : Object.fromEntries(unknown);
}

/** The fields that are not undefined. Several are asked for in every request: a plain loop costs a quarter of lists of pairs. */
export function given<Fields extends object>(
  fields: Fields,
): { readonly [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  const kept: Partial<Fields> = {};
  for (const name of Object.keys(fields) as (keyof Fields)[]) {
    if (fields[name] !== undefined) kept[name] = fields[name];
  }
  return kept as never;
}
