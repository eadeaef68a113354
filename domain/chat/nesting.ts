/** How deep JSON nests, found without going as deep oneself. */

/** Far above any schema or argument in use, far below the end of the stack. */
export const DEEPEST_NESTING = 200;

export function nestsDeeperThan(levels: number, value: unknown): boolean {
  if (!isContainer(value)) return false;
  let level: readonly object[] = [value];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > levels) return true;
    level = level.flatMap((container) => Object.values(container).filter(isContainer));
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
