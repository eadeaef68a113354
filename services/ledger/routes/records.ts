/** POST /v1/records: a batch is answered when all that is not refused is on the disk. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { JsonBounds } from '#domain/bounded-json/bounded-json.ts';
import { RECORD_TYPES, type RecordType } from '#domain/ledger/ledger-record.ts';
import {
  BATCH_MAXIMUM_BYTES,
  BATCH_MAXIMUM_RECORDS,
  type BatchAnswer,
  RecordBatch,
} from '#domain/ledger/record-batch.ts';
import { readBoundedJson } from '../bounded-body.ts';
import { callerOf, platformProcessOf, tellerOf } from '../callers.ts';
import { explain, judgeBatch } from '../judge-batch.ts';
import type { LedgerParts } from '../ledger-parts.ts';
import { TOO_MANY_RECORDS } from '../record-intake.ts';
import { invalidRequest, sendRefusal } from '../replies.ts';
import { SharedRoom } from '#process/http/shared-room.ts';

/** Records are flat, and the longest holds some 150 values. */
const BATCH_BOUNDS: JsonBounds = { depth: 12, values: 160_000 };
/** Apart, so that no number of agents keeps the platform from telling what it has witnessed. */
const PLATFORM_UPLOADS_BYTES = 32 * 1024 * 1024;
const AGENTS_UPLOADS_BYTES = 32 * 1024 * 1024;

export function registerRecordIntake(app: FastifyInstance, parts: LedgerParts): void {
  const ofPlatform = new SharedRoom({ room: PLATFORM_UPLOADS_BYTES });
  const ofAgents = new SharedRoom({
    room: AGENTS_UPLOADS_BYTES,
    mostOfOne: AGENTS_UPLOADS_BYTES / 4,
  });
  app.post(
    '/v1/records',
    {
      // After the caller is known, and before his body is read.
      preParsing: (request, reply, payload, done) => {
        const caller = callerOf(request);
        const uploads = platformProcessOf(caller, parts) === undefined ? ofAgents : ofPlatform;
        const place = uploads.take(reply, caller.user.username, bytesToExpect(request));
        if (place === 'taken') done(null, payload);
        else if (place === 'full') void sendRefusal(reply, TOO_MANY_RECORDS);
        else reply.hijack();
      },
    },
    async (request, reply) => await takeBatch(request, reply, parts),
  );
}

/** Compressed, chunked or not said: as much as may come. */
function bytesToExpect({ headers }: FastifyRequest): number {
  const said = Number(headers['content-length']);
  const isPlain = headers['content-encoding'] === undefined && Number.isSafeInteger(said) && said >= 0;
  return isPlain ? Math.min(said, BATCH_MAXIMUM_BYTES) : BATCH_MAXIMUM_BYTES;
}

async function takeBatch(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: LedgerParts,
): Promise<FastifyReply> {
  const teller = await tellerOf(callerOf(request), parts);
  if (!teller.ok) return sendRefusal(reply, teller.refusal);
  const json = await readBoundedJson(
    request.body,
    request.headers['content-encoding'],
    BATCH_MAXIMUM_BYTES,
    BATCH_BOUNDS,
  );
  if (!json.ok) return sendRefusal(reply, json.refusal);
  const batch = RecordBatch.safeParse(json.value.json);
  if (!batch.success) {
    const message = `The batch does not fit (at most ${BATCH_MAXIMUM_RECORDS} records): ${explain(batch.error)}`;
    return sendRefusal(reply, invalidRequest(message));
  }
  const { accepted, refused } = judgeBatch(teller.teller, batch.data);
  for (const { index } of refused) parts.metrics.recordJudged(typeOf(batch.data.records[index]), 'refused');
  const { reporter } = teller;
  const written = await parts.intake.write(
    accepted.map(({ record, trust, texts }) => ({ record, trust, reporter, texts })),
    json.value.bytes,
  );
  if (!written.ok) return sendRefusal(reply, written.refusal);
  const answer: BatchAnswer = { written: 0, duplicates: 0, refused: [...refused] };
  for (const [place, outcome] of written.outcomes.entries()) {
    if (outcome.kind === 'written') answer.written += 1;
    else if (outcome.kind === 'duplicate') answer.duplicates += 1;
    else {
      const { index = -1, record } = accepted[place] ?? {};
      const id = record === undefined ? {} : { id: record.id };
      answer.refused.push({ ...id, index, code: outcome.code, message: outcome.message });
    }
  }
  return reply.send(answer);
}

/** A word of ours for the metric, whatever came. */
function typeOf(given: unknown): RecordType | 'unknown' {
  const type = typeof given === 'object' && given !== null && 'type' in given ? given.type : undefined;
  return RECORD_TYPES.find((known) => known === type) ?? 'unknown';
}
