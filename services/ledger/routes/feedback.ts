/** POST /v1/feedback: a verdict on a run, by whoever may create agents/feedback in its namespace. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { JsonBounds } from '#domain/bounded-json/bounded-json.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import { COMMITMENT_KEY_BYTES, commitTo } from '#domain/ledger/commitment.ts';
import { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import type { RecordDraft } from '#domain/ledger/ledger-record.ts';
import type { RecordText } from '#domain/ledger/record-text.ts';
import { readBoundedJson } from '../bounded-body.ts';
import { callerOf } from '../callers.ts';
import { FeedbackBody, IdempotencyKey, feedbackId, isSameVerdict, verdictOf } from '../feedback.ts';
import { explain } from '../judge-batch.ts';
import type { LedgerParts } from '../ledger-parts.ts';
import { type Read, invalidRequest, sendRefusal } from '../replies.ts';
import { runFor } from '../run-lookup.ts';
import type { RunRow } from '../store/ledger-queries.ts';

const FEEDBACK_BYTES = 128 * 1024;
const FEEDBACK_BOUNDS: JsonBounds = { depth: 4, values: 64 };

const KEY_TAKEN: Refusal = {
  code: 'idempotency_conflict',
  message: 'This Idempotency-Key of yours stands for other feedback on this run: use another one.',
  param: 'Idempotency-Key',
};

export function registerFeedback(app: FastifyInstance, parts: LedgerParts): void {
  app.post('/v1/feedback', { bodyLimit: FEEDBACK_BYTES }, async (request, reply) => {
    const given = await readFeedback(request);
    if (!given.ok) return sendRefusal(reply, given.refusal);
    const { body, key } = given.value;
    const { user, serviceAccount } = callerOf(request);
    const wanted = { id: body.run, namespace: body.namespace };
    const run = await runFor(parts, user, wanted, 'create agents/feedback');
    if (!run.ok) return sendRefusal(reply, run.refusal);
    const by = user.username.slice(0, 256).toWellFormed();
    const verdict = verdictOf(body, by, serviceAccount !== undefined);
    const id = key === undefined ? parts.newId() : feedbackId(run.value, by, key);
    const known = key === undefined ? undefined : await knownFeedback(parts, run.value, id);
    if (known !== undefined) {
      return isSameVerdict(known, verdict) ? reply.send({ id }) : sendRefusal(reply, KEY_TAKEN);
    }
    return await write(parts, reply, run.value, {
      id,
      verdict,
      comment: body.comment,
      reporter: user.username,
    });
  });
}

async function readFeedback(
  request: FastifyRequest,
): Promise<Read<{ readonly body: FeedbackBody; readonly key: string | undefined }>> {
  const json = await readBoundedJson(
    request.body,
    request.headers['content-encoding'],
    FEEDBACK_BYTES,
    FEEDBACK_BOUNDS,
  );
  if (!json.ok) return json;
  const body = FeedbackBody.safeParse(json.value.json);
  if (!body.success) {
    const param = body.error.issues[0]?.path.map(String).join('.');
    const message = `The feedback does not fit: ${explain(body.error)}`;
    return { ok: false, refusal: invalidRequest(message, param === '' ? undefined : param) };
  }
  const key = IdempotencyKey.optional().safeParse(request.headers['idempotency-key']);
  if (key.success) return { ok: true, value: { body: body.data, key: key.data } };
  const message = `The header Idempotency-Key does not fit: ${explain(key.error)}`;
  return { ok: false, refusal: invalidRequest(message, 'Idempotency-Key') };
}

async function knownFeedback(
  { store }: LedgerParts,
  { namespace }: RunRow,
  id: string,
): Promise<ReturnType<typeof verdictOf> | undefined> {
  const entry = await store.entryOfRecord(namespace, id);
  if (entry === undefined) return undefined;
  const { record } = LedgerEntry.parse(JSON.parse(entry.canonical));
  return record.type === 'feedback' ? record : undefined;
}

async function write(
  parts: LedgerParts,
  reply: FastifyReply,
  run: RunRow,
  {
    id,
    verdict,
    comment,
    reporter,
  }: {
    readonly id: string;
    readonly verdict: ReturnType<typeof verdictOf>;
    readonly comment: string | undefined;
    readonly reporter: string;
  },
): Promise<FastifyReply> {
  // A key of its own: the texts of the run may be erased, and the comment stand.
  const commitmentKey = Buffer.from(parts.randomBytes(COMMITMENT_KEY_BYTES)).toString('hex');
  const { retentionDays } = parts;
  const texts: readonly RecordText[] =
    comment === undefined
      ? []
      : [
          { recordId: id, field: 'comment', text: comment, retentionDays },
          { recordId: id, field: 'commitment_key', text: commitmentKey, retentionDays },
        ];
  const draft: RecordDraft = {
    id,
    type: 'feedback',
    namespace: run.namespace,
    atMicroseconds: parts.nowMicroseconds(),
    run: { id: run.id },
    ...(run.agent === '' ? {} : { agent: { name: run.agent } }),
    ...verdict,
    ...(comment === undefined ? {} : { comment: commitTo(comment, commitmentKey) }),
  };
  const written = await parts.ownRecords.tell(draft, { reporter, texts });
  if (!written.ok) return sendRefusal(reply, written.refusal);
  const [outcome] = written.outcomes;
  if (outcome?.kind !== 'refused') return reply.code(201).send({ id });
  // Somebody was a moment faster with the same key.
  const known = await knownFeedback(parts, run, id);
  return known !== undefined && isSameVerdict(known, verdict)
    ? reply.send({ id })
    : sendRefusal(reply, KEY_TAKEN);
}
