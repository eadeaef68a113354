/**
 * A golden set as it is once loaded: cases with assertions in promptfoo's words. `read-golden-set.ts` makes it from
 * JSONL, YAML, JSON or CSV; docs/reference/golden-sets.md says what may stand there.
 */
import type { JsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import type { AssertionType } from './assertion-types.ts';

export interface GoldenSet {
  readonly name: string;
  /** SHA-256 of the cases in their canonical form: the same for the same cases in another file format. */
  readonly digest: string;
  readonly cases: readonly GoldenCase[];
}

export interface GoldenCase {
  /** Stable over changes of other cases: the given id, or the digest of its variables and assertions. */
  readonly id: string;
  readonly description?: string;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly assertions: readonly CaseAssertion[];
  /** Share of the weighted score that passes; when not given every assertion must pass. */
  readonly threshold?: number;
  /** A majority of repeats that went from pass to fail fails the gate alone. */
  readonly critical: boolean;
  readonly tags: readonly string[];
  /** What tools answer while the case runs: the n-th call of a tool gets its n-th result, the last one again after. */
  readonly tools: readonly StubbedTool[];
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Line of the file, from 1. */
  readonly line: number;
}

export interface StubbedTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
  readonly results: readonly string[];
}

export type CaseAssertion = SingleAssertion | AssertionSet;

export interface SingleAssertion {
  readonly kind: 'assertion';
  readonly type: AssertionType;
  /** Written with `not-` before the type. */
  readonly isInverse: boolean;
  readonly value?: unknown;
  readonly threshold?: number;
  /** 1 when not given; 0 is shown and does not count. */
  readonly weight: number;
  /** Under this name its score is summed in the report. */
  readonly metric?: string;
  readonly line: number;
}

/** Passes when all pass, or with a threshold when its weighted score reaches it. */
export interface AssertionSet {
  readonly kind: 'set';
  readonly assertions: readonly SingleAssertion[];
  readonly threshold?: number;
  readonly weight: number;
  readonly metric?: string;
  readonly line: number;
}
