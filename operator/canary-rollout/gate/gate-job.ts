/**
 * The Job of a gate: one pod of the agents' image that tests the candidate beside the stable version, under the
 * ServiceAccount of the Agent that the step names, so that the router gives it that Agent's Models and takes the cost
 * from that Agent's budget. It is held to what agents are: the `restricted` profile, no rights in the API server.
 *
 * It has the one name that children of a rollout have. There is one gate at a time, so a Job of another run is in the
 * way of the next one and is removed, and no candidate that nobody wants any more goes on costing.
 */
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import { ROUTER_AUDIENCE, agentChildName } from '#domain/agent/agent-names.ts';
import {
  DEFAULT_GATE_JUDGE_VOTES,
  DEFAULT_GATE_MAXIMUM_USD,
  DEFAULT_GATE_MINIMUM_PASS_PERCENT,
  DEFAULT_GATE_REPEATS,
  DEFAULT_GATE_SECONDS,
  FIRST_CANDIDATE_KEY,
  GATE_AGENT_CONFIGURATION_PATH,
  GATE_AGENT_DIRECTORY,
  GATE_ARGUMENTS,
  GATE_GOLDEN_SET_DIRECTORY,
  GATE_VARIABLES,
  GATE_VERDICT_PATH,
  GATE_VERSIONS_DIRECTORY,
  GATE_VERSIONS_FILE,
  GATE_VERSIONS_PATH,
} from '#domain/evaluation/gate-entry.ts';
import { ROLLOUT_DOCUMENT_KEY, rolloutConfigMapName } from '#domain/rollout/rollout-document.ts';
import {
  type PodSettings,
  RESTRICTED_CONTAINER,
  RESTRICTED_POD,
  ROUTER_TOKEN_DIRECTORY,
  tokenVolume,
} from '#operator/agent/pod-template.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '#operator/agent/resources.ts';
import type { DesiredChild } from '#operator/runtime/child-applier.ts';
import { controlledBy } from '#operator/runtime/child-owner.ts';
import { CANARY_ROLLOUTS } from '../resources.ts';
import { GATE_CONTAINER, GATE_JOBS, GATE_LABEL } from './gate-resources.ts';
import type { GateRun } from './gate-run.ts';

/** Says which run a Job is of. */
export const GATE_RUN_ANNOTATION = 'capataz.dev/gate-run';
/** The name of a Job is a label of its pods. */
const JOB_NAME_MAXIMUM_LENGTH = 63;
/** Its log is the report: a working week to read it. */
const KEPT_SECONDS = 5 * 86_400;
const TERMINATION_GRACE_SECONDS = 30;
const MEMORY_LIMIT = '768Mi';
/** Reports of a thousand cases, and answers that are kept between attempts. */
const TEMPORARY_LIMIT = '256Mi';

export function gateJobName(rolloutName: string): string {
  return rolloutConfigMapName(rolloutName);
}

export function hasRoomForGateJob(rolloutName: string): boolean {
  return gateJobName(rolloutName).length <= JOB_NAME_MAXIMUM_LENGTH;
}

export function gateJob(
  { metadata, status }: CanaryRollout,
  run: GateRun,
  goldenSet: string,
  settings: PodSettings,
): DesiredChild {
  const { name, namespace } = metadata;
  const labels = { [MANAGED_BY_LABEL]: MANAGED_BY, [GATE_LABEL]: name };
  const object = {
    metadata: {
      name: gateJobName(name),
      namespace,
      labels,
      annotations: { [GATE_RUN_ANNOTATION]: run.id },
      ownerReferences: controlledBy(CANARY_ROLLOUTS, metadata),
    },
    spec: {
      // A verdict is a verdict, also one that ends with an exit code; only what has nothing to do with it is tried again.
      backoffLimit: 0,
      podFailurePolicy: {
        rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      },
      activeDeadlineSeconds: run.gate.timeoutSeconds ?? DEFAULT_GATE_SECONDS,
      ttlSecondsAfterFinished: KEPT_SECONDS,
      template: {
        // By the name of an agent's pod network policies let it reach the router. Without the labels of an Agent no
        // Service sends it requests, and no Agent counts it.
        metadata: { labels: { 'app.kubernetes.io/name': 'agent', ...labels } },
        spec: podSpec(run, {
          rollout: { name, namespace },
          goldenSet,
          settings,
          isFirst: status?.stable === undefined,
        }),
      },
    },
  };
  return { resource: GATE_JOBS, object };
}

type Json = Readonly<Record<string, unknown>>;

interface PodInputs {
  readonly rollout: { readonly name: string; readonly namespace: string };
  readonly goldenSet: string;
  readonly settings: PodSettings;
  /** Nothing is stable: the candidate is tested alone. */
  readonly isFirst: boolean;
}

function podSpec(run: GateRun, { rollout, goldenSet, settings, isFirst }: PodInputs): Json {
  const agent = agentChildName(run.gate.agentRef.name);
  // A ConfigMap that is not there would hold up the pod without a word; so the program says what is missing.
  const optionally = (configMap: string): Json => ({ name: configMap, optional: true });
  const versions = {
    key: isFirst ? FIRST_CANDIDATE_KEY : ROLLOUT_DOCUMENT_KEY,
    path: GATE_VERSIONS_FILE,
  };
  return {
    serviceAccountName: agent,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
    securityContext: RESTRICTED_POD,
    containers: [
      {
        name: GATE_CONTAINER,
        image: settings.agentImage,
        imagePullPolicy: settings.agentImagePullPolicy,
        args: [...GATE_ARGUMENTS],
        env: environment(run, { rollout, goldenSet, settings }),
        resources: {
          requests: { cpu: '100m', memory: '192Mi' },
          limits: { memory: MEMORY_LIMIT },
        },
        securityContext: RESTRICTED_CONTAINER,
        terminationMessagePath: GATE_VERDICT_PATH,
        terminationMessagePolicy: 'File',
        volumeMounts: [
          { name: 'agent', mountPath: GATE_AGENT_DIRECTORY, readOnly: true },
          { name: 'versions', mountPath: GATE_VERSIONS_DIRECTORY, readOnly: true },
          { name: 'golden-set', mountPath: GATE_GOLDEN_SET_DIRECTORY, readOnly: true },
          { name: 'router-token', mountPath: ROUTER_TOKEN_DIRECTORY, readOnly: true },
          { name: 'tmp', mountPath: '/tmp' },
        ],
      },
    ],
    volumes: [
      { name: 'agent', configMap: optionally(agent) },
      {
        name: 'versions',
        configMap: { ...optionally(rolloutConfigMapName(rollout.name)), items: [versions] },
      },
      { name: 'golden-set', configMap: optionally(goldenSet) },
      tokenVolume('router-token', ROUTER_AUDIENCE),
      { name: 'tmp', emptyDir: { sizeLimit: TEMPORARY_LIMIT } },
    ],
  };
}

function environment(
  { gate, candidate }: GateRun,
  { rollout, goldenSet, settings }: Omit<PodInputs, 'isFirst'>,
): readonly Json[] {
  const values: Readonly<Record<keyof typeof GATE_VARIABLES, string>> = {
    routerUrl: settings.routerUrl,
    routerTokenPath: `${ROUTER_TOKEN_DIRECTORY}/token`,
    agentName: gate.agentRef.name,
    namespace: rollout.namespace,
    configurationPath: GATE_AGENT_CONFIGURATION_PATH,
    versionsPath: GATE_VERSIONS_PATH,
    candidateDigest: candidate.digest,
    goldenSetDirectory: GATE_GOLDEN_SET_DIRECTORY,
    goldenSetName: goldenSet,
    repeats: String(gate.repeats ?? DEFAULT_GATE_REPEATS),
    minimumPassPercent: gate.minimumPassPercent ?? DEFAULT_GATE_MINIMUM_PASS_PERCENT,
    maximumUsd: gate.maximumUsd ?? DEFAULT_GATE_MAXIMUM_USD,
    judgeModel: gate.judge?.modelRef.name ?? '',
    judgeVotes: String(gate.judge?.votes ?? DEFAULT_GATE_JUDGE_VOTES),
    timeoutSeconds: String(gate.timeoutSeconds ?? DEFAULT_GATE_SECONDS),
    verdictPath: GATE_VERDICT_PATH,
  };
  return Object.entries(values).map(([name, value]) => ({
    name: GATE_VARIABLES[name as keyof typeof GATE_VARIABLES],
    value,
  }));
}
