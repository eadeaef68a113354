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
  PauseStatus,
  ROLLOUT_PHASES,
  RejectedVersion,
  StepStatus,
  VersionStatus,
} from './rollout-progress.ts';
import { EXPOSURE_UNITS, RolloutAnalysis, RolloutStep, RolloutWindow } from './rollout-release.ts';

const MAXIMUM_STEPS = 20;
const MAXIMUM_REJECTED = 50;
/** Ids are UUIDs: some 2 KB. */
export const MAXIMUM_COMMAND_IDS = 50;
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
      .optional()
      .describe(
        'The PromptVersion to be released: at once when there are no steps, else step by step. Until then the previous stable version goes on serving.',
      ),
    source: z
      .strictObject({
        repositoryRef: z
          .strictObject({ name: ResourceName.describe('Name of the PromptRepository.') })
          .describe('The PromptRepository whose status says which version of the prompt is wanted.'),
      })
      .optional()
      .describe(
        'In place of versionRef: the version of the commit that a PromptRepository has applied is released, and a revert that is pushed is a rollback.',
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
      .meta(
        celRules({
          rule: 'self.filter(step, has(step.setExposure)).map(step, double(step.setExposure.percent)).isSorted()',
          message: 'a later step never lowers the exposure: whoever took the candidate keeps it',
        }),
      )
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
      .describe(
        'How long a candidate may stand still at one step, beyond the time that the step itself may take; 172800 when not given. Waiting for a window does not count, waiting for people does.',
      ),
    onProgressDeadline: z
      .enum(['Pause', 'Rollback'])
      .optional()
      .describe('What happens then; Rollback when not given.'),
  })
  .meta(
    celRules({
      rule: 'has(self.versionRef) != has(self.source)',
      message: 'set either versionRef or source',
    }),
  )
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
    PromptRepositoryNotFound: {
      status: 'False',
      meaning: '`spec.source` names a PromptRepository that does not exist in this namespace.',
      remedy: 'Create it, or name another.',
    },
    PromptNotInRepository: {
      status: 'False',
      meaning: 'The PromptRepository has applied no commit yet, or its commit has no such prompt.',
      remedy: '`kubectl describe promptrepo NAME` says which prompts it has, and why not another commit.',
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
    GateNotRunnable: {
      status: 'False',
      meaning:
        'The gate cannot begin: its Agent, a Model or the golden set is missing or not usable; the message says which. It begins by itself when that is mended.',
      remedy: 'Create it, or name another.',
    },
    PromptVersionTooLarge: {
      status: 'False',
      meaning: 'The wanted version and the stable one are together too long to be told to agents.',
      remedy: 'Release a shorter one.',
    },
  },
  Ready: {
    Stable: { status: 'True', meaning: 'The wanted version is the stable one: agents serve it.' },
    Releasing: {
      status: 'False',
      meaning: 'The wanted version is on its way; the stable one serves all that are not exposed.',
      remedy: '`Progressing` says how far it is, and what it waits for.',
    },
    RolledBack: {
      status: 'False',
      meaning: 'The wanted version was given up and is not tried again. The stable one serves.',
      remedy: 'Release another version, or `capataz retry` with a reason.',
    },
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
  Promoted: {
    Promoted: { status: 'True', meaning: 'The wanted version is the stable one.' },
    Releasing: { status: 'False', meaning: 'Not yet.' },
    RolledBack: {
      status: 'False',
      meaning: 'The wanted version was given up.',
      remedy: '`status.decision` says why.',
    },
    NotServable: {
      status: 'False',
      meaning: 'The wanted version cannot be served.',
      remedy: 'See `ResolvedRefs`.',
    },
  },
  Progressing: {
    Releasing: { status: 'True', meaning: 'A candidate is on its way; the message says at which step.' },
    Idle: { status: 'False', meaning: 'There is nothing to release.' },
    Paused: {
      status: 'False',
      meaning: 'It waits for a person.',
      remedy: '`capataz status NAME` says why; then `capataz promote`, `abort` or `resume`.',
    },
    AwaitingApproval: {
      status: 'False',
      meaning: 'It waits for somebody to approve.',
      remedy: '`capataz approve`, or `capataz abort`.',
    },
    OutsideWindow: {
      status: 'False',
      meaning: 'Exposure grows in the next window of `spec.windows`; the message says when.',
    },
    RolledBack: { status: 'False', meaning: 'The wanted version was given up.' },
    Refused: {
      status: 'False',
      meaning: 'The wanted version cannot be served.',
      remedy: 'See `ResolvedRefs`.',
    },
  },
  CommandAccepted: {
    Obeyed: { status: 'True', meaning: 'The last command was obeyed.' },
    Refused: {
      status: 'False',
      meaning: 'The last command was not obeyed; the message says why.',
      remedy: 'Give another one, with an id of its own.',
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
    reason: z.string().max(64).optional().describe('Why it stands so, in one word.'),
    step: StepStatus.optional().describe('Where the candidate is on its way.'),
    candidateSince: z
      .string()
      .max(64)
      .meta({ format: 'date-time' })
      .optional()
      .describe('When the candidate began, or was resumed after EnvironmentDrift: outcomes count from here.'),
    progressSince: z
      .string()
      .max(64)
      .meta({ format: 'date-time' })
      .optional()
      .describe('When it last moved, or a person last paused or resumed it: its deadline counts from here.'),
    paused: PauseStatus.optional().describe(
      'Why it waits for a person, unless it is a pause or approve step.',
    ),
    revision: z
      .int()
      .min(0)
      .optional()
      .describe(
        'Of the document that agents follow: grows with each change, and is no less than the milliseconds since 1970 at it.',
      ),
    exposure: ExposureStatus.optional().describe('Who takes the candidate now.'),
    gate: GateStatus.optional().describe('The last evaluation on the golden set.'),
    analysis: AnalysisStatus.optional().describe('What the outcomes say.'),
    rejected: z
      .array(RejectedVersion)
      .max(MAXIMUM_REJECTED)
      .optional()
      .describe('Versions that were given up.'),
    decision: DecisionStatus.optional().describe('What was decided last, and why.'),
    lastCommandId: z
      .string()
      .max(64)
      .optional()
      .describe('Id of the command that was obeyed or refused last.'),
    commandIds: z
      .array(z.string().max(64))
      .max(MAXIMUM_COMMAND_IDS)
      .optional()
      .describe('Ids of the last commands, the newest last: none of them is obeyed again.'),
    lastCommandProblem: z.string().max(2048).optional().describe('Why it was refused.'),
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
  conditionsNote:
    'Where a release stands is said by Ready, by Progressing and, while they are there, by Reconciling or Stalled in the same words: each tool reads one of them alone (`kubectl wait` and Argo CD Ready, `kubectl get -o wide` Progressing, Flux the last two). Promoted points to Ready or Progressing.',
  printerColumns: [
    { name: 'Prompt', type: 'string', jsonPath: '.spec.prompt', description: 'The prompt.' },
    {
      name: 'Stable',
      type: 'string',
      jsonPath: '.status.stable.name',
      description: 'The version that agents serve.',
    },
    {
      name: 'Candidate',
      type: 'string',
      jsonPath: '.status.candidate.name',
      description: 'The version that is being released.',
    },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'How it stands.' },
    {
      name: 'Step',
      type: 'string',
      jsonPath: '.status.step.kind',
      description: 'At which step the candidate is.',
    },
    {
      name: 'Percent',
      type: 'string',
      jsonPath: '.status.exposure.percent',
      description: 'Share that takes the candidate.',
    },
    {
      name: 'Why',
      type: 'string',
      jsonPath: '.status.reason',
      description: 'Why it stands so.',
    },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: 'Whether the wanted version is the stable one.',
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Progressing")].message',
      description: 'What it does or waits for now.',
      priority: 1,
    },
    {
      name: 'Age',
      type: 'date',
      jsonPath: '.metadata.creationTimestamp',
      description: 'When it was created.',
    },
  ],
} satisfies KindDefinition;
