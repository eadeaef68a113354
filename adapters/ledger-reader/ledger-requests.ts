/** The questions that readers of the ledger ask, as its HTTP API spells them (docs/reference/ledger.md). */
import { z } from 'zod';
import {
  type CostRow,
  CostsAnswer,
  type RevealedText,
  type RevealedTexts,
  RunAnswer,
  type RunRow,
  RunsAnswer,
  TextsAnswer,
  type WrittenEntry,
} from './ledger-answers.ts';
import { LedgerReadError, type LedgerReader, type Query } from './ledger-reader.ts';

const PAGE_MAXIMUM = 500;
const RUN_PAGE_ENTRIES = 1000;
const RUN_MAXIMUM_ENTRIES = 100_000;
const TEXTS_MAXIMUM_CHARACTERS = 134_217_728;

export interface RunsQuestion {
  readonly namespace: string | undefined;
  readonly agent?: string | undefined;
  readonly model?: string | undefined;
  readonly status?: string | undefined;
  readonly from?: number | undefined;
}

/** Newest first, page by page, until `limit` is reached. */
export async function askForRuns(
  reader: Pick<LedgerReader, 'json'>,
  question: RunsQuestion,
  limit: number,
): Promise<{ readonly runs: readonly RunRow[]; readonly hasMore: boolean }> {
  const runs: RunRow[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await reader.json(
      '/v1/runs',
      { ...question, limit: Math.min(limit - runs.length, PAGE_MAXIMUM), cursor },
      RunsAnswer,
    );
    runs.push(...page.runs.slice(0, limit - runs.length));
    cursor = page.nextCursor ?? undefined;
    // A page without rows that promises more would be asked for without end.
    if (cursor === undefined || page.runs.length === 0) return { runs, hasMore: false };
    if (runs.length >= limit) return { runs, hasMore: true };
  }
}

/** Ids of runs are unique within their namespace: without one, all that the caller may look into are looked through. */
interface RunName {
  readonly id: string;
  readonly namespace: string | undefined;
}

/** With all its entries, page by page. */
export async function askForRun(
  reader: Pick<LedgerReader, 'json'>,
  { id, namespace }: RunName,
): Promise<{ readonly run: RunRow; readonly entries: readonly WrittenEntry[] }> {
  const entries: WrittenEntry[] = [];
  const pages = pagesOf(reader, pathOf(id), { namespace, limit: RUN_PAGE_ENTRIES }, RunAnswer);
  for await (const page of pages) {
    entries.push(...page.entries);
    if (page.nextAfter === undefined) return { run: page.run, entries };
    if (entries.length >= RUN_MAXIMUM_ENTRIES) break;
  }
  throw new LedgerReadError('malformed', `The run has more than ${RUN_MAXIMUM_ENTRIES} records.`);
}

/** Is itself recorded by the ledger. */
export async function revealTexts(
  reader: Pick<LedgerReader, 'json'>,
  { id, namespace, reason }: RunName & { readonly reason: string | undefined },
): Promise<RevealedTexts> {
  const texts: RevealedText[] = [];
  let characters = 0;
  for await (const page of pagesOf(reader, `${pathOf(id)}/texts`, { namespace, reason }, TextsAnswer)) {
    texts.push(...page.texts);
    characters += page.texts.reduce((sum, { text = '' }) => sum + text.length, 0);
    if (characters > TEXTS_MAXIMUM_CHARACTERS) {
      throw new LedgerReadError(
        'malformed',
        `The texts of the run have more than ${TEXTS_MAXIMUM_CHARACTERS} characters.`,
      );
    }
  }
  return texts;
}

async function* pagesOf<Page extends { readonly nextAfter?: number | undefined }>(
  reader: Pick<LedgerReader, 'json'>,
  path: string,
  query: Query,
  schema: z.ZodType<Page>,
): AsyncGenerator<Page> {
  let after = 0;
  for (;;) {
    const page = await reader.json(path, { ...query, after }, schema);
    yield page;
    if (page.nextAfter === undefined) return;
    if (page.nextAfter <= after) {
      throw new LedgerReadError('malformed', 'The ledger answers with pages that do not go on.');
    }
    after = page.nextAfter;
  }
}

function pathOf(runId: string): string {
  return `/v1/runs/${encodeURIComponent(runId)}`;
}

export interface CostsQuestion {
  readonly namespace: string | undefined;
  readonly agent?: string | undefined;
  readonly model?: string | undefined;
  readonly from?: number | undefined;
  readonly by: readonly string[];
  readonly limit: number;
}

export async function askForCosts(
  reader: Pick<LedgerReader, 'json'>,
  { by, ...question }: CostsQuestion,
): Promise<readonly CostRow[]> {
  return (await reader.json('/v1/costs', { ...question, by: by.join(',') }, CostsAnswer)).costs;
}

export async function giveFeedback(
  reader: Pick<LedgerReader, 'post'>,
  feedback: {
    readonly run: string;
    readonly verdict: 'good' | 'bad';
    readonly metric: string;
    readonly namespace?: string | undefined;
    readonly comment?: string | undefined;
    readonly from?: 'person' | 'system' | undefined;
  },
): Promise<void> {
  await reader.post('/v1/feedback', feedback, z.unknown());
}
