/**
 * GateVerdict: what an evaluation of a candidate beside the stable version came to, small enough for the termination
 * message of a container. Whoever starts an evaluation reads it back; the whole report stands elsewhere.
 */
import { z } from 'zod';
import { Sha256 } from '#crds/object-meta.ts';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';

/** The kubelet keeps that much of a termination message. */
export const GATE_VERDICT_MAXIMUM_BYTES = 4096;
export const GATE_VERDICT_SCHEMA_VERSION = 1;

export const VERDICTS = ['Passed', 'Failed', 'Inconclusive', 'Error'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The one place that says how the program ends on which verdict. */
export const VERDICT_EXIT_CODES: Readonly<Record<Verdict, number>> = {
  Passed: 0,
  Failed: 1,
  Inconclusive: 2,
  Error: 3,
};

export const VERDICT_REASONS = [
  'passed',
  'below_floor',
  'worse_than_stable',
  'critical_regression',
  'schema_invalid',
  'first_answers_invalid',
  'cost_over_budget',
  'latency_over_budget',
  'too_many_errors',
  'cost_unknown',
  'budget_exhausted',
  'interrupted',
  'golden_set_invalid',
  'prompt_invalid',
  'model_unusable',
] as const;
export type VerdictReason = (typeof VERDICT_REASONS)[number];

const BasisPoints = z.int().min(0).max(10_000);
const Count = z.int().min(0);
/** Names of cases; those that did not find room are counted. */
const Names = z.object({ names: z.array(z.string()), more: Count });

export const ArmFigures = z.object({
  digest: Sha256,
  /** Cases that passed in the majority of their repeats. */
  passed: Count,
  /** Cases without a readable answer in a majority. */
  errors: Count,
  passedBasisPoints: BasisPoints,
  /** Of the answers as a user gets them: after repairs. */
  schemaValidBasisPoints: BasisPoints,
  /** Of the first answers, before any repair; programs of older versions do not say it. */
  firstSchemaValidBasisPoints: BasisPoints.optional(),
  /** Of all runs; null as soon as the cost of one is not known. */
  costNanoUsd: Count.nullable(),
  p95LatencyMilliseconds: Count,
});
export type ArmFigures = z.infer<typeof ArmFigures>;

export const JudgeFigures = z.object({
  /** As it was asked for. */
  model: z.string(),
  /** Who answered in its name; more than one is no pinned judge. */
  served: z.array(z.string()),
  votes: Count,
  graded: Count,
  agreementBasisPoints: BasisPoints.nullable(),
  /** Answers that it had given itself. */
  ownAnswers: Count,
  /** Part of what the evaluation was charged; null when not known. */
  costNanoUsd: Count.nullable(),
});
export type JudgeFigures = z.infer<typeof JudgeFigures>;

export const GateVerdict = z.object({
  schemaVersion: z.literal(GATE_VERDICT_SCHEMA_VERSION),
  verdict: z.enum(VERDICTS),
  /** Machine-readable, the gravest first. */
  reasons: z.array(z.enum(VERDICT_REASONS)).min(1),
  /** One or two sentences for people: what, by which figures, and the smallest drop that could have been seen. */
  message: z.string().max(1024),
  goldenSet: z.object({ name: z.string(), digest: Sha256, cases: Count }).nullable(),
  repeats: Count,
  candidate: ArmFigures.nullable(),
  /** Null when there is nothing to compare with: the first version of a prompt. */
  stable: ArmFigures.nullable(),
  /** Wilson's lower bound (95 %) of the candidate's share of passed cases, and what it had to reach. */
  lowerBoundBasisPoints: BasisPoints.nullable(),
  floorBasisPoints: BasisPoints.nullable(),
  /** Exact, one-sided; null without stable. */
  mcNemarP: z.number().min(0).max(1).nullable(),
  /** A drop of so many basis points would have been seen with a probability of 80 %; null when no drop could have been. */
  detectableDropBasisPoints: BasisPoints.nullable(),
  /** Cases that stable passes and the candidate does not, and the other way round. */
  worse: Names,
  better: Names,
  criticalRegressions: Names,
  /** Null when none was named. */
  judge: JudgeFigures.nullable().default(null),
  /** What this evaluation was charged, both versions and the judge; null when not known. */
  costNanoUsd: Count.nullable(),
});
export type GateVerdict = z.infer<typeof GateVerdict>;

const NAME_MAXIMUM_CHARACTERS = 48;

/** One line of JSON within the bound: names of flips leave first, longest lists before others. */
export function writeGateVerdict(verdict: GateVerdict): string {
  const lists = {
    better: shortenNames(verdict.better),
    worse: shortenNames(verdict.worse),
    criticalRegressions: shortenNames(verdict.criticalRegressions),
  };
  let { message } = verdict;
  for (;;) {
    const text = JSON.stringify({ ...verdict, message, ...lists });
    if (Buffer.byteLength(text) <= GATE_VERDICT_MAXIMUM_BYTES) return text;
    const [longest] = Object.values(lists).toSorted((one, other) => other.names.length - one.names.length);
    if (longest === undefined || longest.names.pop() === undefined) {
      if (message === '') return text;
      message = message.slice(0, Math.floor(message.length / 2));
    } else {
      longest.more += 1;
    }
  }
}

function shortenNames({ names, more }: z.infer<typeof Names>): z.infer<typeof Names> {
  return { more, names: names.map((name) => name.slice(0, NAME_MAXIMUM_CHARACTERS)) };
}

/** Undefined for what is no verdict: a container that was killed leaves anything. */
export function readGateVerdict(text: string): GateVerdict | undefined {
  const parsed = parseBoundedJson(text, { depth: 8, values: 2_000 });
  return parsed.ok ? GateVerdict.safeParse(parsed.value).data : undefined;
}
