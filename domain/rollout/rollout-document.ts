/**
 * RolloutDocument: which versions of a prompt are served, and who serves which. One for each CanaryRollout, however
 * many agents follow it: the operator stores it once, in the ConfigMap `rollout-<name>`, for pods that boot, and pushes
 * the bytes that were stored to every pod that follows. Status of the CanaryRollout is the truth, this follows from it.
 */
import { z } from 'zod';
import { ResourceName, Sha256 } from '#crds/object-meta.ts';
import { EXPOSURE_UNITS } from '#crds/rollout-release.ts';

/** Key of the ConfigMap, and name of the file it is mounted as. */
export const ROLLOUT_DOCUMENT_KEY = 'rollout.json';

/** What the name of the ConfigMap begins with. */
export const ROLLOUT_CHILD_PREFIX = 'rollout-';

export function rolloutConfigMapName(rolloutName: string): string {
  return `${ROLLOUT_CHILD_PREFIX}${rolloutName}`;
}

export const ROLLOUT_ARMS = ['stable', 'candidate'] as const;
export type RolloutArm = (typeof ROLLOUT_ARMS)[number];

const ServedVersion = z.object({
  /** Name of the PromptVersion. */
  version: ResourceName,
  digest: Sha256,
  /** The whole dotprompt file. */
  text: z.string(),
});
export type ServedVersion = z.infer<typeof ServedVersion>;

/** Strict: a reader that does not know one of its fields cannot know who is exposed. */
const Exposure = z.strictObject({
  unit: z.enum(EXPOSURE_UNITS),
  /** Of 10,000. */
  basisPoints: z.int().min(0).max(10_000),
  /** New with each candidate, so that it is not always the same agents that try first. */
  salt: z.string().min(1).max(64),
  /** Unit Agent: the highest rank that takes the candidate. Absent: none does. */
  cutoff: Sha256.optional(),
});
export type Exposure = z.infer<typeof Exposure>;

export const RolloutDocument = z
  .object({
    schemaVersion: z.literal(1),
    /** Grows with every change: of two documents of one rollout the higher one is the newer. */
    revision: z.int().min(1),
    rollout: z.object({ namespace: z.string(), name: ResourceName, uid: z.string() }),
    prompt: ResourceName,
    stable: ServedVersion,
    candidate: ServedVersion.optional(),
    exposure: Exposure.optional(),
  })
  .refine(({ candidate, exposure }) => (candidate === undefined) === (exposure === undefined), {
    message: 'candidate and exposure come together',
  });
export type RolloutDocument = z.infer<typeof RolloutDocument>;
