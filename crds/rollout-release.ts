/** How a CanaryRollout releases a version: who is exposed, the steps on the way, and what is judged. */
import { z } from 'zod';
import { celRules, listMap } from './kind-definition.ts';
import { ResourceName, UsDollars } from './object-meta.ts';

export const EXPOSURE_UNITS = ['Agent', 'Session'] as const;
export type ExposureUnit = (typeof EXPOSURE_UNITS)[number];

/** What can be judged. Each outcome of a metric is good or bad; a run may say nothing of one. */
export const JUDGED_METRICS = [
  /** The run ended with an answer. */
  'RunSucceeded',
  /** The first answer fitted the output schema. */
  'SchemaValid',
  /** No tool call failed. */
  'ToolsSucceeded',
  /** The model did not refuse. */
  'NotRefused',
  'WithinCost',
  'WithinLatency',
  /** Verdicts of people and systems: feedback and outcome records. */
  'Feedback',
] as const;
export type JudgedMetric = (typeof JUDGED_METRICS)[number];

const DAY_SECONDS = 86_400;
const LONGEST_WAIT_SECONDS = 30 * DAY_SECONDS;
const seconds = (): z.ZodInt => z.int().min(1).max(LONGEST_WAIT_SECONDS);

/** Percent with up to two decimals: a basis point is the smallest share. */
export const Percent = z
  .string()
  .max(6)
  .regex(/^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$/);

export const ON_INCONCLUSIVE = ['Pause', 'Promote', 'Rollback'] as const;

const GateStep = z
  .strictObject({
    agentRef: z
      .strictObject({ name: ResourceName.describe('Name of an Agent in the same namespace.') })
      .describe(
        'As which Agent the cases are run: with its Models, tools and output schema, and on its budget. One with replicas: 0 keeps the cost apart.',
      ),
    goldenSetRef: z
      .strictObject({ name: ResourceName.describe('Name of a ConfigMap with one golden set.') })
      .optional()
      .describe('The cases. Those that the PromptVersion names (spec.goldenSet), when not given.'),
    repeats: z.int().min(1).max(20).optional().describe('How often each case is run; 3 when not given.'),
    minimumPassPercent: Percent.optional().describe(
      'What the share of passed cases must surely reach (its Wilson lower bound); "80" when not given.',
    ),
    judge: z
      .strictObject({
        modelRef: z
          .strictObject({
            name: ResourceName.meta(
              celRules({
                rule: "self != 'auto'",
                message:
                  'the judge is one Model, the same for all answers, and auto leaves it to the router: name one',
              }),
            ).describe('Name of a Model in the same namespace.'),
          })
          .describe(
            'The Model that grades. It must be in modelPolicy.allow of the Agent, with weight: 0 when it is to grade only.',
          ),
        votes: z
          .int()
          .min(1)
          .max(15)
          .meta(celRules({ rule: 'self % 2 == 1', message: 'an odd number of votes always has a majority' }))
          .optional()
          .describe('How often it is asked about each answer; 3 when not given.'),
      })
      .optional()
      .describe(
        'Who grades the assertions of the golden set that ask a model (llm-rubric, factuality). What it costs counts in maximumUsd.',
      ),
    maximumUsd: UsDollars.optional().describe(
      'Most US dollars that one evaluation may cost, the judge with it; "5" when not given.',
    ),
    timeoutSeconds: seconds().optional().describe('Longest duration; 3600 when not given.'),
  })
  .describe('Tests the candidate on a golden set beside the stable version, before anybody is exposed.');

const AnalyseStep = z
  .strictObject({
    minSamples: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe('Fewest outcomes of the candidate for each metric before it may go on; 250 when not given.'),
    maximumSeconds: seconds().optional().describe('After how long it is inconclusive; 86400 when not given.'),
    onInconclusive: z.enum(ON_INCONCLUSIVE).optional().describe('What happens then; Pause when not given.'),
  })
  .describe('Waits until the outcomes prove that the candidate is not worse by more than the margin.');

export const RolloutStep = z
  .strictObject({
    gate: GateStep.optional(),
    setExposure: z
      .strictObject({
        percent: Percent.describe('Share of the agents or sessions, for example "1" or "0.25".'),
      })
      .optional()
      .describe('How many take the candidate from here on: of agents at least one.'),
    analyse: AnalyseStep.optional(),
    pause: z
      .strictObject({
        seconds: seconds().optional().describe('How long; until it is resumed or promoted, when not given.'),
      })
      .optional()
      .describe('Waits.'),
    approve: z.strictObject({}).optional().describe('Waits until somebody approves (`capataz approve`).'),
    bake: z
      .strictObject({ seconds: seconds().describe('How long.') })
      .optional()
      .describe('Waits while it is judged: what is found to be worse meanwhile goes back.'),
  })
  .meta(
    celRules({
      rule: '[has(self.gate), has(self.setExposure), has(self.analyse), has(self.pause), has(self.approve), has(self.bake)].filter(given, given).size() == 1',
      message: 'a step is exactly one of gate, setExposure, analyse, pause, approve and bake',
    }),
  );
export type RolloutStep = z.infer<typeof RolloutStep>;
export const STEP_KINDS = ['gate', 'setExposure', 'analyse', 'pause', 'approve', 'bake'] as const;
export type StepKind = (typeof STEP_KINDS)[number];

const MetricRule = z
  .strictObject({
    metric: z.enum(JUDGED_METRICS).describe('What is counted.'),
    marginPercent: Percent.optional().describe(
      'How many points worse than stable the candidate may be without being rolled back; "1" when not given.',
    ),
    promotionMarginPercent: Percent.optional().describe(
      'It goes on only when it is proven to be worse by less than so many points; "5" when not given. Proving less takes longer.',
    ),
    usdPerRun: UsDollars.optional().describe('WithinCost: what one run may cost.'),
    seconds: z.int().min(1).max(3600).optional().describe('WithinLatency: how long one run may take.'),
    feedbackMetric: z
      .string()
      .max(64)
      .regex(/^[a-z][a-z0-9_]*$/)
      .optional()
      .describe('Feedback: which metric of feedback; helpful when not given.'),
    isRequired: z
      .boolean()
      .optional()
      .describe(
        'Whether going on needs a proof of this metric. True when not given, except for Feedback, ToolsSucceeded and NotRefused, which can only stop it.',
      ),
  })
  .meta(
    celRules(
      { rule: "self.metric != 'WithinCost' || has(self.usdPerRun)", message: 'WithinCost needs usdPerRun' },
      { rule: "self.metric != 'WithinLatency' || has(self.seconds)", message: 'WithinLatency needs seconds' },
    ),
  );
export type MetricRule = z.infer<typeof MetricRule>;

export const RolloutAnalysis = z
  .strictObject({
    metrics: z
      .array(MetricRule)
      .min(1)
      .max(7)
      .meta(listMap('metric'))
      .optional()
      .describe('What is judged; RunSucceeded and SchemaValid when not given.'),
    falseRollbackPercent: Percent.optional().describe(
      'How probable it may be that a candidate that is not worse is rolled back, however often one looks; "1" when not given.',
    ),
    guards: z
      .strictObject({
        consecutiveSchemaFailures: z
          .int()
          .min(0)
          .max(1000)
          .optional()
          .describe(
            'So many answers of the candidate in a row that do not fit roll it back; 3 when not given, 0 never.',
          ),
        costFactor: z
          .int()
          .min(0)
          .max(1000)
          .optional()
          .describe(
            'Runs of the candidate that cost in the mean more than so many times those of stable roll it back; 5 when not given, 0 never.',
          ),
        safetyEvents: z
          .int()
          .min(0)
          .max(1000)
          .optional()
          .describe('So many security events of the candidate roll it back; 1 when not given, 0 never.'),
      })
      .optional()
      .describe('What rolls a candidate back at once, without statistics.'),
  })
  .describe('What is judged while the candidate is exposed.');
export type RolloutAnalysis = z.infer<typeof RolloutAnalysis>;

export const RolloutWindow = z
  .strictObject({
    days: z
      .array(z.enum(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']))
      .min(1)
      .max(7)
      .optional()
      .describe('On which days it opens; every day when not given.'),
    start: z
      .string()
      .max(5)
      .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/)
      .describe('When it opens, for example "09:00".'),
    hours: z.int().min(1).max(168).describe('How long it stays open.'),
    timeZone: z
      .string()
      .max(64)
      .optional()
      .describe('Name in the IANA time zone database; UTC when not given.'),
  })
  .describe(
    'A time in which exposure may grow. Outside of all windows the rollout waits; rolling back never does.',
  );
export type RolloutWindow = z.infer<typeof RolloutWindow>;
