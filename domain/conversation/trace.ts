/**
 * The trace of one ReAct cycle. By default it holds digests and sizes only: who may read logs need not be allowed to
 * read what the agent read.
 */
export const CYCLE_PHASES = ['action', 'answer', 'repair', 'stop', 'failure'] as const;
export type CyclePhase = (typeof CYCLE_PHASES)[number];

export const TOOL_OUTCOMES = [
  'ok',
  'tool_failed',
  'unknown_tool',
  'invalid_arguments',
  'deadline_exceeded',
  'too_many_calls',
] as const;
export type ToolOutcome = (typeof TOOL_OUTCOMES)[number];

export interface TracedText {
  readonly sha256: string;
  readonly characters: number;
  /** Only when content is traced. */
  readonly content?: string;
}

/** In place of a name that no tool of the Agent has: what a model writes there is its own text, and is kept as such or not at all. */
export const UNKNOWN_TOOL_NAME = '(unknown_tool)';

export interface TracedToolCall {
  /** Of one of the Agent's tools, or UNKNOWN_TOOL_NAME. */
  readonly name: string;
  readonly outcome: ToolOutcome;
  readonly durationMilliseconds: number;
  readonly arguments: TracedText;
  readonly result: TracedText;
}

/** One cycle: a model call, and what followed from it. */
export interface CycleRecord {
  readonly runId: string;
  /** From 1. */
  readonly step: number;
  readonly phase: CyclePhase;
  /** `ok`, or the reason that ended the run. */
  readonly outcome: string;
  readonly model?: string;
  /** The router's id of the model call; absent when none was made or the router was never heard. */
  readonly requestId?: string;
  readonly modelMilliseconds: number;
  readonly inputTokens?: number;
  readonly cachedInputTokens?: number;
  readonly outputTokens?: number;
  readonly costNanoUsd?: number | null;
  /** What the model wrote as text. */
  readonly text?: TracedText;
  readonly toolCalls: readonly TracedToolCall[];
}
