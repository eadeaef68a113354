/** One record as a line of an export. */
import type { RunEntry } from '../api/answers.ts';

export function jsonLine({ position, receivedMicroseconds, trust, record }: RunEntry): string {
  return `${JSON.stringify({ position, receivedMicroseconds, trust, record })}\n`;
}

const COLUMNS = [
  'position',
  'received',
  'type',
  'namespace',
  'agent',
  'run',
  'id',
  'trust',
  'record',
] as const;

/** RFC 4180. */
export const CSV_HEAD = `${COLUMNS.join(',')}\r\n`;

export function csvLine({ position, receivedMicroseconds, trust, record }: RunEntry): string {
  const nameIn = (field: string, key: string): unknown => {
    const value = record[field];
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)[key]
      : '';
  };
  const values = [
    position,
    new Date(receivedMicroseconds / 1_000).toISOString(),
    record['type'],
    record['namespace'],
    nameIn('agent', 'name'),
    nameIn('run', 'id'),
    record['id'],
    trust,
    JSON.stringify(record),
  ];
  return `${values.map(csvCell).join(',')}\r\n`;
}

/** Spreadsheets take these for the beginning of a formula, whoever wrote them. */
const FORMULA = /^[=+\-@\t\r]/;

export function csvCell(value: unknown): string {
  if (typeof value === 'number') return `${value}`;
  if (typeof value !== 'string') return '';
  const harmless = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) || harmless !== value ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** The last line of an export that holds as much as one may: where the next one begins. */
export function cutLine(format: 'jsonl' | 'csv', position: number): string {
  if (format === 'jsonl') return `${JSON.stringify({ isCut: true, after: position })}\n`;
  const values = COLUMNS.map((column) =>
    column === 'record' ? `The export ends here: go on with after=${position}` : '',
  );
  return `${values.map(csvCell).join(',')}\r\n`;
}
