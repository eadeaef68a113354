/**
 * Spans: where a span gets its ids from, before anybody knows how it ends. Its ids go at once to whatever is done on its
 * behalf; the span itself is told later, from what became of it. Where nothing is traced, a caller's context is passed on
 * as it came.
 */
import type { SpanContext, TraceContext } from './trace-context.ts';

export interface Spans {
  /** For work that somebody outside asked for, with his context when he sent one. */
  readonly enter: (caller: TraceContext | undefined) => SpanContext | undefined;
  /** For a part of work of ours. */
  readonly within: (parent: SpanContext | undefined) => SpanContext | undefined;
}

export const NO_SPANS: Spans = { enter: (caller) => caller, within: (parent) => parent };
