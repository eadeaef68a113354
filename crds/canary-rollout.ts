/** CanaryRollout: which version of a prompt is served. One long-lived object per prompt. */
import { z } from 'zod';
import { Conditions, type ConditionClaim } from './conditions.ts';
import { type KindDefinition, type KindObject, celRules } from './kind-definition.ts';
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

export const CANARY_ROLLOUT_REASONS = {
  ResolvedRefs: ['Resolved', 'PromptVersionNotFound', 'PromptMismatch', 'PromptVersionNotAccepted'],
  Ready: ['Stable', 'PreviousStableServing', 'NoStable'],
} as const;
export type CanaryRolloutConditionClaim = {
  [Type in keyof typeof CANARY_ROLLOUT_REASONS]: ConditionClaim<
    Type,
    (typeof CANARY_ROLLOUT_REASONS)[Type][number]
  >;
}[keyof typeof CANARY_ROLLOUT_REASONS];

export const CanaryRolloutStatus = z
  .strictObject({
    conditions: Conditions.optional(),
    stable: z
      .strictObject({
        name: ResourceName.describe('Name of the PromptVersion.'),
        digest: z.string().max(64).describe('Its digest.'),
      })
      .optional()
      .describe('The version that agents serve.'),
  })
  .describe('What is released.');
export type CanaryRolloutStatus = z.infer<typeof CanaryRolloutStatus>;
export type CanaryRollout = KindObject<CanaryRolloutSpec, CanaryRolloutStatus>;

export const CANARY_ROLLOUT: KindDefinition = {
  kind: 'CanaryRollout',
  plural: 'canaryrollouts',
  shortNames: ['canary'],
  description: 'CanaryRollout says which version of a prompt is served, and follows its release.',
  spec: CanaryRolloutSpec,
  status: CanaryRolloutStatus,
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
};
