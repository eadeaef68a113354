/** GET /v1/runs, /v1/costs, /v1/outcomes, /v1/records and /v1/security-events: what is asked of the rollups and entries. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RECORD_TYPES, type RecordType } from '#domain/ledger/ledger-record.ts';
import { callerOf } from '../callers.ts';
import type { LedgerParts } from '../ledger-parts.ts';
import {
  CostsQuery,
  HistoriesQuery,
  PositionsQuery,
  OneRunQuery,
  OutcomesQuery,
  RecordsQuery,
  RunsQuery,
  SecurityEventsQuery,
  readQuery,
} from '../queries.ts';
import { type Read, beyondTheEnd, sendRefusal } from '../replies.ts';
import { type Right, askRight, requireRight } from '../rights.ts';
import { runFor } from '../run-lookup.ts';
import type { EntryFilter } from '../store/ledger-store.ts';
import { writeEntries } from '../written-entries.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

export function registerReading(app: FastifyInstance, parts: LedgerParts): void {
  const { store } = parts;

  app.get('/v1/runs', async (request, reply) => {
    const query = readQuery(RunsQuery, request.query);
    if (!query.ok) return sendRefusal(reply, query.refusal);
    return await within(parts, request, reply, 'get agents/runs', query.value.namespace, async () => {
      const { from, to, namespace, ...rest } = query.value;
      const { runs, nextCursor } = await store.runs({ ...defined(rest), ...scopeOf(namespace, from, to) });
      return reply.send({ runs, ...(nextCursor === undefined ? {} : { nextCursor }) });
    });
  });

  app.get<{ Params: { id: string } }>('/v1/runs/:id', async (request, reply) => {
    const query = readQuery(OneRunQuery, request.query);
    if (!query.ok) return sendRefusal(reply, query.refusal);
    const wanted = { id: request.params.id, namespace: query.value.namespace };
    const run = await runFor(parts, callerOf(request).user, wanted, 'get agents/runs');
    if (!run.ok) return sendRefusal(reply, run.refusal);
    const { id, namespace } = run.value;
    const filter = { namespaces: [namespace], runId: id };
    const { entries, position, isEnd } = await store.entriesAfter(
      query.value.after,
      filter,
      query.value.limit,
    );
    const next = isEnd ? '' : `,"nextAfter":${position}`;
    return reply
      .type(JSON_TYPE)
      .send(`{"run":${JSON.stringify(run.value)},"entries":${writeEntries(entries)}${next}}`);
  });

  app.get('/v1/costs', async (request, reply) => {
    const query = readQuery(CostsQuery, request.query);
    if (!query.ok) return sendRefusal(reply, query.refusal);
    return await within(parts, request, reply, 'get agents/costs', query.value.namespace, async () => {
      const { from, to, namespace, ...rest } = query.value;
      return reply.send({ costs: await store.costs({ ...defined(rest), ...scopeOf(namespace, from, to) }) });
    });
  });

  app.get('/v1/outcomes', async (request, reply) => {
    const query = readQuery(OutcomesQuery, request.query);
    if (!query.ok) return sendRefusal(reply, query.refusal);
    return await within(parts, request, reply, 'get agents/runs', query.value.namespace, async () => {
      const { from, to, namespace, ...rest } = query.value;
      return reply.send({
        outcomes: await store.outcomes({ ...defined(rest), ...scopeOf(namespace, from, to) }),
      });
    });
  });

  app.get('/v1/positions', async (request, reply) => {
    const query = readQuery(PositionsQuery, request.query);
    if (!query.ok) return sendRefusal(reply, query.refusal);
    const { namespace, before } = query.value;
    return await within(parts, request, reply, 'get agents/runs', namespace, async () =>
      reply.send({ position: await store.positionBefore(before) }),
    );
  });

  app.get('/v1/histories', async (request, reply) => {
    const query = readQuery(HistoriesQuery, request.query);
    if (!query.ok) return sendRefusal(reply, query.refusal);
    const { namespace } = query.value;
    return await within(parts, request, reply, 'get agents/runs', namespace, async () => {
      const page = await store.histories(defined(query.value));
      if (await showsSecurityEvents(parts, request, namespace)) return reply.send(page);
      const agents = page.agents.map((agent) => ({ ...agent, safetyEvents: [] }));
      return reply.send({ ...page, agents });
    });
  });

  app.get('/v1/records', async (request, reply) => {
    const query = readQuery(RecordsQuery, request.query);
    if (!query.ok) return sendRefusal(reply, query.refusal);
    const filter = await entryFilterFor(parts, request, query.value);
    if (!filter.ok) return sendRefusal(reply, filter.refusal);
    const last = await parts.store.lastPosition();
    // Whoever counts outcomes would else wait in silence, and miss those until the log has grown past him again.
    if (query.value.rollout !== undefined && query.value.after > last) {
      return sendRefusal(reply, beyondTheEnd(last));
    }
    return await sendPage(parts, reply, filter.value, query.value);
  });

  app.get('/v1/security-events', async (request, reply) => {
    const query = readQuery(SecurityEventsQuery, request.query);
    if (!query.ok) return sendRefusal(reply, query.refusal);
    const { namespace, agent } = query.value;
    return await within(parts, request, reply, 'get agents/securityevents', namespace, async () => {
      const filter: EntryFilter = {
        types: ['security_event'],
        ...(namespace === undefined ? {} : { namespaces: [namespace] }),
        ...(agent === undefined ? {} : { agent }),
      };
      return await sendPage(parts, reply, filter, query.value);
    });
  });
}

async function sendPage(
  { store }: LedgerParts,
  reply: FastifyReply,
  filter: EntryFilter,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<FastifyReply> {
  const { entries, position, isEnd } = await store.entriesAfter(after, filter, limit);
  return reply
    .type(JSON_TYPE)
    .send(`{"entries":${writeEntries(entries)},"position":${position},"isEnd":${isEnd}}`);
}

/** Security events are shown to those who may see them; others get the rest. */
export async function entryFilterFor(
  parts: LedgerParts,
  request: FastifyRequest,
  query: {
    readonly namespace?: string | undefined;
    readonly agent?: string | undefined;
    readonly run?: string | undefined;
    readonly types?: readonly RecordType[] | undefined;
    readonly rollout?: string | undefined;
  },
): Promise<Read<EntryFilter>> {
  const { access } = parts;
  const { user } = callerOf(request);
  const { namespace, agent, run, types, rollout } = query;
  const isAboutSecurityAlone = types?.every((type) => type === 'security_event') ?? false;
  const right: Right = isAboutSecurityAlone ? 'get agents/securityevents' : 'get agents/runs';
  const granted = await requireRight(access, user, right, namespace);
  if (!granted.ok) return granted;
  const isShownAll = isAboutSecurityAlone || (await showsSecurityEvents(parts, request, namespace));
  const shown = (types ?? RECORD_TYPES).filter((type) => isShownAll || type !== 'security_event');
  return {
    ok: true,
    value: {
      ...(namespace === undefined ? {} : { namespaces: [namespace] }),
      ...(agent === undefined ? {} : { agent }),
      ...(run === undefined ? {} : { runId: run }),
      ...(rollout === undefined || namespace === undefined ? {} : { rollout: { namespace, name: rollout } }),
      ...(shown.length === RECORD_TYPES.length ? {} : { types: shown }),
    },
  };
}

async function showsSecurityEvents(
  { access }: LedgerParts,
  request: FastifyRequest,
  namespace: string | undefined,
): Promise<boolean> {
  return (
    (await askRight(access, callerOf(request).user, 'get agents/securityevents', namespace)) === 'allowed'
  );
}

async function within(
  { access }: LedgerParts,
  request: FastifyRequest,
  reply: FastifyReply,
  right: Right,
  namespace: string | undefined,
  answer: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const granted = await requireRight(access, callerOf(request).user, right, namespace);
  return granted.ok ? await answer() : sendRefusal(reply, granted.refusal);
}

function scopeOf(
  namespace: string | undefined,
  from: number | undefined,
  to: number | undefined,
): {
  readonly namespaces: readonly string[] | undefined;
  readonly fromMicroseconds?: number;
  readonly toMicroseconds?: number;
} {
  return {
    namespaces: namespace === undefined ? undefined : [namespace],
    ...(from === undefined ? {} : { fromMicroseconds: from }),
    ...(to === undefined ? {} : { toMicroseconds: to }),
  };
}

type Defined<Fields> = { [Name in keyof Fields]: Exclude<Fields[Name], undefined> };

/** Without the fields that are not given: absent is not undefined. */
function defined<Fields extends object>(fields: Fields): Defined<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<Fields>;
}
