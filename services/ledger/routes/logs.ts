/** The logs of the namespaces, for whoever audits them: checkpoints, tiles, entries, proofs and evidence. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Refusal } from '#domain/failures/refusal.ts';
import { Identifier, Namespace } from '#domain/ledger/record-fields.ts';
import { openCheckpoint } from '#domain/transparency/checkpoint.ts';
import { formatEvidence } from '#domain/transparency/evidence.ts';
import { encodeVerifierKey } from '#domain/transparency/note-keys.ts';
import { parseTilePath, TILE_WIDTH } from '#domain/transparency/tiles.ts';
import {
  type TileReader,
  proveConsistency,
  proveInclusion,
  rootAtSize,
} from '#domain/transparency/tree-proofs.ts';
import { callerOf } from '../callers.ts';
import { originOf, storedCheckpoint, storedWitnessed } from '../checkpoints/checkpoint-documents.ts';
import type { LedgerParts } from '../ledger-parts.ts';
import { ConsistencyQuery, ExportQuery, readQuery } from '../queries.ts';
import { type Read, sendRefusal } from '../replies.ts';
import { requireRight } from '../rights.ts';
import type { LedgerStore } from '../store/ledger-store.ts';

const TEXT_TYPE = 'text/plain; charset=utf-8';
/** Of up to 64 KiB each. */
const EXPORT_PAGE_ENTRIES = 64;
/** A checkpoint is made every few seconds; a record that was told just now is worth waiting for it. */
const EVIDENCE_WAIT_MILLISECONDS = 10_000;
/** It may be made by another replica, of which no news comes. */
const LOOK_MILLISECONDS = 500;

interface InNamespace {
  Params: { namespace: string };
}

/** For everybody: the keys are public, and a witness asks before anybody has given it a right. */
export function registerLogKeys(app: FastifyInstance, { keys }: Pick<LedgerParts, 'keys'>): void {
  app.get('/v1/log-keys', (_request, reply) =>
    reply.send({
      logs: keys.logs.map(encodeVerifierKey),
      witnesses: keys.witnesses.map(encodeVerifierKey),
    }),
  );
}

export function registerLogs(app: FastifyInstance, parts: LedgerParts): void {
  const { store } = parts;

  app.get<InNamespace>('/v1/logs/:namespace/checkpoint', async (request, reply) => {
    const namespace = await auditedNamespace(parts, request);
    if (!namespace.ok) return sendRefusal(reply, namespace.refusal);
    const note = await storedCheckpoint(store, namespace.value);
    return note === undefined ? sendRefusal(reply, NOTHING_THERE) : reply.type(TEXT_TYPE).send(note);
  });

  app.get<{ Params: { namespace: string; '*': string } }>(
    '/v1/logs/:namespace/tile/*',
    async (request, reply) => {
      const namespace = await auditedNamespace(parts, request);
      if (!namespace.ok) return sendRefusal(reply, namespace.refusal);
      const tile = parseTilePath(`tile/${request.params['*']}`);
      const hashes =
        tile === undefined
          ? undefined
          : await store.tile(namespace.value, tile.level, tile.index, tile.width);
      if (tile === undefined || hashes === undefined) return sendRefusal(reply, NOTHING_THERE);
      return reply
        .type('application/octet-stream')
        .header(
          'cache-control',
          tile.width === TILE_WIDTH ? 'private, max-age=31536000, immutable' : 'no-store',
        )
        .send(Buffer.from(hashes));
    },
  );

  app.get<InNamespace>('/v1/logs/:namespace/export', async (request, reply) => {
    const query = readQuery(ExportQuery, request.query);
    if (!query.ok) return sendRefusal(reply, query.refusal);
    const namespace = await auditedNamespace(parts, request);
    if (!namespace.ok) return sendRefusal(reply, namespace.refusal);
    const { from, count } = query.value;
    const lines = exportedLines(store, namespace.value, from, from + count);
    return reply.type('application/x-ndjson; charset=utf-8').send(Readable.from(lines));
  });

  app.get<InNamespace>('/v1/logs/:namespace/consistency', async (request, reply) => {
    const query = readQuery(ConsistencyQuery, request.query);
    if (!query.ok) return sendRefusal(reply, query.refusal);
    const namespace = await auditedNamespace(parts, request);
    if (!namespace.ok) return sendRefusal(reply, namespace.refusal);
    const { from, to } = query.value;
    const { size } = await store.treeHead(namespace.value);
    if (from > to || to > size) return sendRefusal(reply, NOTHING_THERE);
    const read = tilesOf(store, namespace.value);
    const base64 = (hash: Uint8Array): string => Buffer.from(hash).toString('base64');
    return reply.send({
      from,
      to,
      fromRoot: base64(await rootAtSize(from, read)),
      toRoot: base64(await rootAtSize(to, read)),
      proof: (await proveConsistency(from, to, read)).map(base64),
    });
  });

  app.get<{ Params: { namespace: string; id: string } }>(
    '/v1/records/:namespace/:id/evidence',
    async (request, reply) => {
      const namespace = await auditedNamespace(parts, request);
      if (!namespace.ok) return sendRefusal(reply, namespace.refusal);
      const evidence = await evidenceOf(parts, namespace.value, request.params.id);
      if (!evidence.ok) return sendRefusal(reply, evidence.refusal);
      return reply
        .type(TEXT_TYPE)
        .header('content-disposition', `attachment; filename="${request.params.id}.tlog-proof"`)
        .send(evidence.value);
    },
  );
}

async function auditedNamespace(
  { access }: LedgerParts,
  request: FastifyRequest<{ Params: { namespace: string } }>,
): Promise<Read<string>> {
  const namespace = Namespace.safeParse(request.params.namespace);
  if (!namespace.success) return { ok: false, refusal: NOTHING_THERE };
  const granted = await requireRight(access, callerOf(request).user, 'get agents/audit', namespace.data);
  return granted.ok ? { ok: true, value: namespace.data } : granted;
}

async function* exportedLines(
  store: LedgerStore,
  namespace: string,
  from: number,
  end: number,
): AsyncGenerator<string> {
  const { size } = await store.treeHead(namespace);
  const last = Math.min(end, size);
  for (let index = from; index < last; index += EXPORT_PAGE_ENTRIES) {
    const entries = await store.entriesByIndex(namespace, index, Math.min(EXPORT_PAGE_ENTRIES, last - index));
    // Bodies may be pruned over many pages.
    if (entries.length > 0) yield entries.map(({ canonical }) => `${canonical}\n`).join('');
  }
}

async function evidenceOf(parts: LedgerParts, namespace: string, recordId: string): Promise<Read<string>> {
  const { store, logs } = parts;
  const entry = Identifier.safeParse(recordId).success
    ? await store.entryOfRecord(namespace, recordId)
    : undefined;
  if (entry === undefined) return { ok: false, refusal: NO_SUCH_RECORD };
  let checkpoint = await checkpointOver(parts, namespace, entry.index);
  const deadline = performance.now() + EVIDENCE_WAIT_MILLISECONDS;
  while (checkpoint === undefined && performance.now() < deadline) {
    await logs.nextTurn(LOOK_MILLISECONDS);
    checkpoint = await checkpointOver(parts, namespace, entry.index);
  }
  if (checkpoint === undefined) return { ok: false, refusal: PENDING };
  const proof = await proveInclusion(entry.index, checkpoint.size, tilesOf(store, namespace));
  return {
    ok: true,
    value: formatEvidence({ entry: entry.canonical, index: entry.index, proof, checkpoint: checkpoint.note }),
  };
}

/** The last one that a witness has signed, if it has the entry; else the last that is signed at all. */
async function checkpointOver(
  { store, keys }: LedgerParts,
  namespace: string,
  index: number,
): Promise<{ readonly note: string; readonly size: number } | undefined> {
  const [key] = keys.logs;
  const current = key === undefined ? '' : await originOf(store, key.name, namespace);
  for (const note of [await storedWitnessed(store, namespace), await storedCheckpoint(store, namespace)]) {
    if (note === undefined) continue;
    const { origin, size } = openCheckpoint(note, keys);
    if (origin === current && size > index) return { note, size };
  }
  return undefined;
}

function tilesOf(store: Pick<LedgerStore, 'tile'>, namespace: string): TileReader {
  return ({ level, index, width }) => store.tile(namespace, level, index, width);
}

const NOTHING_THERE: Refusal = {
  code: 'log_not_found',
  message:
    'The log of this namespace has nothing there: GET /v1/logs/NAMESPACE/checkpoint says how large it is.',
};
const NO_SUCH_RECORD: Refusal = {
  code: 'record_not_found',
  message: 'The ledger has no record of this id in this namespace, or its body was pruned.',
};
const PENDING: Refusal = {
  code: 'checkpoint_pending',
  message: 'The record is newer than the last checkpoint: ask again in a moment.',
  retryAfterSeconds: 5,
};
