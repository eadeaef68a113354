import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { CSV_HEAD, csvLine, cutLine } from './exported-lines.ts';

const ENTRY = {
  position: 7,
  texts: [],
  receivedMicroseconds: 1_000_000,
  trust: 'witnessed',
  record: { id: 'r-1', type: 'feedback', namespace: 'shop', comment: '=HYPERLINK("https://evil")' },
};

test.each(['=1+1', '+1', '-1', '@x', '\t=1', '\r=1'])('A cell that begins with %j is no formula', (id) => {
  const [row] = parse(CSV_HEAD + csvLine({ ...ENTRY, record: { ...ENTRY.record, id } }), {
    columns: true,
  }) as [Record<string, string>];
  expect(row['id']).toBe(`'${id}`);
});

test('An export that is cut says in its last line where the next one begins', () => {
  expect(JSON.parse(cutLine('jsonl', 12))).toEqual({ isCut: true, after: 12 });
  const rows = parse(CSV_HEAD + csvLine(ENTRY) + cutLine('csv', 12), { columns: true }) as Record<
    string,
    string
  >[];
  expect(rows.at(-1)).toMatchObject({ position: '', record: 'The export ends here: go on with after=12' });
});
