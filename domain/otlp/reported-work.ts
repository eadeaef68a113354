/**
 * What is read of a request of the OpenTelemetry protocol, whichever way it is written (JSON or protobuf). Only attributes
 * that have a meaning here are decoded at all; everything else, and with it whatever people, models and tools have said,
 * is stepped over unread.
 */
import type { AttributeMeaning } from './attribute-names.ts';

export type AttributeValue = string | number | bigint | boolean | readonly string[];
/** The first name of a meaning wins, in the order of attribute-names.ts. */
export type ReadAttributes = ReadonlyMap<AttributeMeaning, AttributeValue>;

export interface OtlpSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** Since 1970. */
  readonly startNanoseconds: bigint;
  readonly endNanoseconds: bigint;
  readonly hasFailed: boolean;
  readonly attributes: ReadAttributes;
}

export interface OtlpLogRecord {
  /** Empty where the record belongs to no trace. */
  readonly traceId: string;
  readonly spanId: string;
  readonly eventName: string;
  readonly nanoseconds: bigint;
  readonly attributes: ReadAttributes;
}

export interface DecodedExport<Item> {
  readonly items: readonly Item[];
  /** What cannot be taken, with one sentence on the first of them. */
  readonly rejected: number;
  readonly problem: string | undefined;
}

export type Decoded<Item> =
  | ({ readonly ok: true } & DecodedExport<Item>)
  /** What the body does, to be put behind its name. */
  | { readonly ok: false; readonly message: string };

export const OTLP_BOUNDS = {
  compressedBytes: 4 * 1024 * 1024,
  /** To decode so much holds up all other callers for a fraction of a second. */
  inflatedBytes: 8 * 1024 * 1024,
  /** Spans or log records of one request; more are rejected, so that they are sent again in smaller batches. */
  items: 10_000,
  attributeBytes: 64 * 1024,
  listValues: 64,
  json: { depth: 48, values: 200_000 },
  /** Of protobuf: all that are looked at, on every level. */
  fields: 400_000,
} as const;

/** Gathers what one request holds, up to its bound. */
export class ExportGatherer<Item> {
  readonly #items: Item[] = [];
  #rejected = 0;
  #problem: string | undefined;

  /** `read` answers with a sentence on what is wrong. */
  take(read: () => Item | string): void {
    if (this.#items.length >= OTLP_BOUNDS.items) {
      this.#reject(`One request may hold ${OTLP_BOUNDS.items} of them: send smaller batches.`);
      return;
    }
    const item = read();
    if (typeof item === 'string') this.#reject(item);
    else this.#items.push(item);
  }

  #reject(problem: string): void {
    this.#rejected += 1;
    this.#problem ??= problem;
  }

  result(): DecodedExport<Item> {
    return { items: this.#items, rejected: this.#rejected, problem: this.#problem };
  }
}

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

/** As they are on the wire, still to be checked. */
export interface RawSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  startNanoseconds: bigint;
  endNanoseconds: bigint;
  statusCode: number;
}

export const STATUS_ERROR = 2;
/** The largest number of nanoseconds whose microseconds are a whole number that JSON can carry. */
const LATEST_NANOSECONDS = BigInt(Number.MAX_SAFE_INTEGER) * 1000n;

/** The span, or a sentence on why it is none. */
export function checkSpan(raw: RawSpan, attributes: ReadAttributes): OtlpSpan | string {
  const { traceId, spanId, parentSpanId, name, startNanoseconds, endNanoseconds } = raw;
  if (!TRACE_ID.test(traceId)) return 'A span has no trace id of 16 bytes.';
  if (!SPAN_ID.test(spanId)) return 'A span has no span id of 8 bytes.';
  if (parentSpanId !== '' && !SPAN_ID.test(parentSpanId)) {
    return 'A span has a parent whose id is not 8 bytes.';
  }
  if (startNanoseconds <= 0n || endNanoseconds <= 0n) return 'A span does not say when it began and ended.';
  if (endNanoseconds < startNanoseconds) return 'A span ends before it begins.';
  if (endNanoseconds > LATEST_NANOSECONDS) return 'A span ends later than any time that can be written down.';
  return {
    traceId,
    spanId,
    ...(parentSpanId !== '' && { parentSpanId }),
    name,
    startNanoseconds,
    endNanoseconds,
    hasFailed: raw.statusCode === STATUS_ERROR,
    attributes,
  };
}

export function checkLogRecord(record: OtlpLogRecord): OtlpLogRecord | string {
  const { traceId, spanId, nanoseconds } = record;
  if (traceId !== '' && !TRACE_ID.test(traceId)) return 'A log record has a trace id that is not 16 bytes.';
  if (spanId !== '' && !SPAN_ID.test(spanId)) return 'A log record has a span id that is not 8 bytes.';
  if (nanoseconds < 0n || nanoseconds > LATEST_NANOSECONDS) {
    return 'A log record is of a time that cannot be written down.';
  }
  return record;
}
