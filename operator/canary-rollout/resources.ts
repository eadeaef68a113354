import { CANARY_ROLLOUT, CanaryRolloutSpec, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import { watchedKind } from '../runtime/watched-resource.ts';

export const CANARY_ROLLOUTS = watchedKind(
  { ...CANARY_ROLLOUT, spec: CanaryRolloutSpec, status: CanaryRolloutStatus },
  {
    wantedVersion: ({ spec }) => [spec.versionRef.name],
    stableVersion: ({ status }) => [status?.stable?.name],
  },
);
