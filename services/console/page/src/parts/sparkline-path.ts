/** The points of a sparkline. Pure. A value that is not known is a hole in the line. */

export interface SparklineSize {
  readonly width: number;
  readonly height: number;
}

export function sparklinePath(values: readonly (number | null)[], { width, height }: SparklineSize): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return '';
  const highest = Math.max(...known, 0);
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const parts: string[] = [];
  let isDrawing = false;
  for (const [at, value] of values.entries()) {
    if (value === null) {
      isDrawing = false;
      continue;
    }
    const x = round(at * step);
    const y = round(highest === 0 ? height - 1 : height - 1 - (value / highest) * (height - 2));
    parts.push(`${isDrawing ? 'L' : 'M'}${x} ${y}`);
    // A point by itself would not be seen.
    if (!isDrawing && (at + 1 === values.length || values[at + 1] === null)) parts.push(`h1.5`);
    isDrawing = true;
  }
  return parts.join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
