/** What comes of the present gate in one pass: what its status says, and what becomes of its Job. */
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { GateStatus } from '#crds/rollout-progress.ts';
import type { ObservedChildren } from '#operator/runtime/decision.ts';
import { type GateChildren, type ObservedGate, gateChildren } from './gate-children.ts';
import { GATE_JOBS } from './gate-resources.ts';
import { SETTLING_SECONDS, gateStatus, isWithoutPod, jobEnd } from './gate-status.ts';

/** For what is not watched: the ConfigMap with the cases. */
const LOOK_AGAIN_SECONDS = 15;

export interface GateDecision extends GateChildren {
  readonly status: GateStatus | undefined;
  readonly recheckSeconds: number | undefined;
}

export function decideGate(
  rollout: CanaryRollout,
  gate: ObservedGate | undefined,
  { live, problems }: ObservedChildren,
  now: Date,
): GateDecision {
  const job = live.get(GATE_JOBS.kind);
  const status = gate && gateStatus({ ...gate, rollout, job, problems }, now);
  const isSettling =
    status?.verdict === 'Running' &&
    job !== undefined &&
    (jobEnd(job) !== undefined || isWithoutPod(job, gate?.pods ?? []));
  const isHeldUp = status?.verdict === 'Running' && status.job === undefined;
  return {
    ...gateChildren(rollout, gate, job),
    status,
    recheckSeconds: isSettling ? SETTLING_SECONDS : isHeldUp ? LOOK_AGAIN_SECONDS : undefined,
  };
}
