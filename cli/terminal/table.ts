/** Tables as kubectl prints them: aligned by spaces, nothing drawn, so that awk and eyes both read them. */
import stringWidth from 'string-width';
import { visible } from './visible-text.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Of numbers. */
  readonly isRight?: boolean;
  /** Of what is between the escapes of its colour; the cell itself is neutralised before. */
  readonly paint?: (text: string, row: Row) => string;
}

const BETWEEN = '   ';
/** A cell of a stranger's making does not push all others out of sight. */
const CELL_MAXIMUM = 64;

export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: { readonly hasTitles?: boolean; readonly widths?: readonly number[] } = {},
): { readonly lines: readonly string[]; readonly widths: readonly number[] } {
  const cells = rows.map((row) => columns.map(({ cell }) => fit(visible(cell(row)))));
  const widths = columns.map(({ title }, at) =>
    Math.max(
      options.widths?.[at] ?? 0,
      title.length,
      ...cells.map((cellsOfRow) => stringWidth(cellsOfRow[at] ?? '')),
    ),
  );
  const titles = columns
    .map((column, at) => pad(column.title, widths[at] ?? 0, column.isRight === true))
    .join(BETWEEN);
  const lines = cells.map((cellsOfRow, rowAt) =>
    columns
      .map((column, at) => {
        const text = cellsOfRow[at] ?? '';
        const row = rows[rowAt];
        const padded = pad(text, widths[at] ?? 0, column.isRight === true);
        return column.paint === undefined || row === undefined ? padded : column.paint(padded, row);
      })
      .join(BETWEEN)
      .trimEnd(),
  );
  return { lines: options.hasTitles === false ? lines : [titles.trimEnd(), ...lines], widths };
}

function pad(text: string, width: number, isRight: boolean): string {
  const spaces = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return isRight ? spaces + text : text + spaces;
}

function fit(text: string): string {
  if (text.length <= CELL_MAXIMUM && stringWidth(text) <= CELL_MAXIMUM) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text.slice(0, 4 * CELL_MAXIMUM))) {
    width += stringWidth(segment);
    if (width >= CELL_MAXIMUM) break;
    kept += segment;
  }
  return `${kept}\u2026`;
}
