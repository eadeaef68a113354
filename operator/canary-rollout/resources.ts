import { CANARY_ROLLOUT } from '#crds/canary-rollout.ts';
import { watchedKind } from '../runtime/watched-resource.ts';

export const CANARY_ROLLOUTS = watchedKind(CANARY_ROLLOUT, {
  wantedVersion: ({ spec }) => [spec.versionRef.name],
  stableVersion: ({ status }) => [status?.stable?.name],
});
