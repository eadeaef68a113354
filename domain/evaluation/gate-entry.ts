/**
 * What the pod of a gate is started with: the contract between the operator, which makes its Job, and the evaluation
 * program in it. Of its files each may be missing (a ConfigMap that nobody made does not hold up the pod): the program
 * says so in its verdict, by the names that it is told.
 */
import { z } from 'zod';
import { ResourceName, Sha256 } from '#crds/object-meta.ts';
import { AGENT_CONFIGURATION_KEY } from '../agent/agent-configuration.ts';

/** Of `node` in the image of agents. */
export const GATE_ARGUMENTS = ['cli/main.ts', 'gate'] as const;

/** Key of the rollout's ConfigMap that has the candidate where nothing is stable, so that there is no document to follow. */
export const FIRST_CANDIDATE_KEY = 'candidate.json';

export const DEFAULT_GATE_SECONDS = 3_600;
export const DEFAULT_GATE_REPEATS = 3;
export const DEFAULT_GATE_MINIMUM_PASS_PERCENT = '80';
export const DEFAULT_GATE_MAXIMUM_USD = '5';
export const DEFAULT_GATE_JUDGE_VOTES = 3;

/** Where the kubelet reads the verdict: `terminationMessagePath`. */
export const GATE_VERDICT_PATH = '/dev/termination-log';
export const GATE_AGENT_DIRECTORY = '/etc/capataz';
export const GATE_VERSIONS_DIRECTORY = '/etc/capataz-versions';
export const GATE_GOLDEN_SET_DIRECTORY = '/etc/capataz-golden-set';

export const GATE_AGENT_CONFIGURATION_PATH = `${GATE_AGENT_DIRECTORY}/${AGENT_CONFIGURATION_KEY}`;
export const GATE_VERSIONS_FILE = 'versions.json';
export const GATE_VERSIONS_PATH = `${GATE_VERSIONS_DIRECTORY}/${GATE_VERSIONS_FILE}`;

/** Names of the environment variables. */
export const GATE_VARIABLES = {
  routerUrl: 'CAPATAZ_ROUTER_URL',
  routerTokenPath: 'CAPATAZ_ROUTER_TOKEN_PATH',
  agentName: 'CAPATAZ_AGENT_NAME',
  namespace: 'CAPATAZ_NAMESPACE',
  /** An AgentConfiguration: tools, output schema, limits. */
  configurationPath: 'CAPATAZ_CONFIGURATION_PATH',
  /** A `GateVersions`. */
  versionsPath: 'CAPATAZ_GATE_VERSIONS_PATH',
  /** What is to be tested: when the file has another candidate by now, the gate is not about it. */
  candidateDigest: 'CAPATAZ_GATE_CANDIDATE_DIGEST',
  /** A folder with one golden set in one file, whose name tells its format; `.gz` after it: compressed. */
  goldenSetDirectory: 'CAPATAZ_GATE_GOLDEN_SET_DIRECTORY',
  /** Of the ConfigMap, for messages. */
  goldenSetName: 'CAPATAZ_GATE_GOLDEN_SET',
  repeats: 'CAPATAZ_GATE_REPEATS',
  /** A decimal string, for example "80". */
  minimumPassPercent: 'CAPATAZ_GATE_MINIMUM_PASS_PERCENT',
  /** A decimal string. */
  maximumUsd: 'CAPATAZ_GATE_MAXIMUM_USD',
  /** Name of the Model that grades; empty without one. */
  judgeModel: 'CAPATAZ_GATE_JUDGE_MODEL',
  judgeVotes: 'CAPATAZ_GATE_JUDGE_VOTES',
  /** When the pod is ended at the latest; the program ends before it, and says so. */
  timeoutSeconds: 'CAPATAZ_GATE_TIMEOUT_SECONDS',
  verdictPath: 'CAPATAZ_GATE_VERDICT_PATH',
} as const;

const GatedVersion = z.object({ version: ResourceName, digest: Sha256, text: z.string() });

/** What both a RolloutDocument and the candidate of a first version are. Without `stable` the candidate is tested alone. */
export const GateVersions = z.object({
  prompt: ResourceName,
  stable: GatedVersion.optional(),
  candidate: GatedVersion.optional(),
});
export type GateVersions = z.infer<typeof GateVersions>;
