/** CanaryRollout: which version of a prompt is served. One long-lived object per prompt. */
import { z } from 'zod';
import type { ClaimOf, ConditionTable } from './conditions.ts';
import { type KindDefinition, type KindObject, celRules, kindStatus } from './kind-definition.ts';
import { ResourceName } from './object-meta.ts';

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
        'The PromptVersion to be released. It becomes stable at once when it can be served; until then the previous stable version goes on serving.',
      ),
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
    stable: z
      .strictObject({
        name: ResourceName.describe('Name of the PromptVersion.'),
        digest: z.string().max(64).describe('Its digest.'),
      })
      .optional()
      .describe('The version that agents serve.'),
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
