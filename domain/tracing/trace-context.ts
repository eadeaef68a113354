/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context-2/): the headers `traceparent` and `tracestate` by which the spans
 * of one piece of work find each other across processes. They come from anybody: what does not fit to the letter is as if
 * it had not been sent, and never costs its sender the answer.
 */

export interface TraceContext {
  /** 32 hexadecimal digits, never only zeros. */
  readonly traceId: string;
  /** The span on whose behalf something is done: 16 hexadecimal digits, never only zeros. */
  readonly spanId: string;
  /** The bits SAMPLED and RANDOM; others are not known and not passed on. */
  readonly flags: number;
  /** What tracing systems on the way want to find again, as it came. */
  readonly state?: string;
}

/** A span of ours, or, where we make none, the context of whoever called. */
export interface SpanContext extends TraceContext {
  readonly parentSpanId?: string;
}

export const SAMPLED = 0x01;
/** The trace id was drawn by chance, so that samplers may count on its digits. */
export const RANDOM = 0x02;

export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** 00-TRACE-SPAN-FLAGS. Versions to come may say more after a further dash. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[\x20-\x7e]*)?$/;
const TRACEPARENT_MAXIMUM_CHARACTERS = 256;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const FORBIDDEN_VERSION = 'ff';

export function readTraceContext(headers: HeaderFields): TraceContext | undefined {
  const { traceparent, tracestate } = headers;
  // Nearly nobody sends one. Two of them arrive joined by a comma, which fits no pattern.
  if (typeof traceparent !== 'string' || traceparent.length > TRACEPARENT_MAXIMUM_CHARACTERS)
    return undefined;
  const [, version, traceId, spanId, flags = '00', more] = TRACEPARENT.exec(traceparent) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined) return undefined;
  if (version === FORBIDDEN_VERSION || (version === '00' && more !== undefined)) return undefined;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  const state = typeof tracestate === 'string' ? readTraceState(tracestate) : undefined;
  return {
    traceId,
    spanId,
    flags: Number.parseInt(flags, 16) & (SAMPLED | RANDOM),
    ...(state !== undefined && { state }),
  };
}

const TRACESTATE_MAXIMUM_CHARACTERS = 512;
const TRACESTATE_MAXIMUM_MEMBERS = 32;
const MEMBER =
  /^([a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=([\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e])$/;

/** Undefined for one that is not to the letter: half a list would say something else than the whole. */
function readTraceState(text: string): string | undefined {
  if (text.length > TRACESTATE_MAXIMUM_CHARACTERS) return undefined;
  const members = text
    .split(',')
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((member) => member !== '');
  if (members.length === 0 || members.length > TRACESTATE_MAXIMUM_MEMBERS) return undefined;
  const keys = new Set(members.map((member) => MEMBER.exec(member)?.[1]));
  return keys.has(undefined) || keys.size < members.length ? undefined : members.join(',');
}

export function writeTraceparent({ traceId, spanId, flags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
}

/** To a process of ours, which passes on what tracing systems on the way want to find again. */
export function traceHeaders(context: TraceContext | undefined): Readonly<Record<string, string>> {
  if (context === undefined) return {};
  const { state } = context;
  return { traceparent: writeTraceparent(context), ...(state !== undefined && { tracestate: state }) };
}
