/** What the CanaryRollout controller watches: rollouts, and the documents that their agents follow. */
import { CANARY_ROLLOUT } from '#crds/canary-rollout.ts';
import { watchedKind, watchedObjects } from '#adapters/kubernetes/watched-resource.ts';

/** Names may be longer than a label, so the label says only what the object is. */
export const ROLLOUT_DOCUMENT_LABELS = {
  'app.kubernetes.io/managed-by': 'capataz',
  'capataz.dev/document': 'rollout',
} as const;

export const CANARY_ROLLOUTS = watchedKind(CANARY_ROLLOUT, {
  wantedVersion: ({ spec }) => [spec.versionRef?.name],
  repository: ({ spec }) => [spec.source?.repositoryRef.name],
  /** Names of prompts: of those that follow a repository, for they name no version. */
  followedPrompt: ({ spec }) => (spec.source === undefined ? [] : [spec.prompt]),
  stableVersion: ({ status }) => [status?.stable?.name],
  candidateVersion: ({ status }) => [status?.candidate?.name],
  /** As which Agents gates are run. */
  gateAgent: ({ spec }) => spec.steps?.map(({ gate }) => gate?.agentRef.name) ?? [],
  /** Which Models grade in gates. */
  gateJudge: ({ spec }) => spec.steps?.map(({ gate }) => gate?.judge?.modelRef.name) ?? [],
});

export const ROLLOUT_CONFIG_MAPS = watchedObjects(
  { groupVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' },
  Object.entries(ROLLOUT_DOCUMENT_LABELS)
    .map(([label, value]) => `${label}=${value}`)
    .join(','),
);
