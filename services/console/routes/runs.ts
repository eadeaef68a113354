/** Runs: the list, one of them window by window, what went wrong in it first, its texts, and the proof of a record. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import {
  RunAnswer as LedgerRun,
  RunsAnswer as LedgerRuns,
  type RevealedText,
  TextsAnswer as LedgerTexts,
} from '#adapters/ledger-reader/ledger-answers.ts';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import { Identifier, Name, Namespace, Sentence } from '#domain/ledger/record-fields.ts';
import type { RunAnswer, RunEntry, RunsAnswer, TextsAnswer } from '../api/answers.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { verifyRecord } from '../ledger/verify-record.ts';
import { isFailure, runEntry } from '../ledger/run-entries.ts';
import { withoutCosts, withoutMoney } from '../ledger/without-money.ts';
import { readRequest } from '../replies.ts';
import { userOf } from '../sessions/check-sessions.ts';
import { oneNamespace } from './one-namespace.ts';

/** Of a run that may have 20,000. */
const WINDOW_ENTRIES = 200;
const PAGE_RUNS = 100;
/** How many entries of a run are looked through for what went wrong. */
const MOST_SCANNED = 50_000;
const SCAN_PAGE = 5_000;
/** Of texts that one request reveals; their records are written before. */
const MOST_TEXT_CHARACTERS = 8_388_608;

const Time = z.string().max(64).optional();

const RunsQuery = z.strictObject({
  namespace: Namespace.optional(),
  agent: Name.optional(),
  model: Name.optional(),
  promptDigest: Name.optional(),
  status: z.enum(['running', 'succeeded', 'stopped', 'failed']).optional(),
  from: Time,
  to: Time,
  limit: z.coerce.number().int().min(1).max(PAGE_RUNS).default(50),
  cursor: z.string().max(512).optional(),
});
const RunQuery = z.strictObject({
  namespace: Namespace,
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(WINDOW_ENTRIES).default(WINDOW_ENTRIES),
});
const InNamespace = z.strictObject({ namespace: Namespace });
const VerificationQuery = z.strictObject({ namespace: Namespace, record: Identifier });
const TextsBody = z.strictObject({ reason: Sentence.trim().min(1, 'say why the texts are to be read') });
const OneRun = z.object({ id: Identifier });

export function registerRuns(app: FastifyInstance, parts: ConsoleParts): void {
  const { rights, ledger } = parts;

  /** First: whoever may not look there is told so before the ledger is asked. */
  const mayLook = async (
    user: UserInfo,
    namespace: string,
    right: 'get agents/runs' | 'get agents/texts',
  ) => {
    await rights.require(user, 'get agents', namespace);
    await rights.require(user, right, namespace);
  };

  app.get('/v1/runs', async (request, reply) => {
    const query = readRequest(RunsQuery, request.query);
    const user = userOf(request);
    const namespace = await oneNamespace(parts, user, 'get agents/runs', query.namespace);
    const page = await ledger.of(user).json('/v1/runs', { ...query, namespace }, LedgerRuns);
    const hasCosts = await parts.rights.has(user, 'get agents/costs', namespace);
    const answer: RunsAnswer = {
      runs: hasCosts ? page.runs : page.runs.map(withoutCosts),
      nextCursor: page.nextCursor ?? null,
    };
    return reply.send(answer);
  });

  app.get('/v1/runs/:id', async (request, reply) => {
    const { id } = readRequest(OneRun, request.params);
    const { namespace, after, limit } = readRequest(RunQuery, request.query);
    const user = userOf(request);
    await mayLook(user, namespace, 'get agents/runs');
    const page = await ledger
      .of(user)
      .json(`/v1/runs/${encodeURIComponent(id)}`, { namespace, after, limit }, LedgerRun);
    const hasCosts = await rights.has(user, 'get agents/costs', namespace);
    const answer: RunAnswer = {
      run: hasCosts ? page.run : withoutCosts(page.run),
      entries: page.entries.map(runEntry).map(hasCosts ? asItIs : withoutMoney),
      nextAfter: page.nextAfter ?? null,
      totalEntries: page.run.records,
    };
    return reply.send(answer);
  });

  app.get('/v1/runs/:id/failures', async (request, reply) => {
    const { id } = readRequest(OneRun, request.params);
    const { namespace, after: first, limit } = readRequest(RunQuery, request.query);
    const user = userOf(request);
    await mayLook(user, namespace, 'get agents/runs');
    const reader = ledger.of(user);
    const hasCosts = await rights.has(user, 'get agents/costs', namespace);
    const entries: RunEntry[] = [];
    let after = first;
    let nextAfter: number | null = null;
    let run: LedgerRun['run'] | undefined;
    for (let scanned = 0; ;) {
      const page = await reader.json(
        `/v1/runs/${encodeURIComponent(id)}`,
        { namespace, after, limit: SCAN_PAGE },
        LedgerRun,
      );
      run = page.run;
      scanned += page.entries.length;
      const failed = page.entries.filter(({ entry }) => isFailure(entry.record)).map(runEntry);
      const taken = failed.slice(0, limit - entries.length);
      entries.push(...taken.map(hasCosts ? asItIs : withoutMoney));
      const isFull = entries.length >= limit || taken.length < failed.length;
      nextAfter =
        isFull && taken.length < failed.length ? (taken.at(-1)?.position ?? after) : (page.nextAfter ?? null);
      if (isFull || page.nextAfter === undefined || page.nextAfter <= after || scanned >= MOST_SCANNED) break;
      after = page.nextAfter;
    }
    const answer: RunAnswer = {
      run: hasCosts ? run : withoutCosts(run),
      entries,
      nextAfter,
      totalEntries: run.records,
    };
    return reply.send(answer);
  });

  app.post('/v1/runs/:id/texts', async (request, reply) => {
    const { id } = readRequest(OneRun, request.params);
    const { namespace } = readRequest(InNamespace, request.query);
    const { reason } = readRequest(TextsBody, request.body);
    const user = userOf(request);
    await mayLook(user, namespace, 'get agents/texts');
    const reader = ledger.of(user);
    const texts: RevealedText[] = [];
    let characters = 0;
    for (let after = 0; ;) {
      const page = await reader.json(
        `/v1/runs/${encodeURIComponent(id)}/texts`,
        { namespace, after, reason },
        LedgerTexts,
      );
      texts.push(...page.texts);
      characters += page.texts.reduce((sum, { text = '' }) => sum + text.length, 0);
      if (page.nextAfter === undefined || page.nextAfter <= after || characters > MOST_TEXT_CHARACTERS) break;
      after = page.nextAfter;
    }
    const answer: TextsAnswer = { texts: texts.map(shownText) };
    return reply.send(answer);
  });

  app.get('/v1/runs/:id/verification', async (request, reply) => {
    const { id } = readRequest(OneRun, request.params);
    const { namespace, record } = readRequest(VerificationQuery, request.query);
    const user = userOf(request);
    await rights.require(user, 'get agents', namespace);
    await rights.require(user, 'get agents/audit', namespace);
    return reply.send(
      await verifyRecord(ledger.of(user), { namespace, recordId: record, runId: id }, parts.logKeys),
    );
  });
}

function shownText({ recordId, field, text, lost }: RevealedText): TextsAnswer['texts'][number] {
  return { recordId, field, ...(text !== undefined && { text }), ...(lost !== undefined && { lost }) };
}

function asItIs(entry: RunEntry): RunEntry {
  return entry;
}
