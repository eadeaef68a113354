/**
 * AgentConfiguration: all that a running agent must know but for a prompt that it follows, as one document. The
 * operator writes it into the agent's ConfigMap (so that a pod boots without the operator) and pushes it over a stream
 * (so that a change is live in under a second); the agent-runtime parses it. Everything in it may change without a
 * restart. An agent that follows a CanaryRollout finds its prompt in the RolloutDocument of that rollout.
 *
 * A field that a reader does not know is ignored, but for those of `limits` and `audit`: a limit that is not understood
 * is not kept, so the whole document is refused.
 */
import { z } from 'zod';
import { CONTENT_MODES } from '#crds/agent.ts';
import { BUILT_IN_TOOLS } from '#crds/agent-tool.ts';
import { ResourceName, Sha256 } from '#crds/object-meta.ts';
import type { RolloutArm } from '../rollout/rollout-document.ts';

/** Key of the ConfigMap, and name of the file it is mounted as. */
export const AGENT_CONFIGURATION_KEY = 'agent.json';
/**
 * The key of version 0.1, whose pods know no other and want the text of the prompt in it. It stays as it was until the
 * Deployment has replaced them.
 */
export const FORMER_AGENT_CONFIGURATION_KEY = 'configuration.json';

/** A tool that is asked over HTTP; all that the Agent leaves out is filled in. */
export const HttpToolConfiguration = z.object({
  name: z.string(),
  description: z.string(),
  url: z.string(),
  /** JSON Schema of an object. */
  parameters: z.record(z.string(), z.unknown()),
  effect: z.enum(['none', 'external']),
  timeoutSeconds: z.int().min(1),
});
export type HttpToolConfiguration = z.infer<typeof HttpToolConfiguration>;

export const AgentConfiguration = z.object({
  /** Grows with every change of the content: of two configurations of one Agent the higher one is the newer. */
  revision: z.int().min(0),
  /** Absent in documents of version 0.1. Another one is not understood. */
  schemaVersion: z.literal(1).optional(),
  agent: z.object({ namespace: z.string(), name: ResourceName, uid: z.string(), generation: z.int() }),
  /** The one prompt to serve; absent when it is the rollout's. */
  prompt: z
    .object({ name: ResourceName, version: ResourceName, digest: Sha256, text: z.string() })
    .optional(),
  /** The CanaryRollout that the Agent follows; absent when it stays on one PromptVersion. */
  rollout: ResourceName.optional(),
  /** A name is that of a built-in tool. */
  tools: z.array(z.union([z.enum(BUILT_IN_TOOLS), HttpToolConfiguration])),
  /** What the ledger is told of the texts of a run, and how long it keeps them. */
  audit: z
    .strictObject({ content: z.enum(CONTENT_MODES), retentionDays: z.int().min(1) })
    .default({ content: 'Digests', retentionDays: 30 }),
  outputSchema: z.record(z.string(), z.unknown()).optional(),
  limits: z.strictObject({
    steps: z.int().min(1),
    seconds: z.int().min(1),
    nanoUsdPerRun: z.int().min(0).optional(),
    outputRepairs: z.int().min(0),
    outputTokens: z.int().min(1).optional(),
  }),
});
export type AgentConfiguration = z.infer<typeof AgentConfiguration>;
export type AgentConfigurationContent = Omit<AgentConfiguration, 'revision'>;
export type PromptOfAgent = NonNullable<AgentConfiguration['prompt']>;

/** What one run is made with: the configuration, and the prompt of the arm that was chosen. */
export interface EffectiveConfiguration extends AgentConfiguration {
  readonly prompt: PromptOfAgent;
  readonly arm: RolloutArm;
}
