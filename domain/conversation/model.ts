/** Model: the port to whatever answers a conversation. In the cluster that is the router. */
import type { FinishReason } from '#domain/chat/chat-answer.ts';
import type { ChatRequest, Reasoning, ToolCall } from '#domain/chat/chat-request.ts';
import type { ROUTER_FAILURES } from '#domain/failures/failure-codes.ts';
import type { SpanContext } from '#domain/tracing/trace-context.ts';

/** A chat request without the choice of model, which is the router's. */
export type ModelRequest = Pick<
  ChatRequest,
  'messages' | 'tools' | 'format' | 'sampling' | 'maximumOutputTokens'
>;

/** For what a call is made. It goes with the call into the router's books, so that a run and its charge can be joined. */
export interface CallPurpose {
  readonly runId: string;
  /** From 1. */
  readonly step: number;
  readonly prompt: PromptIdentity;
  /** The span of the run. */
  readonly trace?: SpanContext;
}

export interface PromptIdentity {
  /** Name of the PromptVersion. */
  readonly version: string;
  readonly digest: string;
}

export interface ModelCallOptions {
  readonly purpose: CallPurpose;
  /** The router's id of the call, as soon as it is known and whatever becomes of the call. */
  readonly onRequestId: (requestId: string) => void;
  /** Aborting it ends the call and what runs for it upstream. */
  readonly signal: AbortSignal;
  /** What is left of the run's time. The signal comes first; this lets the other side plan its retries. */
  readonly remainingMilliseconds: number;
  /** Text as it comes. Given, the answer is streamed; the whole answer comes back all the same. */
  readonly onText?: (text: string) => void;
}

export interface ModelUsage {
  /** All input tokens, cached ones included. */
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
}

export interface ModelAnswer {
  /** Name of the Model object that answered. */
  readonly model: string;
  readonly content: string | null;
  readonly refusal?: string;
  /** Goes back with the answer in the next turn: some providers want their own thought again after a tool call. */
  readonly reasoning?: Reasoning;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
  /** Absent when the provider did not tell. */
  readonly usage?: ModelUsage;
  /** Null when the price is not known, which is never the same as free. */
  readonly costNanoUsd: number | null;
}

export interface Model {
  /** Rejects with ModelError, or with the signal's reason. Never answers with half a stream. */
  readonly answer: (request: ModelRequest, options: ModelCallOptions) => Promise<ModelAnswer>;
}

/** The router's own codes, unchanged: the same cause is called the same from the provider to the caller. */
export type ModelErrorCode = keyof typeof ROUTER_FAILURES;

/** The message is one sentence for the caller of the agent; it contains no key and no prompt. */
export class ModelError extends Error {
  readonly code: ModelErrorCode;
  readonly retryAfterSeconds: number | undefined;
  constructor(code: ModelErrorCode, message: string, retryAfterSeconds?: number) {
    super(message);
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** After these a model may have worked, and nobody told for how much; after every other failure none has. */
const CHARGED_CODES: ReadonlySet<ModelErrorCode> = new Set([
  'answer_cut',
  'answer_malformed',
  'timed_out',
  'deadline_exceeded',
  'cancelled',
  'internal_error',
]);

export function mayHaveBeenCharged(code: ModelErrorCode): boolean {
  return CHARGED_CODES.has(code);
}
