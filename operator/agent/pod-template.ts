/**
 * The pod of an agent: the `restricted` profile, no rights in the API server, projected tokens that prove to the router,
 * to the operator and, where there is one, to the ledger which agent it is. It depends on the image and the resources only: what the agent is
 * told (prompt, limits, tools) travels by the configuration and never restarts a pod.
 */
import type { Agent } from '#crds/agent.ts';
import { AGENT_CONFIGURATION_KEY } from '#domain/agent/agent-configuration.ts';
import { OPERATOR_AUDIENCE, ROUTER_AUDIENCE, agentChildName } from '#domain/agent/agent-names.ts';
import { ROLLOUT_DOCUMENT_KEY, rolloutConfigMapName } from '#domain/rollout/rollout-document.ts';
import { LEDGER_AUDIENCE } from '#domain/ledger/record-batch.ts';
import { podResources } from './pod-resources.ts';

const USER_ID = 65532;
const TOKEN_LIFETIME_SECONDS = 600;
const CONFIGURATION_DIRECTORY = '/etc/capataz';
/** Every pod has it, also one that follows none. */
export const ROLLOUT_VOLUME = 'rollout';
const ROLLOUT_DIRECTORY = '/etc/capataz-rollout';
export const ROUTER_TOKEN_DIRECTORY = '/var/run/secrets/capataz/router';
const OPERATOR_TOKEN_DIRECTORY = '/var/run/secrets/capataz/operator';
export const LEDGER_TOKEN_DIRECTORY = '/var/run/secrets/capataz/ledger';
/** It outlives the container, not the pod: what is left in it when a pod goes is lost. */
export const SPOOL_DIRECTORY = '/var/lib/capataz/spool';
const SPOOL_MEBIBYTES = 192;
/** A pod whose volume passes its limit is evicted, so the spool stays well below it. */
const SPOOL_VOLUME_LIMIT = '256Mi';
/**
 * Endpoints stop sending new requests to a pod a moment after its end was decided; until then it must answer. The
 * agent-runtime waits itself, and asks its clients to leave meanwhile; a foreign image may know nothing of it.
 */
const FOREIGN_PRE_STOP_SECONDS = 5;
/**
 * Room for a run of the default length (120 s) to end. It cannot follow limits.seconds, because that would restart the
 * pods; a longer run is cut at the end of the drain. A pod without runs ends after the lead of its drain.
 */
const TERMINATION_GRACE_SECONDS = 150;
/** What the runtime gives its runs: the grace period less a moment to say goodbye. */
const DRAIN_SECONDS = 140;

export interface PodSettings {
  readonly agentImage: string;
  readonly agentImagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly routerUrl: string;
  readonly configurationUrl: string;
  /** Variables OTEL_* of the agents that run our runtime. */
  readonly tracing?: Readonly<Record<string, string>>;
  /** Undefined: no ledger, and pods get neither token nor spool. */
  readonly ledgerUrl: string | undefined;
}

type Json = Readonly<Record<string, unknown>>;

export const RESTRICTED_POD: Json = {
  runAsNonRoot: true,
  runAsUser: USER_ID,
  runAsGroup: USER_ID,
  fsGroup: USER_ID,
  seccompProfile: { type: 'RuntimeDefault' },
};

export const RESTRICTED_CONTAINER: Json = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/** `mountedRollout`: whose document a pod boots with. */
export function agentPodTemplate(
  agent: Agent,
  settings: PodSettings,
  mountedRollout: string | undefined,
): Json {
  const name = agentChildName(agent.metadata.name);
  return {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
    securityContext: RESTRICTED_POD,
    topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map(
      (topologyKey) => ({
        topologyKey,
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: {
          matchLabels: {
            'app.kubernetes.io/name': 'agent',
            'app.kubernetes.io/instance': agent.metadata.name,
          },
        },
      }),
    ),
    containers: [container(agent, settings)],
    volumes: [
      { name: 'configuration', configMap: { name } },
      rolloutVolume(mountedRollout),
      tokenVolume('router-token', ROUTER_AUDIENCE),
      tokenVolume('operator-token', OPERATOR_AUDIENCE),
      ...(settings.ledgerUrl === undefined
        ? []
        : [
            tokenVolume('ledger-token', LEDGER_AUDIENCE),
            { name: 'ledger-spool', emptyDir: { sizeLimit: SPOOL_VOLUME_LIMIT } },
          ]),
      { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
    ],
  };
}

function container(agent: Agent, settings: PodSettings): Json {
  const { image } = agent.spec;
  return {
    name: 'agent',
    ...(image === undefined
      ? {
          image: settings.agentImage,
          imagePullPolicy: settings.agentImagePullPolicy,
          args: ['services/agent-runtime/main.ts'],
        }
      : { image }),
    ports: [
      { name: 'http', containerPort: 8080, protocol: 'TCP' },
      { name: 'metrics', containerPort: 9090, protocol: 'TCP' },
    ],
    env: environment(agent, settings),
    resources: podResources(agent.spec.resources),
    securityContext: RESTRICTED_CONTAINER,
    ...(image === undefined
      ? {}
      : { lifecycle: { preStop: { sleep: { seconds: FOREIGN_PRE_STOP_SECONDS } } } }),
    ...(image === undefined ? RUNTIME_PROBES : BRING_YOUR_OWN_PROBES),
    volumeMounts: [
      { name: 'configuration', mountPath: CONFIGURATION_DIRECTORY, readOnly: true },
      { name: ROLLOUT_VOLUME, mountPath: ROLLOUT_DIRECTORY, readOnly: true },
      { name: 'router-token', mountPath: ROUTER_TOKEN_DIRECTORY, readOnly: true },
      { name: 'operator-token', mountPath: OPERATOR_TOKEN_DIRECTORY, readOnly: true },
      ...(settings.ledgerUrl === undefined
        ? []
        : [
            { name: 'ledger-token', mountPath: LEDGER_TOKEN_DIRECTORY, readOnly: true },
            { name: 'ledger-spool', mountPath: SPOOL_DIRECTORY },
          ]),
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

function environment(agent: Agent, settings: PodSettings): readonly Json[] {
  const fromField = (name: string, fieldPath: string): Json => ({
    name,
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
  });
  return [
    { name: 'CAPATAZ_ROUTER_URL', value: settings.routerUrl },
    { name: 'CAPATAZ_ROUTER_TOKEN_PATH', value: `${ROUTER_TOKEN_DIRECTORY}/token` },
    { name: 'CAPATAZ_CONFIGURATION_URL', value: settings.configurationUrl },
    { name: 'CAPATAZ_CONFIGURATION_TOKEN_PATH', value: `${OPERATOR_TOKEN_DIRECTORY}/token` },
    { name: 'CAPATAZ_CONFIGURATION_PATH', value: `${CONFIGURATION_DIRECTORY}/${AGENT_CONFIGURATION_KEY}` },
    { name: 'CAPATAZ_ROLLOUT_PATH', value: `${ROLLOUT_DIRECTORY}/${ROLLOUT_DOCUMENT_KEY}` },
    ...(settings.ledgerUrl === undefined
      ? []
      : [
          { name: 'CAPATAZ_LEDGER_URL', value: settings.ledgerUrl },
          { name: 'CAPATAZ_LEDGER_TOKEN_PATH', value: `${LEDGER_TOKEN_DIRECTORY}/token` },
          { name: 'CAPATAZ_LEDGER_SPOOL_PATH', value: SPOOL_DIRECTORY },
          { name: 'CAPATAZ_LEDGER_SPOOL_MEBIBYTES', value: String(SPOOL_MEBIBYTES) },
        ]),
    { name: 'CAPATAZ_DRAIN_SECONDS', value: String(DRAIN_SECONDS) },
    { name: 'CAPATAZ_AGENT_NAME', value: agent.metadata.name },
    fromField('CAPATAZ_POD_NAME', 'metadata.name'),
    fromField('CAPATAZ_NAMESPACE', 'metadata.namespace'),
    // An image of another's may send its spans elsewhere: to the ledger, for one.
    ...Object.entries(agent.spec.image === undefined ? (settings.tracing ?? {}) : {}).map(
      ([name, value]) => ({ name, value }),
    ),
  ];
}

/** A probe before the process listens fails for certain, and each failure is a Warning event of the kubelet. */
const BOOT_SECONDS = 2;

const RUNTIME_PROBES: Json = {
  startupProbe: {
    httpGet: { path: '/readyz', port: 9090 },
    initialDelaySeconds: BOOT_SECONDS,
    periodSeconds: 1,
    timeoutSeconds: 2,
    failureThreshold: 60,
  },
  readinessProbe: {
    httpGet: { path: '/readyz', port: 9090 },
    periodSeconds: 5,
    timeoutSeconds: 2,
    failureThreshold: 2,
  },
  livenessProbe: {
    httpGet: { path: '/livez', port: 9090 },
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 3,
  },
};

/** Only what the contract with a foreign image says: GET /readyz on port 8080. */
const BRING_YOUR_OWN_PROBES: Json = {
  startupProbe: {
    httpGet: { path: '/readyz', port: 8080 },
    initialDelaySeconds: BOOT_SECONDS,
    periodSeconds: 2,
    timeoutSeconds: 2,
    failureThreshold: 60,
  },
  readinessProbe: {
    httpGet: { path: '/readyz', port: 8080 },
    periodSeconds: 5,
    timeoutSeconds: 2,
    failureThreshold: 2,
  },
};

/** It may not be there yet, and goes with the rollout: the pod says itself whether it has something to serve. */
function rolloutVolume(rollout: string | undefined): Json {
  return rollout === undefined
    ? { name: ROLLOUT_VOLUME, emptyDir: { sizeLimit: '1Mi' } }
    : { name: ROLLOUT_VOLUME, configMap: { name: rolloutConfigMapName(rollout), optional: true } };
}

/** Of the pod's ServiceAccount, for one reader. */
export function tokenVolume(name: string, audience: string): Json {
  const serviceAccountToken = { audience, expirationSeconds: TOKEN_LIFETIME_SECONDS, path: 'token' };
  return { name, projected: { sources: [{ serviceAccountToken }] } };
}
