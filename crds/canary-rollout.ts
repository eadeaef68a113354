/** CanaryRollout: which version of a prompt is served. One long-lived object per prompt. */
import { z } from 'zod';
import type { ClaimOf, ConditionTable } from './conditions.ts';
import { type KindDefinition, type KindObject, celRules, kindStatus } from './kind-definition.ts';
import { ResourceName } from './object-meta.ts';
import {
  AnalysisStatus,
  DecisionStatus,
  ExposureStatus,
  GateStatus,
  ROLLOUT_PHASES,
  RejectedVersion,
  StepStatus,
  VersionStatus,
} from './rollout-progress.ts';
import { EXPOSURE_UNITS, RolloutAnalysis, RolloutStep, RolloutWindow } from './rollout-release.ts';

const MAXIMUM_STEPS = 20;
const MAXIMUM_REJECTED = 50;
const MAXIMUM_WINDOWS = 16;
const LONGEST_PROGRESS_SECONDS = 2_592_000;

export const CanaryRolloutSpec = z
  .strictObject({
    prompt: ResourceName.meta(
      celRules({
        rule: 'self == oldSelf',
        message: 'spec.prompt never changes: create another CanaryRollout for another prompt',
      }),
    ).describe('Name of the prompt. It cannot be changed.'),
    versionRef: z
      .strictObject({ name: ResourceName.describe('Name of the PromptVersion.') })
      .describe(
        'The PromptVersion to be released: at once when there are no steps, else step by step. Until then the previous stable version goes on serving.',
      ),
    exposure: z
      .strictObject({
        unit: z
          .enum(EXPOSURE_UNITS)
          .optional()
          .describe(
            'What is split: Agent (the default) exposes whole agents, Session a share of the sessions of each.',
          ),
      })
      .optional()
      .describe('Who takes the candidate.'),
    steps: z
      .array(RolloutStep)
      .max(MAXIMUM_STEPS)
      .optional()
      .describe(
        'The way of a candidate, in order; after the last one it is stable. None: it is stable at once.',
      ),
    analysis: RolloutAnalysis.optional(),
    windows: z
      .array(RolloutWindow)
      .max(MAXIMUM_WINDOWS)
      .optional()
      .describe('When exposure may grow; always, when not given.'),
    progressDeadlineSeconds: z
      .int()
      .min(60)
      .max(LONGEST_PROGRESS_SECONDS)
      .optional()
      .describe('How long a candidate may take altogether; 172800 when not given.'),
    onProgressDeadline: z
      .enum(['Pause', 'Rollback'])
      .optional()
      .describe('What happens then; Rollback when not given.'),
  })
  .describe('What is to be released.');
export type CanaryRolloutSpec = z.infer<typeof CanaryRolloutSpec>;

export const CANARY_ROLLOUT_CONDITIONS = {
  ResolvedRefs: {
    Resolved: { status: 'True', meaning: 'The wanted version exists and is accepted.' },
    PromptVersionNotFound: {
      status: 'False',
      meaning: '`spec.versionRef` names a PromptVersion that does not exist in this namespace.',
      remedy: 'Create it, or name another.',
    },
    PromptMismatch: {
      status: 'False',
      meaning: 'The PromptVersion is a version of another prompt.',
      remedy: 'Name a version of `spec.prompt`.',
    },
    PromptVersionNotAccepted: {
      status: 'False',
      meaning: 'The PromptVersion cannot be served, or was not yet checked.',
      remedy: '`kubectl describe prompt NAME` says why.',
    },
  },
  Ready: {
    Stable: { status: 'True', meaning: 'The wanted version is the stable one: agents serve it.' },
    PreviousStableServing: {
      status: 'False',
      meaning: 'The wanted version cannot be served. The previous stable one goes on serving.',
      remedy: 'See `ResolvedRefs`.',
    },
    NoStable: {
      status: 'False',
      meaning: 'No version could be served yet.',
      remedy: 'See `ResolvedRefs`.',
    },
  },
} as const satisfies ConditionTable;
export type CanaryRolloutConditionClaim = ClaimOf<typeof CANARY_ROLLOUT_CONDITIONS>;

export const CanaryRolloutStatus = kindStatus(
  {
    stable: VersionStatus.optional().describe(
      'The version that agents serve, all but those that are exposed.',
    ),
    previousStable: VersionStatus.optional().describe(
      'What was stable before it: `capataz rollback` goes back to it.',
    ),
    candidate: VersionStatus.optional().describe('The version that is being released.'),
    phase: z.enum(ROLLOUT_PHASES).optional().describe('How it stands.'),
    step: StepStatus.optional().describe('Where the candidate is on its way.'),
    candidateSince: z
      .string()
      .max(64)
      .meta({ format: 'date-time' })
      .optional()
      .describe('When the candidate began.'),
    revision: z
      .int()
      .min(0)
      .optional()
      .describe('Of the document that agents follow: grows with each change.'),
    exposure: ExposureStatus.optional().describe('Who takes the candidate now.'),
    gate: GateStatus.optional().describe('The last evaluation on the golden set.'),
    analysis: AnalysisStatus.optional().describe('What the outcomes say.'),
    rejected: z
      .array(RejectedVersion)
      .max(MAXIMUM_REJECTED)
      .optional()
      .describe('Versions that were given up.'),
    decision: DecisionStatus.optional().describe('What was decided last, and why.'),
    lastCommandId: z.string().max(64).optional().describe('Id of the command that was obeyed last.'),
  },
  'What is released.',
);
export type CanaryRolloutStatus = z.infer<typeof CanaryRolloutStatus>;
export type CanaryRollout = KindObject<CanaryRolloutSpec, CanaryRolloutStatus>;

export const CANARY_ROLLOUT = {
  kind: 'CanaryRollout',
  plural: 'canaryrollouts',
  shortNames: ['canary'],
  description: 'CanaryRollout says which version of a prompt is served, and follows its release.',
  spec: CanaryRolloutSpec,
  status: CanaryRolloutStatus,
  conditions: CANARY_ROLLOUT_CONDITIONS,
  printerColumns: [
    { name: 'Prompt', type: 'string', jsonPath: '.spec.prompt', description: 'The prompt.' },
    {
      name: 'Stable',
      type: 'string',
      jsonPath: '.status.stable.name',
      description: 'The version that agents serve.',
    },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: 'Whether the wanted version is the stable one.',
    },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: 'Why or why not.',
    },
    {
      name: 'Age',
      type: 'date',
      jsonPath: '.metadata.creationTimestamp',
      description: 'When it was created.',
    },
  ],
} satisfies KindDefinition;
