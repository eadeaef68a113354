/** Rows as the arrays that unnest takes, one a column. */
export function columns(rows: readonly (readonly unknown[])[]): readonly unknown[][] {
  const [first = []] = rows;
  return first.map((_, column) => rows.map((row) => row[column]));
}
