/**
 * Strings as text columns: PostgreSQL takes every character but U+0000, which names from outside may hold, and one such
 * name would refuse the whole batch. Escaped, a string is still the beginning of what it was the beginning of.
 */
export function toColumn(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\0', '\\0');
}

export function fromColumn(column: string): string {
  return column.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === '0' ? '\0' : '\\'));
}
