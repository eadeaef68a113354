/** The questions that readers of the ledger ask, as its HTTP API spells them (docs/reference/ledger.md). */
import { z } from 'zod';
import { Identifier } from '#domain/ledger/record-fields.ts';
import {
  type CostRow,
  CostsAnswer,
  RecordsAnswer,
  EventIdsAnswer,
  type OutcomeRow,
  OutcomesAnswer,
  PositionAnswer,
  type RevealedText,
  type RevealedTexts,
  RunAnswer,
  type RolloutDecisionEntry,
  type RunRow,
  RunsAnswer,
  TextsAnswer,
  type WrittenEntry,
} from './ledger-answers.ts';
import { LedgerReadError, type LedgerReader, type Query } from './ledger-reader.ts';

const PAGE_MAXIMUM = 500;
const EVENT_PAGE_MAXIMUM = 1000;
const RUN_PAGE_ENTRIES = 1000;
const RUN_MAXIMUM_ENTRIES = 100_000;
const TEXTS_MAXIMUM_CHARACTERS = 134_217_728;
/** One question goes on for no longer than this, however many pages it has and however slowly they come. */
const QUESTION_MILLISECONDS = 600_000;
/** The ledger looks through so much for a page, and may find nothing; one after another without end is no answer. */
const EMPTY_PAGES_MAXIMUM = 200;

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
  const pages = new PageBound();
  let cursor: string | undefined;
  for (;;) {
    const page = await reader.json(
      '/v1/runs',
      { ...question, limit: Math.min(limit - runs.length, PAGE_MAXIMUM), cursor },
      RunsAnswer,
    );
    runs.push(...page.runs.slice(0, limit - runs.length));
    cursor = page.nextCursor ?? undefined;
    if (cursor === undefined) return { runs, hasMore: false };
    if (runs.length >= limit) return { runs, hasMore: true };
    pages.pass(page.runs.length);
  }
}

/** What ends a question to a ledger that has no end of answers. */
class PageBound {
  readonly #end = AbortSignal.timeout(QUESTION_MILLISECONDS);
  #emptyPages = 0;

  pass(rows: number): void {
    this.#emptyPages = rows === 0 ? this.#emptyPages + 1 : 0;
    if (this.#emptyPages > EMPTY_PAGES_MAXIMUM)
      throw new LedgerReadError('malformed', 'The ledger answers with one page after another that is empty.');
    if (this.#end.aborted) {
      throw new LedgerReadError(
        'unreachable',
        `The ledger has not answered to the end within ${QUESTION_MILLISECONDS / 60_000} minutes.`,
      );
    }
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
  const bound = new PageBound();
  const pages = pagesOf(reader, pathOf(id), { namespace, limit: RUN_PAGE_ENTRIES }, RunAnswer);
  for await (const page of pages) {
    bound.pass(page.entries.length);
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
  const bound = new PageBound();
  let characters = 0;
  for await (const page of pagesOf(reader, `${pathOf(id)}/texts`, { namespace, reason }, TextsAnswer)) {
    bound.pass(page.texts.length);
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
      throw stuck();
    }
    after = page.nextAfter;
  }
}

function stuck(): LedgerReadError {
  return new LedgerReadError('malformed', 'The ledger answers with pages that do not go on.');
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

/** Every decision about a rollout that the ledger keeps, oldest first. */
export async function askForDecisions(
  reader: Pick<LedgerReader, 'json'>,
  { namespace, rollout }: { readonly namespace: string | undefined; readonly rollout: string },
): Promise<readonly RolloutDecisionEntry[]> {
  const decisions: RolloutDecisionEntry[] = [];
  const bound = new PageBound();
  let after = 0;
  for (;;) {
    const query = { namespace, types: 'rollout_decision', after, limit: EVENT_PAGE_MAXIMUM };
    const page = await reader.json('/v1/records', query, RecordsAnswer);
    for (const { entry } of page.entries) {
      const { record } = entry;
      if (record.type === 'rollout_decision' && record.rollout === rollout) decisions.push(record);
    }
    if (page.isEnd) return decisions;
    if (page.position <= after) throw stuck();
    after = page.position;
    bound.pass(page.entries.length);
  }
}

/** The position of the last entry that the ledger received before this time, whatever its namespace. */
export async function askForPosition(
  reader: Pick<LedgerReader, 'json'>,
  namespace: string,
  beforeMicroseconds: number,
): Promise<number> {
  const query = { namespace, before: beforeMicroseconds };
  return (await reader.json('/v1/positions', query, PositionAnswer)).position;
}

interface OutcomesQuestion {
  readonly namespace: string | undefined;
  readonly by: readonly string[];
  readonly limit: number;
}

export async function askForOutcomes(
  reader: Pick<LedgerReader, 'json'>,
  { by, ...question }: OutcomesQuestion,
): Promise<readonly OutcomeRow[]> {
  const query = { ...question, by: by.join(',') };
  return (await reader.json('/v1/outcomes', query, OutcomesAnswer)).outcomes;
}

/** The ids of all security events of a namespace; undefined when they are more than `limit`. */
export async function askForSecurityEventIds(
  reader: Pick<LedgerReader, 'json'>,
  namespace: string,
  limit: number,
): Promise<readonly string[] | undefined> {
  const ids: string[] = [];
  const bound = new PageBound();
  let after = 0;
  for (;;) {
    const query = { namespace, after, limit: EVENT_PAGE_MAXIMUM };
    const page = await reader.json('/v1/security-events', query, EventIdsAnswer);
    ids.push(...page.entries.map(({ entry }) => entry.record.id));
    if (page.isEnd) return ids;
    if (ids.length > limit) return undefined;
    if (page.position <= after) throw stuck();
    after = page.position;
    bound.pass(page.entries.length);
  }
}

export const VERDICTS = ['good', 'bad', 'neutral'] as const;
export type Verdict = (typeof VERDICTS)[number];

export async function giveFeedback(
  reader: Pick<LedgerReader, 'post'>,
  feedback: {
    readonly run: string;
    readonly verdict: Verdict;
    readonly metric: string;
    readonly namespace?: string | undefined;
    readonly comment?: string | undefined;
    readonly from?: 'person' | 'system' | undefined;
  },
): Promise<void> {
  await reader.post('/v1/feedback', feedback, z.object({ id: Identifier }));
}
