/** The ledger itself: records in their order, checkpoints, evidence of one record, and the export of many. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { PositionAnswer, RecordsAnswer as LedgerRecords } from '#adapters/ledger-reader/ledger-answers.ts';
import { LedgerReadError, type LedgerReader } from '#adapters/ledger-reader/ledger-reader.ts';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import { RECORD_TYPES } from '#domain/ledger/ledger-record.ts';
import { Identifier, Name, Namespace } from '#domain/ledger/record-fields.ts';
import { openCheckpoint } from '#domain/transparency/checkpoint.ts';
import { EVIDENCE_MAXIMUM_CHARACTERS } from '#domain/transparency/evidence.ts';
import type { CheckpointsAnswer, RecordsAnswer } from '../api/answers.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { CSV_HEAD, csvLine, cutLine, jsonLine } from '../ledger/exported-lines.ts';
import { refusalOfRead } from '../ledger/people-ledger.ts';
import { runEntry } from '../ledger/run-entries.ts';
import { withoutMoney } from '../ledger/without-money.ts';
import { RefusedError } from '../refused-error.ts';
import { readRequest } from '../replies.ts';
import { userOf } from '../sessions/check-sessions.ts';
import { oneNamespace } from './one-namespace.ts';

const PAGE_ENTRIES = 100;
const EXPORT_PAGE = 1_000;
/** What one export holds at most; the file says in its last line where to go on. */
const MOST_EXPORTED = 200_000;
const MOST_LOGS = 200;
const LOGS_AT_ONCE = 8;
const NOTE_MAXIMUM_BYTES = 65_536;

const Types = z
  .string()
  .max(1_024)
  .refine(
    (text) => text.split(',').every((type) => type === '' || RECORD_TYPES.some((known) => known === type)),
    'must be types of records with commas between them',
  );
const RecordsQuery = z.strictObject({
  namespace: Namespace.optional(),
  types: Types.optional(),
  agent: Name.optional(),
  run: Identifier.optional(),
  /** A time, from which on; without `after`. */
  from: z.string().max(64).optional(),
  after: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_ENTRIES).default(PAGE_ENTRIES),
});
const ExportQuery = z.strictObject({
  namespace: Namespace,
  types: Types.optional(),
  agent: Name.optional(),
  run: Identifier.optional(),
  after: z.coerce.number().int().min(0).default(0),
  format: z.enum(['jsonl', 'csv']).default('jsonl'),
});
const OneRecord = z.object({ namespace: Namespace, id: Identifier });

export function registerLedger(app: FastifyInstance, parts: ConsoleParts): void {
  const { rights, ledger } = parts;

  app.get('/v1/records', async (request, reply) => {
    const { from, after, ...query } = readRequest(RecordsQuery, request.query);
    const user = userOf(request);
    const isSecurity = query.types === 'security_event';
    const right = isSecurity ? 'get agents/securityevents' : 'get agents/runs';
    const namespace = await oneNamespace(parts, user, right, query.namespace);
    const reader = ledger.of(user);
    const begin = after ?? (await positionAt(reader, namespace, from));
    const page = await reader.json(
      '/v1/records',
      { ...emptyAsAbsent(query), namespace, after: begin },
      LedgerRecords,
    );
    const hasCosts = await rights.has(user, 'get agents/costs', namespace);
    const entries = page.entries.map(runEntry);
    const answer: RecordsAnswer = {
      entries: hasCosts ? entries : entries.map(withoutMoney),
      position: page.position,
      isEnd: page.isEnd,
    };
    return reply.send(answer);
  });

  app.get('/v1/checkpoints', async (request, reply) => {
    const user = userOf(request);
    const [agents, audit] = await Promise.all([
      rights.scope(user, 'get agents'),
      rights.scope(user, 'get agents/audit'),
    ]);
    const left = [...parts.namespaces()]
      .filter((namespace) => agents.includes(namespace) && audit.includes(namespace))
      .toSorted()
      .slice(0, MOST_LOGS);
    const reader = ledger.of(user);
    const logs: CheckpointsAnswer['logs'][number][] = [];
    const work = async (): Promise<void> => {
      for (let namespace = left.pop(); namespace !== undefined; namespace = left.pop()) {
        const log = await checkpointOf(parts, reader, namespace);
        if (log !== undefined) logs.push(log);
      }
    };
    await Promise.all(Array.from({ length: LOGS_AT_ONCE }, work));
    const answer: CheckpointsAnswer = {
      logs: logs.toSorted((one, other) => one.namespace.localeCompare(other.namespace)),
    };
    return reply.send(answer);
  });

  app.get('/v1/records/:namespace/:id/evidence', async (request, reply) => {
    const { namespace, id } = readRequest(OneRecord, request.params);
    const user = userOf(request);
    await rights.require(user, 'get agents', namespace);
    await rights.require(user, 'get agents/audit', namespace);
    const path = `/v1/records/${encodeURIComponent(namespace)}/${encodeURIComponent(id)}/evidence`;
    const evidence = await ledger.of(user).text(path, {}, EVIDENCE_MAXIMUM_CHARACTERS);
    return reply
      .type('text/plain; charset=utf-8')
      .header('content-disposition', `attachment; filename="${id.replaceAll(/[^\w.-]/g, '_')}.tlog-proof"`)
      .send(evidence);
  });

  app.get('/v1/export', async (request, reply) => {
    const { format, ...query } = readRequest(ExportQuery, request.query);
    const user = userOf(request);
    const { namespace } = query;
    await rights.require(user, 'get agents', namespace);
    await rights.require(user, 'get agents/runs', namespace);
    const hasCosts = await rights.has(user, 'get agents/costs', namespace);
    const reader = ledger.of(user);
    // The first page is asked for before the answer begins: what is refused is refused with a status.
    const first = await exportPage(reader, query, query.after);
    return reply
      .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8')
      .header('content-disposition', `attachment; filename="capataz-${namespace}.${format}"`)
      .send(
        Readable.from(
          exportedText(reader, query, first, format, hasCosts, rightsAnew(parts, user, namespace)),
        ),
      );
  });
}

/** A long export asks for the rights again with each page; the answer is whether costs may be seen. */
function rightsAnew({ rights }: ConsoleParts, user: UserInfo, namespace: string): () => Promise<boolean> {
  return async () => {
    await rights.require(user, 'get agents', namespace);
    await rights.require(user, 'get agents/runs', namespace);
    return await rights.has(user, 'get agents/costs', namespace);
  };
}

type ExportQuery = Omit<z.infer<typeof ExportQuery>, 'format'>;
type LedgerPage = z.infer<typeof LedgerRecords>;

async function exportPage(reader: LedgerReader, query: ExportQuery, after: number): Promise<LedgerPage> {
  return await reader.json(
    '/v1/records',
    { ...emptyAsAbsent(query), after, limit: EXPORT_PAGE },
    LedgerRecords,
  );
}

async function* exportedText(
  reader: LedgerReader,
  query: ExportQuery,
  first: LedgerPage,
  format: 'jsonl' | 'csv',
  mayFirstSeeCosts: boolean,
  askAnew: () => Promise<boolean>,
): AsyncGenerator<string> {
  const lineOf = format === 'csv' ? csvLine : jsonLine;
  if (format === 'csv') yield CSV_HEAD;
  let page = first;
  let hasCosts = mayFirstSeeCosts;
  for (let exported = 0; ;) {
    const entries = page.entries.map(runEntry);
    yield (hasCosts ? entries : entries.map(withoutMoney)).map(lineOf).join('');
    exported += entries.length;
    if (page.isEnd) return;
    if (exported >= MOST_EXPORTED) {
      yield cutLine(format, page.position);
      return;
    }
    hasCosts = await askAnew();
    const next = await exportPage(reader, query, page.position);
    if (next.position <= page.position && !next.isEnd) throw new Error('The ledger does not go on.');
    page = next;
  }
}

/** An empty word in a query is one that is not there. */
function emptyAsAbsent<Fields extends Readonly<Record<string, string | number | undefined>>>(
  fields: Fields,
): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')) as Fields;
}

async function positionAt(
  reader: LedgerReader,
  namespace: string | undefined,
  from: string | undefined,
): Promise<number> {
  if (from === undefined || from === '') return 0;
  // One order for all namespaces: the namespace says only whose right is asked for.
  const { position } = await reader.json('/v1/positions', { namespace, before: from }, PositionAnswer);
  return position;
}

/** Undefined: the namespace has no log yet. */
async function checkpointOf(
  { logKeys, nowSeconds }: ConsoleParts,
  reader: LedgerReader,
  namespace: string,
): Promise<CheckpointsAnswer['logs'][number] | undefined> {
  try {
    const keys = await logKeys.of(reader);
    const note = await reader.text(
      `/v1/logs/${encodeURIComponent(namespace)}/checkpoint`,
      {},
      NOTE_MAXIMUM_BYTES,
    );
    const { origin, size, root, cosignatures } = openCheckpoint(note, keys);
    const signedAt = Math.max(...cosignatures.map(({ timestampSeconds = 0 }) => timestampSeconds));
    return {
      namespace,
      origin,
      size,
      rootHash: Buffer.from(root).toString('hex'),
      ageSeconds: Number.isFinite(signedAt) ? Math.max(0, Math.round(nowSeconds() - signedAt)) : null,
      isWitnessed: cosignatures.length > 0,
      problem: cosignatures.length > 0 ? null : 'No witness has signed it yet.',
    };
  } catch (error) {
    if (error instanceof LedgerReadError) {
      if (error.code === 'not_found') return undefined;
      throw new RefusedError(refusalOfRead(error));
    }
    const problem = error instanceof Error ? error.message : 'The checkpoint cannot be read.';
    return { namespace, origin: '', size: 0, rootHash: '', ageSeconds: null, isWitnessed: false, problem };
  }
}
