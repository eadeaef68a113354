/**
 * Where a live object differs from what is desired of it. Only fields that the desired object has are looked at:
 * what the API server filled in beside them is no difference.
 *
 * Lists are compared as wholes, in order: an entry that somebody added, removed or moved is a difference.
 */
export function findDifferences(desired: unknown, live: unknown, path = ''): readonly string[] {
  if (Array.isArray(desired)) {
    if (!Array.isArray(live) || live.length !== desired.length) return [path];
    return desired.flatMap((entry, index) => findDifferences(entry, live[index], `${path}[${index}]`));
  }
  if (isRecord(desired)) {
    if (!isRecord(live)) return [path];
    return Object.entries(desired)
      .filter(([, value]) => value !== undefined)
      .flatMap(([name, value]) => findDifferences(value, live[name], path === '' ? name : `${path}.${name}`));
  }
  return Object.is(desired, live) ? [] : [path];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
