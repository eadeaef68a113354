/** GET /v1/security: what was tried, by whom, against which agent, and what stopped it. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { RecordsAnswer, PositionAnswer } from '#adapters/ledger-reader/ledger-answers.ts';
import type { LedgerReader } from '#adapters/ledger-reader/ledger-reader.ts';
import { Namespace } from '#domain/ledger/record-fields.ts';
import type { SecurityAnswer } from '../api/answers.ts';
import type { ConsoleParts } from '../console-parts.ts';
import { type SecurityEntry, summarise } from '../ledger/security-summary.ts';
import { runEntry } from '../ledger/run-entries.ts';
import { readRequest } from '../replies.ts';
import { userOf } from '../sessions/check-sessions.ts';
import { oneNamespace } from './one-namespace.ts';

const HOUR_MICROSECONDS = 3_600_000_000;
const PAGE_ENTRIES = 1_000;
const MOST_PAGES = 20;

const SecurityQuery = z.strictObject({
  namespace: z.union([Namespace, z.literal('')]).optional(),
  hours: z.coerce.number().int().min(1).max(168).default(24),
});

export function registerSecurity(app: FastifyInstance, parts: ConsoleParts): void {
  app.get('/v1/security', async (request, reply) => {
    const query = readRequest(SecurityQuery, request.query);
    const user = userOf(request);
    const wanted = query.namespace === '' ? undefined : query.namespace;
    const namespace = await oneNamespace(parts, user, 'get agents/securityevents', wanted);
    const reader = parts.ledger.of(user);
    const nowMicroseconds = parts.nowSeconds() * 1_000_000;
    const from = nowMicroseconds - query.hours * HOUR_MICROSECONDS;
    const { entries, isWhole } = await eventsSince(reader, namespace, from);
    const answer: SecurityAnswer = {
      asOfMicroseconds: Math.round(nowMicroseconds),
      problem: isWhole
        ? null
        : `There are more than ${PAGE_ENTRIES * MOST_PAGES} events in this time: the first of them are counted.`,
      ...summarise(entries, from, nowMicroseconds),
      guards: [
        {
          name: 'ledger',
          status: 'True',
          sentence: 'The ledger answers: what is refused is recorded.',
        },
        followedGuard(parts),
      ],
    };
    return reply.send(answer);
  });
}

/** Nobody is told of a burst while nobody watches. */
function followedGuard({ fleet }: ConsoleParts): SecurityAnswer['guards'][number] {
  const { problem } = fleet.currency();
  return problem === null
    ? { name: 'observer', status: 'True', sentence: 'The observer watches: bursts of events become alerts.' }
    : { name: 'observer', status: 'Unknown', sentence: problem };
}

async function eventsSince(
  reader: LedgerReader,
  namespace: string | undefined,
  from: number,
): Promise<{ readonly entries: readonly SecurityEntry[]; readonly isWhole: boolean }> {
  const entries: SecurityEntry[] = [];
  // Positions by time are those of one namespace; of all together it is read from the beginning of what is kept.
  let after =
    namespace === undefined
      ? 0
      : (await reader.json('/v1/positions', { namespace, before: Math.round(from) }, PositionAnswer))
          .position;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page = await reader.json(
      '/v1/security-events',
      { namespace, after, limit: PAGE_ENTRIES },
      RecordsAnswer,
    );
    for (const written of page.entries) {
      const { record } = written.entry;
      if (record.type === 'security_event' && record.atMicroseconds >= from) {
        entries.push({ record, entry: runEntry(written) });
      }
    }
    if (page.isEnd || page.position <= after) return { entries, isWhole: true };
    after = page.position;
  }
  return { entries, isWhole: false };
}
