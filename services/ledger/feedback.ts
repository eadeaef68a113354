/** What a person or another system says of a run, as it comes and as it is recorded. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RecordOf } from '#domain/ledger/ledger-record.ts';
import { Code, Identifier, Name, Namespace } from '#domain/ledger/record-fields.ts';

const COMMENT_MAXIMUM_CHARACTERS = 20_000;

export const FeedbackBody = z.strictObject({
  run: Identifier,
  /** Where the id of the run stands in several namespaces. */
  namespace: Namespace.optional(),
  metric: Code.default('helpful'),
  verdict: z.enum(['good', 'bad', 'neutral']),
  /** From 0 (worst) to 1 (best). */
  score: z.number().min(0).max(1).optional(),
  label: Name.optional(),
  comment: z.string().min(1).max(COMMENT_MAXIMUM_CHARACTERS).optional(),
  /** Who judges. By default a ServiceAccount is a system, and everybody else a person. */
  from: z.enum(['person', 'system']).optional(),
});
export type FeedbackBody = z.infer<typeof FeedbackBody>;

export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 printable characters of ASCII without spaces');

/** The same for the same key of the same caller on the same run, so that telling it twice is telling it once. */
export function feedbackId(run: { readonly id: string }, by: string, idempotencyKey: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([run.id, by, idempotencyKey]))
    .digest('hex');
  return `feedback:${digest}`;
}

type Verdict = Pick<
  RecordOf<'feedback'>,
  'metric' | 'verdict' | 'scoreBasisPoints' | 'label' | 'from' | 'by'
>;

export function verdictOf(body: FeedbackBody, by: string, isServiceAccount: boolean): Verdict {
  const { metric, verdict, score, label, from } = body;
  return {
    metric,
    verdict,
    ...(score === undefined ? {} : { scoreBasisPoints: Math.round(score * 10_000) }),
    ...(label === undefined ? {} : { label }),
    from: from ?? (isServiceAccount ? 'system' : 'person'),
    by,
  };
}

export function isSameVerdict(one: Verdict, other: Verdict): boolean {
  const words = ({ metric, verdict, scoreBasisPoints, label, from, by }: Verdict): string =>
    JSON.stringify([metric, verdict, scoreBasisPoints, label, from, by]);
  return words(one) === words(other);
}
