/** Gathers all that decides about one rollout. */
import type { Agent } from '#crds/agent.ts';
import type { KubeObject } from '#adapters/kubernetes/kube-object.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import {
  ROLLOUT_COMMAND_ANNOTATION,
  type ReadRolloutCommand,
  readRolloutCommand,
} from '#domain/rollout/rollout-command.ts';
import type { Model } from '#crds/model.ts';
import type { PromptRepository } from '#crds/prompt-repository.ts';
import type { ObservedOutcomes, Version } from '#domain/rollout/rollout-observation.ts';
import { withWantedVersion } from '#domain/rollout/wanted-version.ts';
import type { PodSettings } from '../agent/pod-template.ts';
import { lastConditionStatus } from '#adapters/kubernetes/read-kind.ts';
import { environmentDriftOf } from './environment-drift.ts';
import type { ObservedGate } from './gate/gate-children.ts';
import type { GatePod } from './gate/gate-resources.ts';
import { type GateInputs, gateObstacle } from './gate/gate-obstacle.ts';
import { gateRunOf, goldenSetOf } from './gate/gate-run.ts';
import { endedGate, isJobOfRun } from './gate/gate-status.ts';
import type { GoldenSetKeys } from '../runtime/golden-set-config-map.ts';
import type { ServedVersions } from './rollout-document-child.ts';

export interface ObservedCanaryRollout {
  /** With the version that the repository says, where it follows one. */
  readonly rollout: CanaryRollout;
  readonly repositoryExists: boolean;
  /** What spec.versionRef names, when it exists. */
  readonly wanted: PromptVersion | undefined;
  /** What status names, as far as it exists. */
  readonly served: ServedVersions;
  readonly agentUids: readonly string[];
  readonly outcomes: ObservedOutcomes;
  /** Of an agent that follows; undefined: none drifts, or did so before the candidate began or was resumed. */
  readonly environmentDrift: string | undefined;
  /** Undefined when the rollout is at no gate. */
  readonly gate: ObservedGate | undefined;
  readonly command: ReadRolloutCommand | undefined;
  readonly rollbackTarget: Version | undefined;
  readonly storedRevision: number;
  readonly freshSalt: string;
}

export interface RolloutSources {
  readonly getPromptRepository: (key: string) => PromptRepository | undefined;
  readonly getPromptVersion: (key: string) => PromptVersion | undefined;
  readonly listPromptVersions: () => readonly PromptVersion[];
  readonly listFollowers: (rolloutKey: string) => readonly Agent[];
  /** Of the candidate, from the ledger. */
  readonly outcomesOf: (rollout: CanaryRollout) => ObservedOutcomes;
  readonly getAgent: (key: string) => GateInputs['agent'];
  readonly getModel: (key: string) => Model | undefined;
  /** Of the ConfigMap that `neededGoldenSet` named. */
  readonly goldenSetKeys: GoldenSetKeys;
  /** Those that say to be of a gate of the rollout with this key. */
  readonly listGatePods: (rolloutKey: string) => readonly GatePod[];
  readonly podSettings: PodSettings;
  /** Revision of the document that is stored for agents; 0 when there is none. */
  readonly storedRevision: number;
  readonly random: () => number;
}

export function observeCanaryRollout(written: CanaryRollout, sources: RolloutSources): ObservedCanaryRollout {
  const { namespace, name, annotations } = written.metadata;
  const { source } = written.spec;
  const repository = source && sources.getPromptRepository(`${namespace}/${source.repositoryRef.name}`);
  const rollout = withWantedVersion(written, repository?.status);
  const { stable, candidate } = rollout.status ?? {};
  const find = (versionName: string | undefined): PromptVersion | undefined =>
    versionName === undefined ? undefined : sources.getPromptVersion(`${namespace}/${versionName}`);
  const command = readRolloutCommand(annotations?.[ROLLOUT_COMMAND_ANNOTATION]);
  const followers = sources
    .listFollowers(`${namespace}/${name}`)
    .filter((agent) => isFollower(agent, rollout));
  return {
    rollout,
    repositoryExists: repository !== undefined,
    wanted: find(rollout.spec.versionRef?.name),
    served: { stable: find(stable?.name), candidate: find(candidate?.name) },
    agentUids: followers.map(({ metadata }) => metadata.uid),
    outcomes: sources.outcomesOf(rollout),
    environmentDrift: environmentDriftOf(followers, rollout.status?.candidateSince),
    gate: observeGate(rollout, find(candidate?.name), sources),
    command,
    rollbackTarget: rollbackTarget(rollout, command, sources),
    storedRevision: sources.storedRevision,
    freshSalt: freshSalt(sources.random),
  };
}

/** The ConfigMap that has to be there before the next Job of a gate can be made; undefined when none is to be made. */
export function neededGoldenSet(
  rollout: CanaryRollout,
  job: KubeObject | undefined,
  getPromptVersion: RolloutSources['getPromptVersion'],
): string | undefined {
  const run = gateRunOf(rollout);
  if (run === undefined || isJobOfRun(job, run) || endedGate(rollout, run) !== undefined) return undefined;
  return goldenSetOf(run, getPromptVersion(`${rollout.metadata.namespace}/${run.candidate.name}`));
}

function observeGate(
  rollout: CanaryRollout,
  candidate: PromptVersion | undefined,
  { getAgent, getModel, goldenSetKeys, listGatePods, podSettings }: RolloutSources,
): ObservedGate | undefined {
  const run = gateRunOf(rollout);
  if (run === undefined) return undefined;
  const { namespace, name } = rollout.metadata;
  const goldenSet = goldenSetOf(run, candidate);
  return {
    run,
    goldenSet,
    obstacle: gateObstacle(rollout, run, {
      agent: getAgent(`${namespace}/${run.gate.agentRef.name}`),
      goldenSet: goldenSet === undefined ? undefined : { name: goldenSet, keys: goldenSetKeys },
      findModel: (model) => getModel(`${namespace}/${model}`),
    }),
    pods: listGatePods(`${namespace}/${name}`),
    settings: podSettings,
  };
}

/** An Agent that only lends its rights and budget to the gate serves nobody: it would be a canary that never sings. */
function isFollower({ metadata, spec }: Agent, rollout: CanaryRollout): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  const isOfGate = rollout.spec.steps?.some(({ gate }) => gate?.agentRef.name === metadata.name) ?? false;
  return !(isOfGate && spec.replicas === 0);
}

function rollbackTarget(
  { metadata: { namespace }, spec, status }: CanaryRollout,
  command: ReadRolloutCommand | undefined,
  { getPromptVersion, listPromptVersions }: RolloutSources,
): Version | undefined {
  if (command?.ok !== true || command.command.verb !== 'rollback') return undefined;
  const { digest } = command.command;
  const isTarget = (version: PromptVersion): boolean =>
    version.metadata.namespace === namespace &&
    version.spec.prompt === spec.prompt &&
    lastConditionStatus(version, 'Accepted') === 'True' &&
    version.spec.digest === (digest ?? status?.previousStable?.digest);
  const previous = status?.previousStable && getPromptVersion(`${namespace}/${status.previousStable.name}`);
  const target =
    digest === undefined
      ? [previous].find((version) => version !== undefined && isTarget(version))
      : listPromptVersions().find(isTarget);
  return target && { name: target.metadata.name, digest: target.spec.digest };
}

const SALT_WORDS = 4;

/** 32 hexadecimal digits. */
function freshSalt(random: () => number): string {
  const words = Array.from({ length: SALT_WORDS }, () => Math.floor(random() * 2 ** 32));
  return words.map((word) => word.toString(16).padStart(8, '0')).join('');
}
