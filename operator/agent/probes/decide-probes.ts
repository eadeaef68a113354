/** Whether an agent is probed, and if not, why, as one sentence. Pure. */
import type { Agent } from '#crds/agent.ts';
import type { AgentProbes } from '#crds/agent-probes.ts';
import type { GoldenSetKeys } from '#operator/runtime/golden-set-config-map.ts';
import type { PodSettings } from '../pod-template.ts';
import type { ProbeInputs } from './probe-cron-job.ts';

export interface ObservedProbes {
  readonly probes: AgentProbes;
  /** Of the ConfigMap that it names. */
  readonly goldenSet: GoldenSetKeys;
}

/** Undefined when nothing is in the way. What is wrong inside of the golden set each round tells the ledger. */
export function probeObstacle(
  { metadata: { namespace } }: Agent,
  { probes: { goldenSetRef }, goldenSet }: ObservedProbes,
  { ledgerUrl }: PodSettings,
): string | undefined {
  if (ledgerUrl === undefined) {
    return 'spec.probes tells its results to the ledger, and this installation has none: enable ledger in the values of the chart, or take spec.probes out.';
  }
  const what = `ConfigMap ${goldenSetRef.name} (spec.probes.goldenSetRef)`;
  if (goldenSet === 'absent') {
    return `${what} with the golden set does not exist in namespace ${namespace}: create it. Until then the agent is not probed.`;
  }
  return goldenSet === 'unknown' || goldenSet === 1
    ? undefined
    : `${what} must have exactly one key, a golden set; it has ${goldenSet}. Until then the agent is not probed.`;
}

/** Undefined: no CronJob is to be there. */
export function wantedProbes(
  observed: ObservedProbes | undefined,
  {
    settings,
    mountedRollout,
    isServing,
    obstacle,
  }: {
    readonly settings: PodSettings;
    readonly mountedRollout: string | undefined;
    /** Whether the agent would answer a user. */
    readonly isServing: boolean;
    readonly obstacle: string | undefined;
  },
): ProbeInputs | undefined {
  const { ledgerUrl } = settings;
  if (observed === undefined || ledgerUrl === undefined) return undefined;
  return {
    probes: observed.probes,
    isSuspended: !isServing || obstacle !== undefined,
    mountedRollout,
    settings: { ...settings, ledgerUrl },
  };
}
