/** POST /v1/records: a batch is answered when all that is not refused is on the disk. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { JsonBounds } from '#domain/bounded-json/bounded-json.ts';
import { type LedgerRecord, RECORD_TYPES, type RecordType } from '#domain/ledger/ledger-record.ts';
import {
  BATCH_MAXIMUM_BYTES,
  BATCH_MAXIMUM_RECORDS,
  type BatchAnswer,
  RecordBatch,
} from '#domain/ledger/record-batch.ts';
import { readBoundedJson } from '../bounded-body.ts';
import { callerOf, tellerOf } from '../callers.ts';
import { type AcceptedRecord, type Refused, explain, judgeBatch } from '../judge-batch.ts';
import type { LedgerParts } from '../ledger-parts.ts';
import { TOO_MANY_RECORDS } from '../record-intake.ts';
import { invalidRequest, sendRefusal } from '../replies.ts';
import { RunOwners } from '../run-owners.ts';
import { UploadBudget } from '../upload-budget.ts';
import type { Teller } from '../who-may-tell.ts';

/** Records are flat, and the longest holds some 150 values. */
const BATCH_BOUNDS: JsonBounds = { depth: 12, values: 160_000 };
const UPLOADS_BYTES = 64 * 1024 * 1024;

export function registerRecordIntake(app: FastifyInstance, parts: LedgerParts): void {
  const uploads = new UploadBudget(UPLOADS_BYTES);
  const owners = new RunOwners(parts.store);
  app.post(
    '/v1/records',
    {
      // After the caller is known, and before his body is read.
      preParsing: (request, reply, payload, done) => {
        const giveBack = uploads.take(bytesToExpect(request));
        if (giveBack === undefined) void sendRefusal(reply, TOO_MANY_RECORDS);
        else {
          reply.raw.once('close', giveBack);
          done(null, payload);
        }
      },
    },
    async (request, reply) => await takeBatch(request, reply, parts, owners),
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
  owners: RunOwners,
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
  const { own, others } = await sortByOwner(teller.teller, accepted, owners);
  const { reporter } = teller;
  const written = await parts.intake.write(
    own.map(({ record, trust, texts }) => ({ record, trust, reporter, texts })),
    json.value.bytes,
  );
  if (!written.ok) return sendRefusal(reply, written.refusal);
  const answer: BatchAnswer = { written: 0, duplicates: 0, refused: [...refused, ...others] };
  for (const [place, outcome] of written.outcomes.entries()) {
    if (outcome.kind === 'written') answer.written += 1;
    else if (outcome.kind === 'duplicate') answer.duplicates += 1;
    else {
      const { index = -1, record } = own[place] ?? {};
      const id = record === undefined ? {} : { id: record.id };
      answer.refused.push({ ...id, index, code: outcome.code, message: outcome.message });
    }
  }
  return reply.send(answer);
}

/** What an agent tells of a run that another agent began is refused. The platform tells of everybody's. */
async function sortByOwner(
  teller: Teller,
  accepted: readonly AcceptedRecord[],
  owners: RunOwners,
): Promise<{ readonly own: readonly AcceptedRecord[]; readonly others: readonly Refused[] }> {
  if (teller.kind !== 'agent') return { own: accepted, others: [] };
  const own: AcceptedRecord[] = [];
  const others: Refused[] = [];
  const runsOfOthers = new Set<string>();
  for (const id of new Set(accepted.map(({ record }) => runOf(record)))) {
    if (id !== undefined && (await owners.isOthers(id, teller.namespace, teller.name))) runsOfOthers.add(id);
  }
  for (const each of accepted) {
    const { record, index } = each;
    if (runsOfOthers.has(runOf(record) ?? '')) {
      const message = 'run.id is the run of another agent.';
      others.push({ id: record.id, index, code: 'record_not_allowed', message });
    } else own.push(each);
  }
  return { own, others };
}

function runOf(record: LedgerRecord): string | undefined {
  return 'run' in record ? record.run?.id : undefined;
}

/** A word of ours for the metric, whatever came. */
function typeOf(given: unknown): RecordType | 'unknown' {
  const type = typeof given === 'object' && given !== null && 'type' in given ? given.type : undefined;
  return RECORD_TYPES.find((known) => known === type) ?? 'unknown';
}
