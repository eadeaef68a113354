/**
 * POST /v1/traces and POST /v1/logs: OTLP over HTTP (https://opentelemetry.io/docs/specs/otlp/), JSON or protobuf, plain or
 * gzip. What an agent tells so about itself becomes records of the type reported_span.
 *
 * 200 when all that is not rejected is on the disk; what is rejected is counted in `partialSuccess` and must not be sent
 * again. Statuses that an exporter repeats are 429 and 503, with Retry-After.
 *
 * A plugin of fastify: whoever registers it has checked the caller before, and reads bodies of JSON as bytes.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { LedgerRecord } from '#domain/ledger/ledger-record.ts';
import { BATCH_MAXIMUM_RECORDS } from '#domain/ledger/record-batch.ts';
import { decodeLogsFromJson, decodeTracesFromJson } from '#domain/otlp/decode-json.ts';
import { decodeLogsFromProtobuf, decodeTracesFromProtobuf } from '#domain/otlp/decode-protobuf.ts';
import {
  CONTENT_TYPES,
  type OtlpEncoding,
  writeExportAnswer,
  writeStatus,
} from '#domain/otlp/export-answers.ts';
import { type ReportingAgent, recordOfLog, recordOfSpan } from '#domain/otlp/reported-records.ts';
import { type Decoded, OTLP_BOUNDS } from '#domain/otlp/reported-work.ts';
import { retryAfterHeaders } from '#process/http/retry-after.ts';
import { SharedRoom } from '#process/http/shared-room.ts';
import { inflateBody } from './inflate-body.ts';
import { OneAtATime } from './one-at-a-time.ts';

export type SubmitOutcome =
  | { readonly kind: 'written' | 'duplicate' }
  | { readonly kind: 'refused'; readonly message: string };

export interface OtlpParts {
  /** Whose token the request carries, or why he may not tell spans. Asked before his body is read. */
  readonly agentOf: (
    request: FastifyRequest,
  ) =>
    | { readonly ok: true; readonly agent: ReportingAgent }
    | { readonly ok: false; readonly refusal: Refusal };
  /**
   * Writes at most BATCH_MAXIMUM_RECORDS records durably, as reported by the request's caller: one outcome for each, in
   * their order.
   */
  readonly submit: (
    request: FastifyRequest,
    records: readonly LedgerRecord[],
  ) => Promise<
    | { readonly ok: true; readonly outcomes: readonly SubmitOutcome[] }
    | { readonly ok: false; readonly refusal: Refusal }
  >;
  /** For those who come while as many bodies are held as may be. */
  readonly tooBusy: Refusal;
}

/** A body may be 4 MiB; of those that are held one at a time is inflated and decoded. */
const BODIES_AT_ONCE = 4;
const BODIES_OF_ONE_AGENT = 2;

interface Signal<Item> {
  readonly path: string;
  readonly items: 'spans' | 'logRecords';
  readonly decode: Readonly<Record<OtlpEncoding, (bytes: Buffer) => Decoded<Item>>>;
  readonly recordOf: (agent: ReportingAgent, item: Item) => LedgerRecord | undefined;
}

export function registerOtlp(app: FastifyInstance, parts: OtlpParts): void {
  void app.register((routes, _options, done) => {
    routes.addContentTypeParser(CONTENT_TYPES.protobuf, { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    const bodies = new SharedRoom({ room: BODIES_AT_ONCE, mostOfOne: BODIES_OF_ONE_AGENT });
    const decoding = new OneAtATime();
    registerSignal(routes, parts, bodies, decoding, {
      path: '/v1/traces',
      items: 'spans',
      decode: {
        json: (bytes) => decodeTracesFromJson(bytes.toString('utf8')),
        protobuf: decodeTracesFromProtobuf,
      },
      recordOf: recordOfSpan,
    });
    registerSignal(routes, parts, bodies, decoding, {
      path: '/v1/logs',
      items: 'logRecords',
      decode: {
        json: (bytes) => decodeLogsFromJson(bytes.toString('utf8')),
        protobuf: decodeLogsFromProtobuf,
      },
      recordOf: recordOfLog,
    });
    done();
  });
}

function registerSignal<Item>(
  app: FastifyInstance,
  parts: OtlpParts,
  bodies: SharedRoom,
  decoding: OneAtATime,
  signal: Signal<Item>,
): void {
  app.post(
    signal.path,
    {
      bodyLimit: OTLP_BOUNDS.compressedBytes,
      // Before the body is read: whoever is no agent takes no place, and no agent all of them.
      preParsing: (request, reply, payload, done) => {
        const teller = parts.agentOf(request);
        if (!teller.ok) {
          sendStatus(request, reply, teller.refusal);
          return;
        }
        const place = bodies.take(reply, `${teller.agent.namespace}/${teller.agent.name}`);
        if (place === 'taken') done(null, payload);
        else if (place === 'full') sendStatus(request, reply, parts.tooBusy);
        else reply.hijack();
      },
    },
    (request, reply) => takeExport(request, reply, parts, decoding, signal),
  );
}

async function takeExport<Item>(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: OtlpParts,
  decoding: OneAtATime,
  { items, decode, recordOf }: Signal<Item>,
): Promise<FastifyReply> {
  const teller = parts.agentOf(request);
  if (!teller.ok) return sendStatus(request, reply, teller.refusal);
  const { agent } = teller;
  const encoding = encodingOf(request);
  const decoded = await decoding.run(async () => {
    const body = await inflateBody(request.body, request.headers['content-encoding']);
    return body.ok ? decode[encoding](body.bytes) : body;
  });
  if (!decoded.ok) {
    const refusal: Refusal =
      'refusal' in decoded
        ? decoded.refusal
        : { code: 'invalid_request', message: `The body ${decoded.message}.` };
    return sendStatus(request, reply, refusal);
  }
  let { rejected, problem } = decoded;
  for (let start = 0; start < decoded.items.length; start += BATCH_MAXIMUM_RECORDS) {
    // Records are made piece by piece, so that other callers get in between.
    const items = decoded.items.slice(start, start + BATCH_MAXIMUM_RECORDS);
    const records = items.flatMap((item) => recordOf(agent, item) ?? []);
    const submitted = await parts.submit(request, records);
    // What was written before this is written once, however often it is sent again.
    if (!submitted.ok) return sendStatus(request, reply, submitted.refusal);
    for (const outcome of submitted.outcomes) {
      if (outcome.kind !== 'refused') continue;
      rejected += 1;
      problem ??= outcome.message;
    }
  }
  return send(reply, 200, encoding, writeExportAnswer(encoding, items, rejected, problem));
}

function encodingOf({ headers }: FastifyRequest): OtlpEncoding {
  return headers['content-type']?.startsWith(CONTENT_TYPES.protobuf) === true ? 'protobuf' : 'json';
}

function sendStatus(
  request: FastifyRequest,
  reply: FastifyReply,
  { code, message, retryAfterSeconds }: Refusal,
): FastifyReply {
  const { status } = FAILURES[code];
  if (retryAfterSeconds !== undefined) void reply.headers(retryAfterHeaders(retryAfterSeconds));
  const encoding = encodingOf(request);
  return send(reply, status, encoding, writeStatus(encoding, GRPC_CODES[status] ?? GRPC_UNKNOWN, message));
}

const GRPC_UNKNOWN = 2;
const GRPC_CODES: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  413: 8,
  415: 3,
  429: 8,
  500: 13,
  503: 14,
  507: 8,
};

function send(
  reply: FastifyReply,
  status: number,
  encoding: OtlpEncoding,
  body: string | Uint8Array,
): FastifyReply {
  return (
    reply
      .code(status)
      .header('content-type', CONTENT_TYPES[encoding])
      // As bytes: to a text of JSON a charset would be added, which its type does not have.
      .send(Buffer.from(body))
  );
}
