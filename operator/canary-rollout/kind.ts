/** CanaryRollout: answers spec.versionRef (what is wanted) with status.stable (what is served), step by step. */
import { objectKey } from '#adapters/kubernetes/kube-object.ts';
import type { Agent } from '#crds/agent.ts';
import { CANARY_ROLLOUT } from '#crds/canary-rollout.ts';
import { NO_OUTCOMES } from '#domain/rollout/rollout-observation.ts';
import { ROLLOUT_CHILD_PREFIX } from '#domain/rollout/rollout-document.ts';
import { AGENTS } from '../agent/resources.ts';
import { readinessOfModel } from '../model/readiness.ts';
import { MODELS } from '../model/resources.ts';
import { PROMPT_REPOSITORIES } from '../prompt-repository/resources.ts';
import { PROMPT_VERSIONS } from '../prompt-version/resources.ts';
import type { ClusterView } from '#adapters/kubernetes/cluster-view.ts';
import { type KindModule, kindModule, watching } from '../runtime/kind-module.ts';
import { type ReadObject, lastConditionStatus, readableObject } from '#adapters/kubernetes/read-kind.ts';
import { decideCanaryRollout } from './decide.ts';
import { GATE_ADMISSION_RULES } from './gate/gate-admission-rules.ts';
import { GATE_JOBS, GATE_PODS, rolloutOfGatePod } from './gate/gate-resources.ts';
import type { CountGoldenSetKeys } from '../runtime/golden-set-config-map.ts';
import { neededGoldenSet, observeCanaryRollout } from './observe.ts';
import type { OutcomeFeed } from './outcomes/outcome-feed.ts';
import { CANARY_ROLLOUTS, ROLLOUT_CONFIG_MAPS } from './resources.ts';
import { storedRevision } from './rollout-document-child.ts';

/** Without a ledger there is nothing to judge by. */
const OUTCOMES_UNREAD = {
  ...NO_OUTCOMES,
  problem: 'this operator reads no ledger (CAPATAZ_LEDGER_URL).',
} as const;

export interface CanaryRolloutTools {
  /** Undefined where no ledger is configured. */
  readonly outcomes: OutcomeFeed | undefined;
  readonly countGoldenSetKeys: CountGoldenSetKeys;
}

export function canaryRolloutKind({ outcomes, countGoldenSetKeys }: CanaryRolloutTools): KindModule {
  return kindModule({
    definition: CANARY_ROLLOUT,
    objects: CANARY_ROLLOUTS,
    watches: [
      watching(PROMPT_REPOSITORIES, (key, _, view) =>
        view
          .of(CANARY_ROLLOUTS)
          .by('repository', key)
          .map(({ metadata }) => objectKey(metadata)),
      ),
      watching(PROMPT_VERSIONS, (key, { current, previous }, view) => {
        const rollouts = view.of(CANARY_ROLLOUTS);
        const version = readableObject(current ?? previous);
        const following =
          version === undefined
            ? []
            : rollouts
                .by(
                  'followedPrompt',
                  objectKey({ namespace: version.metadata.namespace, name: version.spec.prompt }),
                )
                .map(({ metadata }) => objectKey(metadata));
        const named = (['wantedVersion', 'stableVersion', 'candidateVersion'] as const).flatMap((index) =>
          rollouts.by(index, key).map(({ metadata }) => objectKey(metadata)),
        );
        return new Set([...named, ...following]);
      }),
      watching(AGENTS, (key, { current, previous }, view) => {
        return modelsOf(current) !== modelsOf(previous)
          ? view
              .of(CANARY_ROLLOUTS)
              .by('gateAgent', key)
              .map(({ metadata }) => objectKey(metadata))
          : [];
      }),
      watching(MODELS, (key, { current, previous }, view) => {
        if (readinessOfModel(current) === readinessOfModel(previous)) return [];
        const rollouts = view.of(CANARY_ROLLOUTS);
        const ofAgents = view
          .of(AGENTS)
          .by('model', key)
          .flatMap(({ metadata }) => rollouts.by('gateAgent', objectKey(metadata)));
        const keys = [...ofAgents, ...rollouts.by('gateJudge', key)].map(({ metadata }) =>
          objectKey(metadata),
        );
        return new Set(keys.filter((rollout) => isReleasing(view, rollout)));
      }),
      watching(GATE_PODS, (_, { current, previous }) => {
        const pod = current ?? previous;
        return (pod && rolloutOfGatePod(pod)) ?? [];
      }),
      watching(AGENTS, (_, { current, previous }, view) => {
        const [before, after] = [followed(previous), followed(current)];
        const [keyBefore, keyAfter] = [before?.rollout, after?.rollout];
        if (before?.identity === after?.identity) return [];
        return [keyBefore, keyAfter].filter((key) => key !== undefined && isReleasing(view, key)) as string[];
      }),
    ],
    children: {
      namePrefix: ROLLOUT_CHILD_PREFIX,
      resources: [
        {
          resource: ROLLOUT_CONFIG_MAPS,
          deletedBecause: 'one that somebody made immutable can only be made anew',
        },
        {
          resource: GATE_JOBS,
          deletedBecause: 'a candidate that is not wanted any more must not go on costing',
        },
      ],
      tolerance: { isTolerated: () => false, withTolerated: ({ object }) => object },
      admissionRules: GATE_ADMISSION_RULES,
    },
    workers: 4,
    connect: ({ view, config, random }) => {
      const repositories = view.of(PROMPT_REPOSITORIES);
      const versions = view.of(PROMPT_VERSIONS);
      const agents = view.of(AGENTS);
      const models = view.of(MODELS);
      const readable = <T>(objects: readonly T[], read: (object: T) => Agent | undefined): readonly Agent[] =>
        objects.map(read).filter((agent) => agent !== undefined);
      return {
        observe: async (rollout, children, signal) => {
          const getPromptVersion = (key: string) => readableObject(versions.get(key));
          const goldenSet = neededGoldenSet(rollout, children.live.get(GATE_JOBS.kind), getPromptVersion);
          return observeCanaryRollout(rollout, {
            getPromptRepository: (key) => readableObject(repositories.get(key)),
            getPromptVersion,
            listPromptVersions: () => versions.list().flatMap((version) => readableObject(version) ?? []),
            listFollowers: (key) => readable(agents.by('canaryRollout', key), readableObject),
            outcomesOf: (observed) => outcomes?.observe(observed) ?? OUTCOMES_UNREAD,
            getAgent: (key) => {
              const agent = agents.get(key);
              return agent && (readableObject(agent) ?? 'unreadable');
            },
            getModel: (key) => readableObject(models.get(key)),
            goldenSetKeys:
              goldenSet === undefined
                ? 'unknown'
                : await countGoldenSetKeys(rollout.metadata.namespace, goldenSet, signal),
            listGatePods: (key) => view.of(GATE_PODS).by('gate', key),
            podSettings: config.pods,
            storedRevision: storedRevision(children),
            random,
          });
        },
        forget: (key) => outcomes?.forget(key),
      };
    },
    decide: decideCanaryRollout,
  });
}

/** Which rollout an Agent follows, and all of it that counts there. */
function followed(read: ReadObject<Agent['spec'], NonNullable<Agent['status']>> | undefined) {
  const agent = readableObject(read);
  const name = agent?.spec.promptRef.name;
  if (agent === undefined || name === undefined) return undefined;
  const { namespace, uid, deletionTimestamp } = agent.metadata;
  const drift = lastConditionStatus(agent, 'Drift');
  const rollout = objectKey({ namespace, name });
  return {
    rollout,
    identity: [rollout, uid, agent.spec.replicas === 0, deletionTimestamp !== undefined, drift].join(' '),
  };
}

/** Of an Agent, what decides whether a gate can be run as it. */
function modelsOf(read: ReadObject<Agent['spec'], NonNullable<Agent['status']>> | undefined): string {
  if (read === undefined) return 'absent';
  const { metadata, spec } = readableObject(read) ?? { metadata: read.metadata, spec: undefined };
  const allowed = spec?.modelPolicy.allow.map(({ name }) => name) ?? [];
  return `${metadata.deletionTimestamp === undefined} ${allowed.join(' ')}`;
}

/** Who follows is of interest only while somebody is exposed: a thousand new agents wake nothing else. */
function isReleasing(view: ClusterView, key: string): boolean {
  return readableObject(view.of(CANARY_ROLLOUTS).get(key))?.status?.candidate !== undefined;
}
