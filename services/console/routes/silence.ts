/** POST and DELETE /v1/attention/ID/silence: a finding is expected, or nobody is to be told of it, for some time. */
import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { AttentionItem } from '#domain/observation/attention-item.ts';
import type { UserInfo } from '#adapters/kubernetes/token-reviewer.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { namespacesOf } from '../observed/observed-fleet.ts';
import { notFound, readRequest } from '../replies.ts';
import { shownItem } from '../rights/shown-attention.ts';
import { visibleTo } from '../rights/visible.ts';
import { userOf } from '../sessions/check-sessions.ts';

const LONGEST_MICROSECONDS = 30 * 86_400 * 1_000_000;
const Reason = z
  .string()
  .trim()
  .min(1, 'say why')
  .max(1_024)
  .refine((text) => text.isWellFormed(), 'must not hold lone surrogates');
const SilenceId = z.string().regex(/^[\w.-]{8,64}$/);

const SilenceBody = z.strictObject({
  id: SilenceId,
  action: z.enum(['muted', 'expected']),
  reason: Reason,
  untilMicroseconds: z.int().min(0),
});
const EndBody = z.strictObject({ id: SilenceId.optional(), reason: Reason.default('It was taken back.') });

export function registerSilence(app: FastifyInstance, parts: ConsoleParts): void {
  app.post<{ Params: { id: string } }>('/v1/attention/:id/silence', async (request, reply) => {
    const user = userOf(request);
    const nowMicroseconds = Math.round(parts.nowSeconds() * 1_000_000);
    const body = readRequest(
      SilenceBody.refine(
        ({ untilMicroseconds: until }) =>
          until > nowMicroseconds && until <= nowMicroseconds + LONGEST_MICROSECONDS,
        { path: ['untilMicroseconds'], message: 'must be within the next 30 days' },
      ),
      request.body,
    );
    const item = await itemToSilence(parts, request.params.id, user);
    await tell(parts, user, item, { ...body, atMicroseconds: nowMicroseconds });
    const silence: AttentionItem['silence'] = {
      action: body.action,
      by: user.username.slice(0, 256),
      reason: body.reason,
      untilMicroseconds: body.untilMicroseconds,
    };
    return reply.send(silence);
  });

  app.delete<{ Params: { id: string } }>('/v1/attention/:id/silence', async (request, reply) => {
    const user = userOf(request);
    const { id = parts.newId(), reason } = readRequest(EndBody, request.body ?? {});
    const item = await itemToSilence(parts, request.params.id, user);
    const atMicroseconds = Math.round(parts.nowSeconds() * 1_000_000);
    await tell(parts, user, item, { id, reason, action: 'ended', atMicroseconds });
    return reply.code(204).send();
  });
}

/** Of those that the person sees whole, and may silence wherever it is. */
async function itemToSilence(
  { observed, rights }: ConsoleParts,
  id: string,
  user: UserInfo,
): Promise<AttentionItem> {
  const visible = await visibleTo(rights, user);
  // One that is cut has another id for this person.
  const item = observed.attention.find((each) => each.id === id && shownItem(each, visible)?.id === id);
  if (item === undefined) throw notFound(`finding ${id.slice(0, 100)}`);
  const namespaces = namespacesOf(item);
  for (const namespace of namespaces.length === 0 ? [undefined] : namespaces) {
    await rights.require(user, 'update agents/silence', namespace);
  }
  return item;
}

async function tell(
  { records, settings }: ConsoleParts,
  user: UserInfo,
  item: AttentionItem,
  silence: {
    readonly id: string;
    readonly action: 'muted' | 'expected' | 'ended';
    readonly reason: string;
    readonly untilMicroseconds?: number;
    readonly atMicroseconds: number;
  },
): Promise<void> {
  const { id, action, reason, untilMicroseconds, atMicroseconds } = silence;
  const [namespace = settings.namespace] = namespacesOf(item);
  const by = user.username.slice(0, 256).toWellFormed();
  const content = JSON.stringify([item.id, by, action, reason, untilMicroseconds]);
  await records.tell({
    // The same silence again is the same record.
    id: `silence:${id}:${createHash('sha256').update(content).digest('hex').slice(0, 16)}`,
    namespace,
    atMicroseconds,
    type: 'silence',
    by,
    finding: item.id,
    action,
    ...(untilMicroseconds !== undefined && { untilMicroseconds }),
    reason,
  });
}
