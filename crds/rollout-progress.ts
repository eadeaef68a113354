/** How far a CanaryRollout has come: the parts of its status. Numbers are integers: basis points, micro-nats, counts. */
import { z } from 'zod';
import { ResourceName, Sha256 } from './object-meta.ts';
import { EXPOSURE_UNITS, JUDGED_METRICS, STEP_KINDS } from './rollout-release.ts';

/** How many alternatives an e-process weighs. */
export const JUDGE_GRID_SIZE = 40;

const Time = z.string().max(64).meta({ format: 'date-time' });
const Count = z.int().min(0);
const BasisPoints = z.int().min(0).max(10_000);

export const ROLLOUT_PHASES = [
  /** Nothing is to be released: what is wanted is stable. */
  'Idle',
  'Progressing',
  /** Waits for a person: a pause step, `capataz pause`, or an inconclusive analysis. */
  'Paused',
  'AwaitingApproval',
  /** Waits for its next window. */
  'OutsideWindow',
  /** The wanted version was given up; its digest is in `rejected`. */
  'RolledBack',
  /** The wanted version cannot be served. */
  'Refused',
] as const;
export type RolloutPhase = (typeof ROLLOUT_PHASES)[number];

export const VersionStatus = z.strictObject({
  name: ResourceName.describe('Name of the PromptVersion.'),
  digest: z.string().max(64).describe('Its digest.'),
});

export type VersionStatus = z.infer<typeof VersionStatus>;

export const ExposureStatus = z.strictObject({
  unit: z.enum(EXPOSURE_UNITS).describe('What is split.'),
  basisPoints: BasisPoints.describe('Share that takes the candidate, in hundredths of a percent.'),
  percent: z.string().max(8).describe('The same for people, in percent.'),
  salt: z.string().max(64).describe('What the hashes of this candidate are salted with.'),
  cutoff: Sha256.optional().describe('The highest rank of an agent that takes the candidate.'),
  agents: Count.describe('How many agents follow.'),
  exposedAgents: Count.describe('How many of them take the candidate.'),
});

/** In millionths, each one of a single outcome. */
const SumOfShares = Count;

const ArmCounts = z.strictObject({
  good: Count.describe('Good outcomes.'),
  bad: Count.describe('Bad outcomes.'),
});

/** Sums of log-likelihood ratios in millionths of a nat, one for each alternative. */
const EProcess = z.array(z.int()).max(JUDGE_GRID_SIZE).describe('State of the judge: do not edit.');

export const METRIC_VERDICTS = ['Worse', 'NotWorse', 'Undecided', 'EnvironmentDrift'] as const;

export const MetricStatus = z.strictObject({
  metric: z.enum(JUDGED_METRICS).describe('What is counted.'),
  stable: ArmCounts.describe('Of the stable version meanwhile.'),
  candidate: ArmCounts.describe('Of the candidate.'),
  stableBasisPoints: BasisPoints.optional().describe('Rate of good outcomes of stable.'),
  candidateBasisPoints: BasisPoints.optional().describe('Rate of good outcomes of the candidate.'),
  candidateLowBasisPoints: BasisPoints.optional().describe('Lower end of its 95 % interval.'),
  candidateHighBasisPoints: BasisPoints.optional().describe('Upper end of its 95 % interval.'),
  worseMicroNats: z.int().describe('Logarithm of the evidence that the candidate is worse.'),
  notWorseMicroNats: z.int().describe('Logarithm of the evidence that it is not worse by the margin.'),
  before: ArmCounts.describe('Of stable, before the candidate began.'),
  recent: ArmCounts.describe('Of stable of late, in thousandths: older ones count for less.'),
  recentExpected: Count.describe(
    'How many of those were to be good by the histories of their agents, in thousandths.',
  ),
  block: z
    .strictObject({
      candidate: ArmCounts.describe('Of the candidate.'),
      stable: ArmCounts.describe('Of stable.'),
      lowMillionths: SumOfShares.describe(
        'Sum of what the histories of the agents of the candidate prove at least.',
      ),
      highMillionths: SumOfShares.describe('Sum of what they prove at most.'),
      expectedMillionths: SumOfShares.describe('Sum of the histories of the agents of stable.'),
    })
    .describe('Outcomes that wait for one of the other arm: they are weighed together.'),
  candidatesSinceStable: z
    .int()
    .min(0)
    .max(50)
    .describe('How many outcomes of the candidate came since the last one of stable, up to 50.'),
  driftMicroNats: z.int().describe('Logarithm of the evidence that stable itself does worse than before.'),
  worse: EProcess,
  notWorse: EProcess,
  verdict: z.enum(METRIC_VERDICTS).describe('What the evidence says now.'),
});
export type MetricStatus = z.infer<typeof MetricStatus>;

export const AnalysisStatus = z.strictObject({
  startPosition: Count.describe('Position in the ledger where this candidate began to be judged.'),
  cursor: Count.describe('Position in the ledger up to which outcomes are counted.'),
  since: Time.describe('When it began.'),
  lastOutcomeAt: Time.optional().describe('When the last outcome was counted.'),
  metrics: z.array(MetricStatus).max(7).describe('Counts, evidence and verdict of each metric.'),
  consecutiveSchemaFailures: Count.describe('Answers of the candidate in a row that did not fit.'),
  safetyEvents: Count.describe('Security events of the candidate.'),
  cost: z
    .strictObject({
      stableRuns: Count.describe('Runs of stable.'),
      stableNanoUsd: Count.describe('What they cost in billionths of a US dollar.'),
      candidateRuns: Count.describe('Runs of the candidate that can be compared.'),
      candidateNanoUsd: Count.describe('What they cost in billionths of a US dollar.'),
      expectedNanoUsd: Count.describe('What they would have cost on stable.'),
    })
    .describe('Runs whose cost is known, and what they cost.'),
  stop: z
    .strictObject({
      reason: z.string().max(64).describe('Why, in one word.'),
      message: z.string().max(2048).describe('With which numbers.'),
      runId: z.string().max(128).describe('The run whose outcome made it certain.'),
    })
    .optional()
    .describe('That the candidate was found to be worse. It stays, whatever comes later.'),
  missingSamples: Count.optional().describe('How many outcomes of the candidate are still wanted, about.'),
  missingSeconds: Count.optional().describe('How long that takes at the present rate, about.'),
  problem: z.string().max(1024).optional().describe('Why outcomes cannot be read now.'),
});
export type AnalysisStatus = z.infer<typeof AnalysisStatus>;

export const GateStatus = z.strictObject({
  digest: Sha256.describe('Of the version that was tested.'),
  job: z.string().max(253).optional().describe('Name of the Job.'),
  verdict: z.enum(['Running', 'Passed', 'Failed', 'Inconclusive', 'Error']).describe('What came out.'),
  message: z.string().max(2048).optional().describe('Why, in a sentence.'),
  passedBasisPoints: BasisPoints.optional().describe('Share of cases that the candidate passed.'),
  stablePassedBasisPoints: BasisPoints.optional().describe('Share of cases that stable passed.'),
  detectableDropBasisPoints: BasisPoints.optional().describe(
    'The smallest drop that this set could have seen.',
  ),
  goldenSet: z
    .strictObject({
      name: z.string().max(253).describe('Name of the set.'),
      digest: Sha256.describe(
        'Its digest when the evaluation read it: what is edited later changes nothing.',
      ),
      cases: Count.describe('How many cases it has.'),
    })
    .optional()
    .describe('The cases that the verdict is about.'),
  firstSchemaValidBasisPoints: BasisPoints.optional().describe(
    'Share of the first answers of the candidate that had their form, before any repair.',
  ),
  judge: z
    .strictObject({
      model: z.string().max(253).describe('The Model that graded.'),
      agreementBasisPoints: BasisPoints.optional().describe(
        'Share of votes that agreed with their majority.',
      ),
      ownAnswers: Count.describe('How many of the graded answers it had given itself.'),
      costNanoUsd: Count.optional().describe('What it cost; part of costNanoUsd of the gate.'),
    })
    .optional()
    .describe('Who graded, where a model was asked to.'),
  costNanoUsd: Count.optional().describe('What it cost.'),
  startedAt: Time.describe('When it began.'),
  endedAt: Time.optional().describe('When it ended.'),
});
export type GateStatus = z.infer<typeof GateStatus>;

export const StepStatus = z.strictObject({
  index: z.int().min(0).max(64).describe('Which of spec.steps, from 0.'),
  kind: z.enum(STEP_KINDS).describe('What it is.'),
  startedAt: Time.describe('When it began.'),
  countsFrom: Time.describe(
    'From when its own time counts: when it began, was resumed, or outcomes could be read again.',
  ),
  samplesBefore: Count.optional().describe('Analyse: outcomes of the candidate that were counted before it.'),
  passedAt: Time.optional().describe('When it was done; since then it waits for the next window.'),
});

export const PauseStatus = z.strictObject({
  reason: z.string().max(64).describe('Why, in one word.'),
  message: z.string().max(2048).describe('Why, in a sentence.'),
  at: Time.describe('Since when.'),
});
export type PauseStatus = z.infer<typeof PauseStatus>;

export type StepStatus = z.infer<typeof StepStatus>;

export const RejectedVersion = z.strictObject({
  digest: Sha256.describe('Digest that is not tried again until `capataz retry`.'),
  reason: z.string().max(64).describe('Why, in one word.'),
  at: Time.describe('When.'),
});

export const ROLLOUT_DECISIONS = [
  /** A candidate began. */
  'Began',
  /** The next step began. */
  'Advanced',
  /** The candidate is stable now. */
  'Promoted',
  /** A version became stable at once: there are no steps, or nothing was stable before. */
  'Released',
  /** The candidate, or what was stable, was given up and its digest rejected. */
  'RolledBack',
  /** The candidate is not wanted any more, or cannot be served: it is neither promoted nor rejected. */
  'Withdrawn',
  'Paused',
  'Resumed',
  /** An approval that takes effect in the next window. */
  'Approved',
  /** `spec.steps` changed under the candidate, which goes through them again from the first one. */
  'StepsChanged',
  'CommandRefused',
] as const;
export type RolloutDecisionKind = (typeof ROLLOUT_DECISIONS)[number];

export const DecisionStatus = z.strictObject({
  number: Count.describe('Counts the decisions about this rollout.'),
  kind: z.enum(ROLLOUT_DECISIONS).describe('What was decided, in one word.'),
  reason: z.string().max(64).describe('Why, in one word.'),
  message: z.string().max(2048).describe('With which numbers.'),
  at: Time.describe('When.'),
});
export type DecisionStatus = z.infer<typeof DecisionStatus>;
