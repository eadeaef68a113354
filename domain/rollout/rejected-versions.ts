/** Digests that were given up: whatever asks for them again (a GitOps tool does at each sync) is not tried again. */
import type { CanaryRolloutStatus } from '#crds/canary-rollout.ts';

export const MAXIMUM_REJECTED = 50;

type Rejected = CanaryRolloutStatus['rejected'];
type RejectedVersion = NonNullable<Rejected>[number];

export function isRejected(rejected: Rejected, digest: string): boolean {
  return rejected?.some((one) => one.digest === digest) ?? false;
}

/** The oldest are forgotten first. */
export function withRejected(rejected: Rejected, version: RejectedVersion): RejectedVersion[] {
  const others = (rejected ?? []).filter(({ digest }) => digest !== version.digest);
  return [...others, version].slice(-MAXIMUM_REJECTED);
}

export function withoutRejected(rejected: Rejected, digest: string): Rejected {
  const others = rejected?.filter((one) => one.digest !== digest);
  return others?.length === 0 ? undefined : others;
}
