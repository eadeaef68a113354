/**
 * GET /v1/stream: entries as they are written. The id of an event is the entry's position, so a client that comes back
 * with Last-Event-ID misses nothing. Rights are asked for again and again: a stream ends with what it stood on.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Refusal } from '#domain/failures/refusal.ts';
import { type EventStream, eventStreamOf } from '#process/http/event-stream.ts';
import type { Drain } from '#process/drain.ts';
import { callerOf } from '../callers.ts';
import type { LedgerParts } from '../ledger-parts.ts';
import { StreamQuery, readQuery } from '../queries.ts';
import { SHUTTING_DOWN, beyondTheEnd, invalidRequest, sendRefusal } from '../replies.ts';
import type { EntryFilter } from '../store/ledger-store.ts';
import { SharedRoom } from '#process/http/shared-room.ts';
import { writeEntry } from '../written-entries.ts';
import { entryFilterFor } from './reading.ts';

const MOST_STREAMS = 256;
const PAGE_ENTRIES = 200;
/** Every stream may hold a page that its client does not read. */
const PAGE_BYTES = 262_144;
const KEEP_ALIVE_SECONDS = 12;
const STALL_SECONDS = 30;
/** Another replica may have written, of which no news comes. */
const LOOK_MILLISECONDS = 1_000;
const RIGHTS_MILLISECONDS = 30_000;
/** So many entries that are not for this client pass before he is told where he stands. */
const SILENT_ENTRIES = 10_000;

const TOO_MANY_STREAMS: Refusal = {
  code: 'too_many_streams',
  message: `The ledger serves ${MOST_STREAMS} streams at a time: ask again in a moment, or page through GET /v1/records.`,
  retryAfterSeconds: 5,
};

/** All that are open, so that the end of the process is theirs too. */
export class LiveStreams {
  readonly #open = new Set<AbortController>();

  constructor(drain: Drain) {
    drain.onBegin(() => {
      for (const each of this.#open) each.abort();
    });
  }

  count(): number {
    return this.#open.size;
  }

  open(): Disposable & AbortController {
    const ended = new AbortController();
    this.#open.add(ended);
    return Object.assign(ended, { [Symbol.dispose]: () => void this.#open.delete(ended) });
  }
}

export function registerStream(app: FastifyInstance, parts: LedgerParts, streams: LiveStreams): void {
  const places = new SharedRoom({ room: MOST_STREAMS });
  // HEAD has no place of its own to fill: it would follow for ever and be told nothing.
  app.get('/v1/stream', { exposeHeadRoute: false }, async (request, reply) => {
    const query = readQuery(StreamQuery, request.query);
    if (!query.ok) return sendRefusal(reply, query.refusal);
    if (parts.drain.isDraining) return sendRefusal(reply, SHUTTING_DOWN);
    // Before anything is asked of the store, where it would wait with all others who come.
    const place = places.take(reply, callerOf(request).user.username);
    if (place === 'gone') return reply.hijack();
    if (place === 'full') return sendRefusal(reply, TOO_MANY_STREAMS);
    const filter = await entryFilterFor(parts, request, query.value);
    if (!filter.ok) return sendRefusal(reply, filter.refusal);
    const { after } = query.value;
    const last = await parts.store.lastPosition();
    const resumed = lastEventId(request);
    if (resumed === 'unreadable') return sendRefusal(reply, UNREADABLE_EVENT_ID);
    const from = resumed ?? (after === 'end' ? last : after);
    // After the restoring of a backup: whoever waited there would be told nothing until the log has grown past it again.
    if (from > last) return sendRefusal(reply, beyondTheEnd(last));
    // Nothing is waited for from here on until the stream is open: he may have left meanwhile.
    if (reply.raw.destroyed) return reply.hijack();
    using ended = streams.open();
    reply.raw.once('close', () => ended.abort());
    const stream = eventStreamOf(reply, {
      keepAliveSeconds: KEEP_ALIVE_SECONDS,
      stallSeconds: STALL_SECONDS,
      onStall: () => ended.abort(),
    });
    try {
      stream.open();
      const isStillAllowed = async (): Promise<EntryFilter | undefined> => {
        const identified = await parts.identity.identify(request.headers);
        if (!identified.ok) return undefined;
        const again = await entryFilterFor(parts, request, query.value);
        return again.ok ? again.value : undefined;
      };
      await follow(parts, stream, from, filter.value, isStillAllowed, ended.signal);
    } catch (error) {
      parts.logger.error({ error, requestId: request.id }, 'a stream broke off');
    } finally {
      stream.end();
    }
    return reply;
  });
}

async function follow(
  { store, news }: LedgerParts,
  stream: EventStream,
  from: number,
  filterAtFirst: EntryFilter,
  isStillAllowed: () => Promise<EntryFilter | undefined>,
  signal: AbortSignal,
): Promise<void> {
  let filter = filterAtFirst;
  let position = from;
  let told = from;
  let checkedAt = performance.now();
  while (!signal.aborted) {
    if (performance.now() - checkedAt >= RIGHTS_MILLISECONDS) {
      const again = await isStillAllowed();
      if (again === undefined) return;
      filter = again;
      checkedAt = performance.now();
    }
    const page = await store.entriesAfter(position, filter, PAGE_ENTRIES, PAGE_BYTES);
    for (const entry of page.entries) {
      stream.write(`id: ${entry.position}\nevent: entry\ndata: ${writeEntry(entry)}\n\n`);
      told = entry.position;
      await stream.untilWritable();
      if (signal.aborted) return;
    }
    position = Math.max(position, page.position);
    if (position - told >= SILENT_ENTRIES) {
      stream.write(`id: ${position}\n\n`);
      told = position;
    }
    if (page.isEnd) await news.wait(LOOK_MILLISECONDS, signal);
  }
}

/** What is there and no position must not become `end`: the client would miss what he came back for. */
function lastEventId({ headers }: FastifyRequest): number | 'unreadable' | undefined {
  const given = headers['last-event-id'];
  if (given === undefined || given === '') return undefined;
  return typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : 'unreadable';
}

const UNREADABLE_EVENT_ID = invalidRequest(
  'The header Last-Event-ID is not the id of an event of this stream: send the id of the last one, or leave the header out.',
  'Last-Event-ID',
);
