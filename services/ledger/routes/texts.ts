/**
 * GET and DELETE /v1/runs/{id}/texts. What was read or erased, by whom, is a record that is on the disk before a letter
 * goes out or a text is gone.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import type { RecordOf } from '#domain/ledger/ledger-record.ts';
import { SECURITY_EVENTS } from '#domain/ledger/security-events.ts';
import { callerOf } from '../callers.ts';
import type { LedgerParts } from '../ledger-parts.ts';
import { EraseQuery, TextsQuery, readQuery } from '../queries.ts';
import { sendRefusal } from '../replies.ts';
import { runFor } from '../run-lookup.ts';
import { countTexts, recordsWithTexts } from '../run-texts.ts';
import type { RunRow } from '../store/ledger-queries.ts';
import type { Written } from '../record-intake.ts';

export function registerTexts(app: FastifyInstance, parts: LedgerParts): void {
  // HEAD shows no text, and would be written down as if it had.
  app.get<{ Params: { id: string } }>(
    '/v1/runs/:id/texts',
    { exposeHeadRoute: false },
    async (request, reply) => {
      const query = readQuery(TextsQuery, request.query);
      if (!query.ok) return sendRefusal(reply, query.refusal);
      const { user } = callerOf(request);
      const wanted = { id: request.params.id, namespace: query.value.namespace };
      const run = await runFor(parts, user, wanted, 'get agents/texts');
      if (!run.ok) return sendRefusal(reply, run.refusal);
      return await reveal(parts, reply, run.value, user, query.value);
    },
  );

  app.delete<{ Params: { id: string } }>('/v1/runs/:id/texts', async (request, reply) => {
    const query = readQuery(EraseQuery, request.query);
    if (!query.ok) return sendRefusal(reply, query.refusal);
    const { user } = callerOf(request);
    const wanted = { id: request.params.id, namespace: query.value.namespace };
    const run = await runFor(parts, user, wanted, 'delete agents/texts');
    if (!run.ok) return sendRefusal(reply, run.refusal);
    const texts = await countTextsOfRun(parts, run.value);
    const told = await tellAccess(parts, run.value, user, {
      action: 'erased',
      texts,
      reason: query.value.reason,
    });
    if (!told.ok) return sendRefusal(reply, told.refusal);
    await parts.vault.eraseRun(run.value.namespace, run.value.id);
    return reply.send({ erased: texts });
  });
}

async function reveal(
  parts: LedgerParts,
  reply: FastifyReply,
  run: RunRow,
  user: UserInfo,
  { after, reason }: { readonly after: number; readonly reason?: string | undefined },
): Promise<FastifyReply> {
  const { records, next } = await recordsWithTexts(parts.store, run, after);
  const fields = records.flatMap((record) => record.fields);
  if (fields.length > 0) {
    const texts = countTexts(fields);
    const told = await tellAccess(parts, run, user, { action: 'revealed', texts, reason });
    if (!told.ok) return sendRefusal(reply, told.refusal);
  }
  const revealed: object[] = [];
  for (const { recordId } of records) {
    for (const text of await parts.vault.reveal(run.namespace, recordId)) {
      revealed.push({ recordId, ...text });
    }
  }
  return reply
    .header('cache-control', 'no-store')
    .send({ texts: revealed, ...(next === undefined ? {} : { nextAfter: next }) });
}

async function countTextsOfRun({ store }: LedgerParts, run: RunRow): Promise<number> {
  const filter = { namespaces: [run.namespace], runId: run.id };
  let count = 0;
  for (let after = 0; ;) {
    const page = await store.entriesAfter(after, filter, 1_000);
    for (const { textFields } of page.entries) count += countTexts(textFields);
    if (page.isEnd) return count;
    after = page.position;
  }
}

/** A reveal is an event for whoever watches over security as well; both are on the disk when it resolves. */
async function tellAccess(
  parts: LedgerParts,
  run: RunRow,
  user: UserInfo,
  access: {
    readonly action: RecordOf<'content_access'>['action'];
    readonly texts: number;
    readonly reason: string | undefined;
  },
): Promise<Written> {
  const { action, texts, reason } = access;
  const by = user.username.slice(0, 256).toWellFormed();
  const common = {
    namespace: run.namespace,
    atMicroseconds: parts.nowMicroseconds(),
    run: { id: run.id },
  };
  const told = await parts.ownRecords.tell(
    {
      ...common,
      id: parts.newId(),
      type: 'content_access',
      action,
      by,
      texts,
      ...(reason === undefined ? {} : { reason }),
    },
    { reporter: user.username },
  );
  if (!told.ok || action !== 'revealed') return told;
  const { severity, owasp } = SECURITY_EVENTS.content_revealed;
  return await parts.ownRecords.tell({
    ...common,
    id: parts.newId(),
    type: 'security_event',
    event: 'content_revealed',
    severity,
    action: 'observed',
    owasp: [...owasp],
    subject: by,
    sentence:
      texts === 0
        ? 'Somebody read the key to the commitments of a run, and no text.'
        : `Somebody read ${texts} ${texts === 1 ? 'text' : 'texts'} of a run.`,
  });
}
