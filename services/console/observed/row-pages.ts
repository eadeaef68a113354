/**
 * Rows of agents, filtered, sorted and a page at a time. A cursor holds the place after the last row by what it was sorted by, and
 * not by number: rows that come, go or change in between neither repeat others nor hide them.
 */
import { z } from 'zod';
import { AGENT_STATES } from '#domain/observation/agent-row.ts';
import { MEASURE_VERDICTS } from '#domain/observation/judged-measure.ts';
import { AGENT_SORTS, type AgentSort, type ShownRow } from '../api/answers.ts';

export const PAGE_MOST_ROWS = 100;
/** Sentences are long: a page is cut sooner when its rows are. With what stands around them it stays below 60 kB. */
export const PAGE_MOST_BYTES = 58_000;

/** By what rows are sorted. What is not known comes last, in either order. */
const KEYS: Readonly<Record<AgentSort, (row: ShownRow) => string | number | null>> = {
  urgency: ({ cost }) => cost.ratio,
  name: ({ name }) => name,
  cost: ({ cost }) => cost.projected ?? cost.amount,
  cost_ratio: ({ cost }) => cost.ratio,
  latency: ({ latency }) => latency.amount,
  latency_ratio: ({ latency }) => latency.ratio,
  failed: ({ runs }) => (runs === null ? null : shareOf(runs.failed, runs.total)),
  unfitting: ({ runs }) => (runs === null ? null : shareOf(runs.unfitting, runs.fitting + runs.unfitting)),
  security: ({ securityEvents }) => securityEvents?.total ?? null,
  month: ({ costMonthEnd }) => costMonthEnd,
};

function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

const CommaSeparated = <Word extends string>(words: readonly Word[]): z.ZodType<readonly Word[], string> =>
  z
    .string()
    .max(256)
    .transform((text) => text.split(',').filter((word) => word !== ''))
    .pipe(z.array(z.enum(words)));

export const RowsQuery = z.strictObject({
  namespace: z.string().max(63).optional(),
  search: z.string().max(256).optional(),
  /** Of AGENT_STATES, comma-separated. */
  state: CommaSeparated(AGENT_STATES).optional(),
  /** Of MEASURE_VERDICTS, of cost or latency; `drifted` beside them. */
  verdict: CommaSeparated([...MEASURE_VERDICTS, 'drifted']).optional(),
  sort: z.enum(AGENT_SORTS).default('urgency'),
  order: z.enum(['ascending', 'descending']).default('descending'),
  limit: z.coerce.number().int().min(1).max(PAGE_MOST_ROWS).default(PAGE_MOST_ROWS),
  cursor: z.string().max(1_024).optional(),
});
export type RowsQuery = z.infer<typeof RowsQuery>;

/** Sort key and row, as JSON in base64url: nothing that its reader may not see. */
const Cursor = z.tuple([
  z.enum(AGENT_SORTS),
  z.boolean(),
  z.number(),
  z.union([z.string(), z.number(), z.null()]),
  z.string(),
]);

export type RowPage =
  | {
      readonly ok: true;
      readonly rows: readonly ShownRow[];
      /** That fit the filter. */
      readonly total: number;
      readonly nextCursor: string | null;
    }
  | { readonly ok: false; readonly message: string };

/** `urgencyOf`: greater for whoever needs somebody sooner; 0 for whoever needs nobody. */
export function pageOfRows(
  rows: readonly ShownRow[],
  query: RowsQuery,
  urgencyOf: (row: ShownRow) => number,
): RowPage {
  const isDescending = query.order === 'descending';
  const fitting = rows
    .filter((row) => fits(row, query))
    .map((row) => ({
      row,
      urgency: query.sort === 'urgency' ? urgencyOf(row) : 0,
      value: KEYS[query.sort](row),
      key: `${row.namespace}/${row.name}`,
    }))
    .toSorted((one, other) => compare(one, other, isDescending));
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor);
  if (
    query.cursor !== undefined &&
    (after === undefined || after.sort !== query.sort || after.isDescending !== isDescending)
  ) {
    return { ok: false, message: 'cursor is of another question: begin anew without it.' };
  }
  const left =
    after === undefined ? fitting : fitting.filter((each) => compare(each, after, isDescending) > 0);
  const page: ShownRow[] = [];
  let bytes = 0;
  for (const { row } of left) {
    bytes += Buffer.byteLength(JSON.stringify(row)) + 1;
    if (page.length >= query.limit || (page.length > 0 && bytes > PAGE_MOST_BYTES)) break;
    page.push(row);
  }
  const last = left[page.length - 1];
  const hasMore = page.length < left.length;
  return {
    ok: true,
    rows: page,
    total: fitting.length,
    nextCursor:
      hasMore && last !== undefined
        ? writeCursor([query.sort, isDescending, last.urgency, last.value, last.key])
        : null,
  };
}

interface Placed {
  readonly urgency: number;
  readonly value: string | number | null;
  readonly key: string;
}

function compare(one: Placed, other: Placed, isDescending: boolean): number {
  const byUrgency = compareValues(one.urgency, other.urgency, isDescending);
  if (byUrgency !== 0) return byUrgency;
  const byValue = compareValues(one.value, other.value, isDescending);
  if (byValue !== 0) return byValue;
  return one.key < other.key ? -1 : one.key > other.key ? 1 : 0;
}

function compareValues(one: Placed['value'], other: Placed['value'], isDescending: boolean): number {
  if (one === other) return 0;
  if (one === null) return 1;
  if (other === null) return -1;
  return one < other === isDescending ? 1 : -1;
}

function fits(row: ShownRow, { namespace, search = '', state = [], verdict = [] }: RowsQuery): boolean {
  return (
    (namespace === undefined || row.namespace === namespace) &&
    (state.length === 0 || state.includes(row.state)) &&
    (verdict.length === 0 || verdict.some((one) => isJudged(row, one))) &&
    hasWords(row, search)
  );
}

function isJudged({ cost, latency, drift }: ShownRow, verdict: string): boolean {
  return verdict === 'drifted'
    ? drift.status === 'True'
    : cost.verdict === verdict || latency.verdict === verdict;
}

function hasWords({ namespace, name, prompt, models }: ShownRow, search: string): boolean {
  const text = [namespace, name, prompt?.name, prompt?.digest, ...models].join('\n').toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function writeCursor(cursor: z.infer<typeof Cursor>): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

function readCursor(
  text: string,
): (Placed & { readonly sort: AgentSort; readonly isDescending: boolean }) | undefined {
  try {
    const [sort, isDescending, urgency, value, key] = Cursor.parse(
      JSON.parse(Buffer.from(text, 'base64url').toString('utf8')),
    );
    return { sort, isDescending, urgency, value, key };
  } catch {
    return undefined;
  }
}
