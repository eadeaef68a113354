/** The query parameters of reading routes, checked and bounded before anything is asked of the store. */
import { z } from 'zod';
import { Sha256 } from '#crds/object-meta.ts';
import { RECORD_TYPES } from '#domain/ledger/ledger-record.ts';
import { Code, Identifier, Name, Namespace, Sentence } from '#domain/ledger/record-fields.ts';
import { explain } from './judge-batch.ts';
import { type Read, invalidRequest } from './replies.ts';
import { COST_GROUPS, OUTCOME_GROUPS } from './store/ledger-queries.ts';
import { InvalidCursorError, readRunCursor } from './store/rollups/run-cursor.ts';

/** A day, or a time with its zone: without one it would be that of the machine. */
const WRITTEN_TIME = /^\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d))?$/;

/** Integer microseconds since 1970, or a time as RFC 3339 writes it. */
const Time = z
  .string()
  .max(64)
  .transform((text, context) => {
    const microseconds = /^\d{1,16}$/.test(text) ? Number(text) : microsecondsOf(text);
    if (Number.isSafeInteger(microseconds) && microseconds >= 0) return microseconds;
    context.addIssue({
      code: 'custom',
      message: 'must be microseconds since 1970 or a time such as 2026-11-25T10:00:00Z',
    });
    return z.NEVER;
  });

function microsecondsOf(text: string): number {
  return WRITTEN_TIME.test(text) ? Date.parse(text.toUpperCase()) * 1000 : Number.NaN;
}

/** Of a page of runs. What is opaque to its carrier is still a stranger's when it comes back. */
const RunsCursor = z
  .string()
  .max(512)
  .superRefine((cursor, context) => {
    try {
      readRunCursor(cursor);
    } catch (error) {
      if (!(error instanceof InvalidCursorError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  });

export const wholeFrom = (least: number, most: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d{1,16}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(least).max(most));

const groupsOf = <Group extends string>(
  groups: readonly [Group, ...Group[]],
): z.ZodType<readonly Group[], string> =>
  z
    .string()
    .max(256)
    .transform((text) => [...new Set(text.split(',').filter((each) => each !== ''))])
    .pipe(z.array(z.enum(groups)).max(groups.length));

const scope = {
  namespace: Namespace.optional(),
  agent: Name.optional(),
  from: Time.optional(),
  to: Time.optional(),
};

export const RunsQuery = z.strictObject({
  ...scope,
  status: z.enum(['running', 'succeeded', 'stopped', 'failed']).optional(),
  model: Name.optional(),
  promptDigest: Name.optional(),
  limit: wholeFrom(1, 500).default(50),
  cursor: RunsCursor.optional(),
});

export const CostsQuery = z.strictObject({
  ...scope,
  model: Name.optional(),
  by: groupsOf(COST_GROUPS).default(['agent']),
  limit: wholeFrom(1, 10_000).default(1_000),
});

export const OutcomesQuery = z.strictObject({
  ...scope,
  promptDigest: Name.optional(),
  by: groupsOf(OUTCOME_GROUPS).default(['agent']),
  limit: wholeFrom(1, 10_000).default(1_000),
});

const TYPES = z
  .string()
  .max(1_024)
  .transform((text) => text.split(',').filter((each) => each !== ''))
  .pipe(z.array(z.enum(RECORD_TYPES)).min(1).max(RECORD_TYPES.length));

/** Which entries: of `/v1/records` and of `/v1/stream`. */
export const entryFilter = {
  namespace: Namespace.optional(),
  agent: Name.optional(),
  run: Identifier.optional(),
  types: TYPES.optional(),
  /** What says how runs of this CanaryRollout did. */
  rollout: Name.optional(),
};

type WithRollout = { readonly rollout?: string | undefined; readonly namespace?: string | undefined };

/** Rollouts of one name stand in many namespaces. */
function namesNamespace({ rollout, namespace }: WithRollout): boolean {
  return rollout === undefined || namespace !== undefined;
}

const ROLLOUT_WITHOUT_NAMESPACE = { message: 'says where the rollout is', path: ['namespace'] };

export const RecordsQuery = z
  .strictObject({
    ...entryFilter,
    after: wholeFrom(0, Number.MAX_SAFE_INTEGER).default(0),
    limit: wholeFrom(1, 1_000).default(100),
  })
  .refine(namesNamespace, ROLLOUT_WITHOUT_NAMESPACE);

export const PositionsQuery = z.strictObject({ namespace: Namespace.optional(), before: Time });

export const HistoriesQuery = z.strictObject({
  namespace: Namespace,
  rollout: Name,
  promptDigest: Sha256,
  upTo: wholeFrom(0, Number.MAX_SAFE_INTEGER),
  costNanoUsd: wholeFrom(0, Number.MAX_SAFE_INTEGER).optional(),
  durationMicroseconds: wholeFrom(0, Number.MAX_SAFE_INTEGER).optional(),
  feedbackMetric: Code.default('helpful'),
  after: z.string().max(64).optional(),
  limit: wholeFrom(1, 100).default(100),
});

export const SecurityEventsQuery = z.strictObject({
  namespace: Namespace.optional(),
  agent: Name.optional(),
  after: wholeFrom(0, Number.MAX_SAFE_INTEGER).default(0),
  limit: wholeFrom(1, 1_000).default(100),
});

export const StreamQuery = z
  .strictObject({
    ...entryFilter,
    /** A number, or `end`: only what comes from now on. Last-Event-ID goes before it. */
    after: z.union([z.literal('end'), wholeFrom(0, Number.MAX_SAFE_INTEGER)]).default('end'),
  })
  .refine(namesNamespace, ROLLOUT_WITHOUT_NAMESPACE);

/** Where the namespace is not said and the id of the run stands in several, it must be. */
export const OneRunQuery = z.strictObject({
  namespace: Namespace.optional(),
  after: wholeFrom(0, Number.MAX_SAFE_INTEGER).default(0),
  limit: wholeFrom(1, 5_000).default(1_000),
});

export const ExportQuery = z.strictObject({
  from: wholeFrom(0, Number.MAX_SAFE_INTEGER).default(0),
  count: wholeFrom(1, 100_000).default(10_000),
});

export const ConsistencyQuery = z.strictObject({
  from: wholeFrom(0, Number.MAX_SAFE_INTEGER),
  to: wholeFrom(1, Number.MAX_SAFE_INTEGER),
});

export const TextsQuery = z.strictObject({
  namespace: Namespace.optional(),
  after: wholeFrom(0, Number.MAX_SAFE_INTEGER).default(0),
  /** Why they are read: stands in the record of it. */
  reason: Sentence.optional(),
});

export const EraseQuery = z.strictObject({ namespace: Namespace.optional(), reason: Sentence.optional() });

export function readQuery<Value>(schema: z.ZodType<Value>, query: unknown): Read<Value> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return { ok: true, value: parsed.data };
  const param = parsed.error.issues[0]?.path.map(String).join('.');
  return {
    ok: false,
    refusal: invalidRequest(
      `The query does not fit: ${explain(parsed.error)}`,
      param === '' ? undefined : param,
    ),
  };
}
