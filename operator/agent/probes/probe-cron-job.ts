/**
 * The CronJob that lets an agent be probed: Kubernetes keeps the time, and each round is one pod of the agents' image under
 * the ServiceAccount of the Agent, so that the router gives it that Agent's Models and charges that Agent. It runs the
 * evaluator of a gate, so tools that reach outside are answered by the golden set and never run.
 *
 * It has the name of all children of an Agent: the token of its pods is then bound to a pod whose name begins with that of
 * the ServiceAccount, which is by what the ledger tells pods of the agent from others.
 */
import type { DesiredObject } from '#adapters/kubernetes/object-writer.ts';
import type { Agent } from '#crds/agent.ts';
import type { AgentProbes } from '#crds/agent-probes.ts';
import { ROUTER_AUDIENCE, agentChildName } from '#domain/agent/agent-names.ts';
import { LEDGER_AUDIENCE } from '#domain/ledger/record-batch.ts';
import {
  DEFAULT_PROBE_CASES,
  DEFAULT_PROBE_JUDGE_VOTES,
  DEFAULT_PROBE_MINUTES,
  PROBE_AGENT_DIRECTORY,
  PROBE_ARGUMENTS,
  PROBE_CONFIGURATION_PATH,
  PROBE_GOLDEN_SET_DIRECTORY,
  PROBE_ROLLOUT_DIRECTORY,
  PROBE_ROLLOUT_PATH,
  PROBE_VARIABLES,
  type ProbeVariable,
} from '#domain/probes/probe-entry.ts';
import { cronExpression, probeSchedule } from '#domain/probes/probe-schedule.ts';
import { rolloutConfigMapName } from '#domain/rollout/rollout-document.ts';
import {
  LEDGER_TOKEN_DIRECTORY,
  type PodSettings,
  RESTRICTED_CONTAINER,
  RESTRICTED_POD,
  ROUTER_TOKEN_DIRECTORY,
  SPOOL_DIRECTORY,
  tokenVolume,
} from '../pod-template.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '../resources.ts';

/** Its value is the name of the Agent. Pods of probes lack its other labels, so that nothing takes them for pods that serve. */
const PROBE_LABEL = 'capataz.dev/probe-of';

const SECONDS_PER_MINUTE = 60;
/** A round that could not begin by then is missed, and is seen to be. */
const STARTING_DEADLINE_SECONDS = 300;
const LONGEST_ROUND_SECONDS = 3_600;
/** Between the latest end of a round and the beginning of the next. */
const PAUSE_SECONDS = 60;
const TERMINATION_GRACE_SECONDS = 30;
const MEMORY_LIMIT = '768Mi';
const TEMPORARY_LIMIT = '256Mi';
const SPOOL_LIMIT = '64Mi';

type Json = Readonly<Record<string, unknown>>;

export interface ProbeInputs {
  readonly probes: AgentProbes;
  /** Nothing is asked while it is; the rounds of the meantime are not made up for. */
  readonly isSuspended: boolean;
  readonly mountedRollout: string | undefined;
  readonly settings: PodSettings & { readonly ledgerUrl: string };
}

export function probeCronJob(agent: Agent, inputs: ProbeInputs): Omit<DesiredObject, 'metadata'> {
  const { probes, isSuspended } = inputs;
  const labels = { [MANAGED_BY_LABEL]: MANAGED_BY, [PROBE_LABEL]: agent.metadata.name };
  const everyMinutes = probes.everyMinutes ?? DEFAULT_PROBE_MINUTES;
  const seconds = roundSeconds(everyMinutes);
  return {
    spec: {
      schedule: cronExpression(probeSchedule(agent.metadata, everyMinutes)),
      timeZone: 'Etc/UTC',
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: STARTING_DEADLINE_SECONDS,
      suspend: isSuspended,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 2,
      jobTemplate: {
        metadata: { labels },
        spec: {
          // The next round is the next try.
          backoffLimit: 0,
          activeDeadlineSeconds: seconds,
          template: {
            // By the name of an agent's pod network policies let it reach router and ledger.
            metadata: { labels: { 'app.kubernetes.io/name': 'agent', ...labels } },
            spec: podSpec(agent, inputs, seconds),
          },
        },
      },
    },
  };
}

function roundSeconds(everyMinutes: number): number {
  return Math.min(LONGEST_ROUND_SECONDS, everyMinutes * SECONDS_PER_MINUTE - PAUSE_SECONDS);
}

function podSpec(agent: Agent, inputs: ProbeInputs, seconds: number): Json {
  const { settings, mountedRollout, probes } = inputs;
  const name = agentChildName(agent.metadata.name);
  // A ConfigMap that is not there would hold up the pod without a word; so the program says what is missing.
  const optionally = (configMap: string): Json => ({ configMap: { name: configMap, optional: true } });
  return {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
    securityContext: RESTRICTED_POD,
    containers: [
      {
        name: 'probe',
        image: settings.agentImage,
        imagePullPolicy: settings.agentImagePullPolicy,
        args: [...PROBE_ARGUMENTS],
        env: environment(agent, inputs, seconds),
        resources: { requests: { cpu: '50m', memory: '192Mi' }, limits: { memory: MEMORY_LIMIT } },
        securityContext: RESTRICTED_CONTAINER,
        volumeMounts: [
          { name: 'agent', mountPath: PROBE_AGENT_DIRECTORY, readOnly: true },
          { name: 'rollout', mountPath: PROBE_ROLLOUT_DIRECTORY, readOnly: true },
          { name: 'golden-set', mountPath: PROBE_GOLDEN_SET_DIRECTORY, readOnly: true },
          { name: 'router-token', mountPath: ROUTER_TOKEN_DIRECTORY, readOnly: true },
          { name: 'ledger-token', mountPath: LEDGER_TOKEN_DIRECTORY, readOnly: true },
          { name: 'ledger-spool', mountPath: SPOOL_DIRECTORY },
          { name: 'tmp', mountPath: '/tmp' },
        ],
      },
    ],
    volumes: [
      { name: 'agent', ...optionally(name) },
      {
        name: 'rollout',
        ...(mountedRollout === undefined
          ? { emptyDir: { sizeLimit: '1Mi' } }
          : optionally(rolloutConfigMapName(mountedRollout))),
      },
      { name: 'golden-set', ...optionally(probes.goldenSetRef.name) },
      tokenVolume('router-token', ROUTER_AUDIENCE),
      tokenVolume('ledger-token', LEDGER_AUDIENCE),
      { name: 'ledger-spool', emptyDir: { sizeLimit: SPOOL_LIMIT } },
      { name: 'tmp', emptyDir: { sizeLimit: TEMPORARY_LIMIT } },
    ],
  };
}

function environment(
  { metadata: { name, namespace } }: Agent,
  { probes, settings }: ProbeInputs,
  seconds: number,
): readonly Json[] {
  const values: Readonly<Record<Exclude<ProbeVariable, 'podName'>, string>> = {
    routerUrl: settings.routerUrl,
    routerTokenPath: `${ROUTER_TOKEN_DIRECTORY}/token`,
    ledgerUrl: settings.ledgerUrl,
    ledgerTokenPath: `${LEDGER_TOKEN_DIRECTORY}/token`,
    ledgerSpoolPath: SPOOL_DIRECTORY,
    agentName: name,
    namespace,
    configurationPath: PROBE_CONFIGURATION_PATH,
    rolloutPath: PROBE_ROLLOUT_PATH,
    goldenSetDirectory: PROBE_GOLDEN_SET_DIRECTORY,
    goldenSetName: probes.goldenSetRef.name,
    casesPerRound: String(probes.casesPerRound ?? DEFAULT_PROBE_CASES),
    everyMinutes: String(probes.everyMinutes ?? DEFAULT_PROBE_MINUTES),
    maximumUsdPerDay: probes.maximumUsdPerDay ?? '',
    judgeModel: probes.judge?.modelRef.name ?? '',
    judgeVotes: String(probes.judge?.votes ?? DEFAULT_PROBE_JUDGE_VOTES),
    timeoutSeconds: String(seconds),
  };
  return [
    ...Object.entries(values).map(([variable, value]) => ({
      name: PROBE_VARIABLES[variable as ProbeVariable],
      value,
    })),
    {
      name: PROBE_VARIABLES.podName,
      valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } },
    },
  ];
}
