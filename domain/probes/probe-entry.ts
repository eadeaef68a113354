/**
 * What the pod of a round of probes is started with: the contract between the operator, which makes its CronJob, and the
 * program in it. Each of its files may be missing: the program says so in the ledger, by the names that it is told.
 */
import { AGENT_CONFIGURATION_KEY } from '#domain/agent/agent-configuration.ts';
import { ROLLOUT_DOCUMENT_KEY } from '#domain/rollout/rollout-document.ts';

/** Of `node` in the image of agents. */
export const PROBE_ARGUMENTS = ['cli/main.ts', 'probe'] as const;

export const DEFAULT_PROBE_MINUTES = 60;
export const DEFAULT_PROBE_CASES = 20;
export const DEFAULT_PROBE_JUDGE_VOTES = 3;

export const PROBE_AGENT_DIRECTORY = '/etc/capataz';
export const PROBE_ROLLOUT_DIRECTORY = '/etc/capataz-rollout';
export const PROBE_GOLDEN_SET_DIRECTORY = '/etc/capataz-golden-set';
export const PROBE_CONFIGURATION_PATH = `${PROBE_AGENT_DIRECTORY}/${AGENT_CONFIGURATION_KEY}`;
export const PROBE_ROLLOUT_PATH = `${PROBE_ROLLOUT_DIRECTORY}/${ROLLOUT_DOCUMENT_KEY}`;

/** Names of the environment variables. */
export const PROBE_VARIABLES = {
  routerUrl: 'CAPATAZ_ROUTER_URL',
  routerTokenPath: 'CAPATAZ_ROUTER_TOKEN_PATH',
  ledgerUrl: 'CAPATAZ_LEDGER_URL',
  ledgerTokenPath: 'CAPATAZ_LEDGER_TOKEN_PATH',
  ledgerSpoolPath: 'CAPATAZ_LEDGER_SPOOL_PATH',
  agentName: 'CAPATAZ_AGENT_NAME',
  namespace: 'CAPATAZ_NAMESPACE',
  podName: 'CAPATAZ_POD_NAME',
  /** An AgentConfiguration: tools, output schema, limits, and the prompt where none is followed. */
  configurationPath: 'CAPATAZ_CONFIGURATION_PATH',
  /** The document of the rollout that the agent follows. */
  rolloutPath: 'CAPATAZ_ROLLOUT_PATH',
  /** A folder with one golden set in one file, whose name tells its format; `.gz` after it: compressed. */
  goldenSetDirectory: 'CAPATAZ_PROBE_GOLDEN_SET_DIRECTORY',
  /** Of the ConfigMap, for messages. */
  goldenSetName: 'CAPATAZ_PROBE_GOLDEN_SET',
  casesPerRound: 'CAPATAZ_PROBE_CASES',
  everyMinutes: 'CAPATAZ_PROBE_EVERY_MINUTES',
  /** A decimal string; empty: a share of what the agent spends. */
  maximumUsdPerDay: 'CAPATAZ_PROBE_MAXIMUM_USD_PER_DAY',
  /** Name of the Model that grades; empty without one. */
  judgeModel: 'CAPATAZ_PROBE_JUDGE_MODEL',
  judgeVotes: 'CAPATAZ_PROBE_JUDGE_VOTES',
  /** When the pod is ended at the latest; the program ends before it, and says so. */
  timeoutSeconds: 'CAPATAZ_PROBE_TIMEOUT_SECONDS',
} as const;
export type ProbeVariable = keyof typeof PROBE_VARIABLES;

/** May be empty. */
export const OPTIONAL_PROBE_VARIABLES: ReadonlySet<ProbeVariable> = new Set([
  'maximumUsdPerDay',
  'judgeModel',
]);
