/** What an assertion looks at, and what it says. */
import type { JsonSchema } from '#domain/json-schema/compile-json-schema.ts';

export interface CalledTool {
  readonly name: string;
  readonly argumentsText: string;
}

export interface OfferedTool {
  readonly name: string;
  readonly parameters: JsonSchema;
}

/** What became of one run of a case, as assertions see it. */
export interface CaseAnswer {
  /** The answer; JSON is written as the agent's callers get it, without spaces. */
  readonly text: string;
  /** The model refused in a way of its provider's, without any text. */
  readonly isRefused: boolean;
  /** Every call of the run, in order, whether or not its tool exists. */
  readonly toolCalls: readonly CalledTool[];
  readonly tools: readonly OfferedTool[];
  readonly latencyMilliseconds: number;
  /** Null when not known. */
  readonly costNanoUsd: number | null;
}

export type Checked =
  | { readonly kind: 'judged'; readonly pass: boolean; readonly score: number; readonly reason: string }
  /** It could not be told: never a fail, and never a pass. */
  | { readonly kind: 'error'; readonly reason: string };

export type Check = (answer: CaseAnswer) => Checked;

export type CompiledCheck =
  | { readonly ok: true; readonly check: Check }
  /** To be put behind "the assertion X": "needs a value". */
  | { readonly ok: false; readonly problem: string };

/** Texts beyond it are not compared letter by letter: the time would grow with their product. */
export const COMPARED_MAXIMUM_CHARACTERS = 20_000;

export function holds(pass: boolean, reason: string, score = pass ? 1 : 0): Checked {
  return { kind: 'judged', pass, score, reason };
}

/** For a reason: an answer may be any size. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
