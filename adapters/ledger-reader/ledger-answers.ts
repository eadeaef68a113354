/** What the ledger answers to whoever reads. Fields that are not known are left out, so that a newer ledger can be read. */
import { z } from 'zod';
import type { RecordOf } from '#domain/ledger/ledger-record.ts';
import { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import { Count, Identifier, Microseconds, Name, Namespace, NanoUsd } from '#domain/ledger/record-fields.ts';
import type { RunRow as LedgerRow } from '#domain/ledger/rollups/run-row.ts';
import { TEXT_FIELDS, TEXT_MAXIMUM_CHARACTERS } from '#domain/ledger/record-text.ts';

const Word = z.string().max(256);

/** Every field that a ledger writes: verify takes one that is dropped for an edit of the ledger. */
export const RunRow = z.object({
  id: Identifier,
  namespace: Namespace,
  agent: Name,
  status: Word,
  reason: Word.optional(),
  promptVersion: Word.optional(),
  promptDigest: Word.optional(),
  rollout: Word.optional(),
  arm: Word.optional(),
  agentUid: Word.optional(),
  session: Word.optional(),
  purpose: Word.optional(),
  traceId: Word.optional(),
  beganAtMicroseconds: Microseconds,
  endedAtMicroseconds: Microseconds.optional(),
  durationMicroseconds: Microseconds.optional(),
  steps: Count,
  modelCalls: Count,
  attempts: Count,
  toolCalls: Count,
  inputTokens: Count,
  outputTokens: Count,
  costNanoUsd: NanoUsd,
  attemptsOfUnknownCost: Count,
  models: z.array(Name).max(256),
  good: Count,
  bad: Count,
  securityEvents: Count,
  records: Count,
  isComplete: z.boolean().optional(),
  trust: Word,
} satisfies Record<keyof LedgerRow, z.ZodType>);
export type RunRow = z.infer<typeof RunRow>;

export const RunsAnswer = z.object({
  runs: z.array(RunRow).max(10_000),
  nextCursor: z.string().max(4096).nullish(),
});

/** An entry with its place in the ledger as a whole, and which of its texts are still kept. */
export const WrittenEntry = z.object({
  position: Count,
  texts: z.array(Word).max(16),
  entry: LedgerEntry,
});
export type WrittenEntry = z.infer<typeof WrittenEntry>;

export const RunAnswer = z.object({
  run: RunRow,
  entries: z.array(WrittenEntry).max(10_000),
  nextAfter: Count.optional(),
});
export type RunAnswer = z.infer<typeof RunAnswer>;

export const CostRow = z.object({
  group: z.record(Word, Word),
  attempts: Count,
  failedAttempts: Count,
  inputTokens: Count,
  cachedInputTokens: Count,
  cacheWriteTokens: Count,
  outputTokens: Count,
  costNanoUsd: NanoUsd,
  attemptsOfUnknownCost: Count,
});
export type CostRow = z.infer<typeof CostRow>;

export const CostsAnswer = z.object({ costs: z.array(CostRow).max(100_000) });

export const OutcomeRow = z.object({
  group: z.record(Word, Word),
  succeeded: Count,
  stopped: Count,
  failed: Count,
  good: Count,
  bad: Count,
  neutral: Count,
  durationMicroseconds: Count,
  costNanoUsd: NanoUsd,
});
export type OutcomeRow = z.infer<typeof OutcomeRow>;

export const OutcomesAnswer = z.object({ outcomes: z.array(OutcomeRow).max(100_000) });

export const PositionAnswer = z.object({ position: Count });

/** Entries in their order, up to a position. */
export const RecordsAnswer = z.object({
  entries: z.array(WrittenEntry).max(10_000),
  position: Count,
  isEnd: z.boolean(),
});
export type RolloutDecisionEntry = RecordOf<'rollout_decision'>;

/** Of security events no more than which there are. */
export const EventIdsAnswer = z.object({
  entries: z.array(z.object({ entry: z.object({ record: z.object({ id: Identifier }) }) })).max(10_000),
  position: Count,
  isEnd: z.boolean(),
});

const RevealedText = z.object({
  recordId: Identifier,
  field: z.enum(TEXT_FIELDS),
  /** Absent when it is lost. */
  text: z.string().max(TEXT_MAXIMUM_CHARACTERS).optional(),
  /** Why it can no longer be read. */
  lost: Word.optional(),
});
export type RevealedText = z.infer<typeof RevealedText>;
export type RevealedTexts = readonly RevealedText[];

export const TextsAnswer = z.object({
  texts: z.array(RevealedText).max(10_000),
  nextAfter: Count.optional(),
});

/** Ours, and what the API server says when its proxy finds nobody. */
export const FailureBody = z.union([
  z.object({ error: z.object({ message: z.string(), code: z.string().nullish() }) }),
  z
    .object({ kind: z.literal('Status'), message: z.string(), reason: z.string().optional() })
    .transform(({ message, reason }) => ({ error: { message, code: reason } })),
]);
