/** The shapes that fields of ledger records are made of. Integers and strings only: floats differ between languages. */
import { z } from 'zod';
import { ResourceName, Sha256 } from '#crds/object-meta.ts';

/** Ids of records, runs and requests: ours are UUIDs, callers' are what they chose. */
export const Identifier = z.string().regex(/^[\w.:-]{1,128}$/);

/** One of our snake_case codes, or a word of a closed set that grows with its code. */
export const Code = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/);

/** A short text of ours without anything that a user, a model or a tool wrote. Lone surrogates have no UTF-8. */
export const Sentence = z.string().max(2048).refine(isWellFormed, 'must not hold lone surrogates');

/** A name that comes from outside: a tool, a model at its provider, an agent of another framework. */
export const Name = z.string().min(1).max(256).refine(isWellFormed, 'must not hold lone surrogates');

export const Count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
export const Microseconds = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
export const NanoUsd = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
export const Namespace = ResourceName.max(63);

/**
 * What stands in a record for a text: its length, and a commitment to it that is worth nothing without the run's
 * commitment key (commitment.ts). Absent digest: the Agent's `audit.content` is None. `keptCharacters`: the text was too long
 * to be told, and so many characters of its beginning were; length and commitment are those of the whole.
 */
export const TextReference = z.strictObject({
  digest: Sha256.optional(),
  characters: Count,
  keptCharacters: Count.optional(),
});
export type TextReference = z.infer<typeof TextReference>;

export const Tokens = z.strictObject({
  /** Disjoint classes, as in TokenUsage. */
  input: Count,
  cachedInput: Count,
  cacheWrite: Count,
  output: Count,
  /** How many of the output tokens were hidden reasoning. */
  reasoning: Count.optional(),
});
export type Tokens = z.infer<typeof Tokens>;

export const AgentReference = z.strictObject({
  name: Name,
  uid: z.string().max(64).optional(),
  generation: Count.optional(),
});

/**
 * What a run is made for when nobody asked the agent for its answer: to see whether it still answers as it did, or to test
 * a version before its release. Such a run costs as any other and counts in nothing that is said of production.
 */
export const RUN_PURPOSES = ['probe', 'evaluation'] as const;
export type RunPurpose = (typeof RUN_PURPOSES)[number];

export const RunReference = z.strictObject({
  id: Identifier,
  /** Counts the model calls of the run from 1. */
  step: Count.optional(),
  /** A digest of the session that the caller says it belongs to. */
  session: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  /** Absent: production. */
  purpose: z.enum(RUN_PURPOSES).optional(),
});

export const PromptReference = z.strictObject({
  /** The CanaryRollout. */
  name: Name.optional(),
  /** The PromptVersion. */
  version: Name.optional(),
  digest: Sha256.optional(),
  /** Which side of a canary served: absent when there is no rollout. */
  arm: z.enum(['stable', 'candidate']).optional(),
});

/** W3C trace context: joins a record with the spans of the same work. */
export const TraceReference = z.strictObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
});

function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}
