/** Tool: the port to what a model may call. Its result is text for the model, never an exception of ours. */
import type { JsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import type { SpanContext } from '#domain/tracing/trace-context.ts';

export interface ToolContext {
  /** Ours and the same for the same call of a run: whoever takes a call twice can tell it by it. */
  readonly callId: string;
  /** The span of the call, or the run's caller's; absent where nobody traces. */
  readonly trace?: SpanContext;
  readonly signal: AbortSignal;
  readonly now: Date;
}

export type ToolResult =
  | { readonly ok: true; readonly text: string }
  /** One sentence for the model on what to do differently. */
  | { readonly ok: false; readonly problem: string };

/** `external`: a call may change something outside of the run, so it needs a record before it. */
export type ToolEffect = 'none' | 'external';

export interface Tool {
  readonly name: string;
  /** For the model: what it does and when to use it. */
  readonly description: string;
  /** JSON Schema of an object. Arguments that do not fit never reach `run`. */
  readonly parameters: JsonSchema;
  readonly effect: ToolEffect;
  /** Longest duration of a call; 10 when not given. */
  readonly timeoutSeconds?: number;
  readonly run: (givenArguments: unknown, context: ToolContext) => ToolResult | Promise<ToolResult>;
}
