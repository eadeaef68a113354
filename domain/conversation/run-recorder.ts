/** RunRecorder: the port through which a run tells what it does, before and after it is done. */
import type { SpanContext } from '#domain/tracing/trace-context.ts';
import type { ToolEffect } from './tool.ts';
import type { CyclePhase, ToolOutcome } from './trace.ts';

/** What a model call and its answer came to, told before anything is done with the answer. */
export interface RecordedCycle {
  /** From 1. */
  readonly step: number;
  readonly phase: CyclePhase;
  /** `ok`, or the reason that ended the run. */
  readonly outcome: string;
  readonly requestId?: string;
  readonly model?: string;
  /** The messages that went to the model and had not before, as JSON: all of them together are the conversation. */
  readonly sent: string;
  readonly answer?: string;
  readonly toolCalls: number;
  readonly durationMilliseconds: number;
}

export interface RecordedToolCall {
  readonly step: number;
  readonly callId: string;
  /** The name of one of the Agent's tools, or UNKNOWN_TOOL_NAME. */
  readonly tool: string;
  /** The span of the call, which the tool is told before anybody knows how the call ends. */
  readonly trace?: SpanContext;
}

export interface ToolIntent extends RecordedToolCall {
  readonly effect: ToolEffect;
  readonly argumentsText: string;
}

/** `interrupted`: the run ended while the tool was running; nobody knows what became of it. */
export type RecordedToolOutcome = ToolOutcome | 'interrupted';

export interface RunRecorder {
  readonly cycle: (cycle: RecordedCycle) => void;
  /**
   * Before a tool runs. Of a tool with an effect it resolves when the intent is durable; rejects with NotRecordedError,
   * or with the signal's reason, when that is not known, and the tool must not run.
   */
  readonly toolIntent: (
    intent: ToolIntent,
    limits: { readonly timeoutMilliseconds: number; readonly signal: AbortSignal },
  ) => Promise<void>;
  readonly toolResult: (
    call: RecordedToolCall,
    result: {
      readonly outcome: RecordedToolOutcome;
      readonly text: string;
      readonly durationMilliseconds: number;
    },
  ) => void;
  /** The last check of an answer, before the run ends by it. */
  readonly outputChecked: (check: {
    readonly kind: 'text' | 'json';
    readonly fits: boolean;
    readonly repairs: number;
  }) => void;
}

/** Where no ledger is configured. */
export const NO_RECORDER: RunRecorder = {
  cycle: () => undefined,
  toolIntent: async () => undefined,
  toolResult: () => undefined,
  outputChecked: () => undefined,
};
