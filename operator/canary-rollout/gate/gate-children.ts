/** Whether the Job of a gate is to be made, to stay as it is, or to go. */
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { ResourceKind } from '#adapters/kubernetes/resource-kind.ts';
import type { PodSettings } from '#operator/agent/pod-template.ts';
import type { DesiredChild } from '#operator/runtime/child-applier.ts';
import { gateJob } from './gate-job.ts';
import { GATE_JOBS, type GatePod } from './gate-resources.ts';
import type { GateRun } from './gate-run.ts';
import { endedGate, isJobOfRun, jobEnd } from './gate-status.ts';

export interface ObservedGate {
  readonly run: GateRun;
  readonly obstacle: string | undefined;
  /** Name of the ConfigMap with the cases; undefined is an obstacle. */
  readonly goldenSet: string | undefined;
  readonly pods: readonly GatePod[];
  readonly settings: PodSettings;
}

export interface GateChildren {
  readonly children: readonly DesiredChild[];
  readonly unwanted: readonly ResourceKind[];
}

const AS_IT_IS: GateChildren = { children: [], unwanted: [] };
const GONE: GateChildren = { children: [], unwanted: [GATE_JOBS] };

/**
 * What a Job does cannot be changed, so one that is there is never written again: neither a new image nor an edit of
 * the step reaches a run that has begun.
 */
export function gateChildren(
  rollout: CanaryRollout,
  gate: ObservedGate | undefined,
  job: KubeObject | undefined,
): GateChildren {
  const isOfRun = gate !== undefined && isJobOfRun(job, gate.run);
  if (isOfRun) return AS_IT_IS;
  const isRunning = job !== undefined && jobEnd(job) === undefined;
  const isWanted =
    gate !== undefined && rollout.status?.paused === undefined && endedGate(rollout, gate.run) === undefined;
  // One that has ended stays, for its log, until the next one needs its name.
  if (job !== undefined) return isRunning || isWanted ? GONE : AS_IT_IS;
  if (!isWanted || gate.obstacle !== undefined || gate.goldenSet === undefined) return AS_IT_IS;
  return { children: [gateJob(rollout, gate.run, gate.goldenSet, gate.settings)], unwanted: [] };
}
