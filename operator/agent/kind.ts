/** Agent: runs the agent as ServiceAccount, ConfigMap, Service, PodDisruptionBudget, Deployment and autoscaler. */
import { type KubeObject, objectKey } from '#adapters/kubernetes/kube-object.ts';
import { AGENT } from '#crds/agent.ts';
import type { CanaryRolloutSpec, CanaryRolloutStatus } from '#crds/canary-rollout.ts';
import { agentChildName } from '#domain/agent/agent-names.ts';
import { CANARY_ROLLOUTS } from '../canary-rollout/resources.ts';
import { readinessOfModel } from '../model/readiness.ts';
import { MODELS } from '../model/resources.ts';
import { PROMPT_VERSIONS } from '../prompt-version/resources.ts';
import type { CountGoldenSetKeys, GoldenSetKeys } from '../runtime/golden-set-config-map.ts';
import { type KindModule, kindModule, watching, watchingLazily } from '../runtime/kind-module.ts';
import { type ReadObject, readableObject } from '#adapters/kubernetes/read-kind.ts';
import { AGENT_ADMISSION_RULES } from './admission-rules.ts';
import { AGENT_CHILD_TOLERANCE } from './child-tolerance.ts';
import { decideAgent } from './decide.ts';
import { createLastStable } from './last-stable.ts';
import { observeAgent } from './observe.ts';
import {
  AGENTS,
  CONFIG_MAPS,
  CRON_JOBS,
  DEPLOYMENTS,
  HORIZONTAL_POD_AUTOSCALERS,
  PODS,
  POD_DISRUPTION_BUDGETS,
  SERVICES,
  SERVICE_ACCOUNTS,
  agentOfPod,
} from './resources.ts';

const keysOf = (objects: readonly KubeObject[]): readonly string[] =>
  objects.map(({ metadata }) => objectKey(metadata));

function whatIsServed(read: ReadObject<CanaryRolloutSpec, CanaryRolloutStatus> | undefined): string {
  const { stable, candidate, exposure } = readableObject(read)?.status ?? {};
  return JSON.stringify([stable?.digest, candidate?.digest, exposure?.salt, exposure?.cutoff]);
}

function hasStable(read: ReadObject<CanaryRolloutSpec, CanaryRolloutStatus> | undefined): boolean {
  return readableObject(read)?.status?.stable !== undefined;
}

export interface AgentTools {
  readonly countGoldenSetKeys: CountGoldenSetKeys;
}

export const agentKind = ({ countGoldenSetKeys }: AgentTools): KindModule =>
  kindModule({
    definition: AGENT,
    objects: AGENTS,
    watches: [
      watching(CANARY_ROLLOUTS, (key, { current, previous }, view) =>
        hasStable(current) === hasStable(previous) ? [] : keysOf(view.of(AGENTS).by('canaryRollout', key)),
      ),
      // What a rollout serves reaches pods by its document; that an Agent's status tells it can wait.
      watchingLazily(CANARY_ROLLOUTS, (key, { current, previous }, view) =>
        whatIsServed(current) === whatIsServed(previous)
          ? []
          : keysOf(view.of(AGENTS).by('canaryRollout', key)),
      ),
      watching(PROMPT_VERSIONS, (key, _, view) => keysOf(view.of(AGENTS).by('promptVersion', key))),
      watchingLazily(PROMPT_VERSIONS, (key, _, view) =>
        [
          ...view.of(CANARY_ROLLOUTS).by('stableVersion', key),
          ...view.of(CANARY_ROLLOUTS).by('candidateVersion', key),
        ].flatMap(({ metadata }) => keysOf(view.of(AGENTS).by('canaryRollout', objectKey(metadata)))),
      ),
      watching(MODELS, (key, { current, previous }, view) =>
        // Agents look at no more of a Model than whether it is there and ready, and it is probed again and again.
        readinessOfModel(current) === readinessOfModel(previous)
          ? []
          : keysOf(view.of(AGENTS).by('model', key)),
      ),
      watching(PODS, (_, { current, previous }) => {
        const pod = current ?? previous;
        return (pod && agentOfPod(pod)) ?? [];
      }),
    ],
    children: {
      namePrefix: agentChildName(''),
      resources: [
        { resource: SERVICE_ACCOUNTS },
        { resource: CONFIG_MAPS, deletedBecause: 'one that somebody made immutable can only be made anew' },
        { resource: SERVICES },
        { resource: POD_DISRUPTION_BUDGETS },
        { resource: DEPLOYMENTS },
        { resource: HORIZONTAL_POD_AUTOSCALERS, deletedBecause: 'autoscaling can be taken out of a spec' },
        { resource: CRON_JOBS, deletedBecause: 'probes can be taken out of a spec' },
      ],
      tolerance: AGENT_CHILD_TOLERANCE,
      admissionRules: AGENT_ADMISSION_RULES,
    },
    workers: 16,
    connect: ({ view, config }) => {
      const rollouts = view.of(CANARY_ROLLOUTS);
      const versions = view.of(PROMPT_VERSIONS);
      const models = view.of(MODELS);
      const lastStable = createLastStable();
      const sources = {
        getRollout: (key: string) => readableObject(rollouts.get(key)),
        getPromptVersion: (key: string) => readableObject(versions.get(key)),
        getModel: (key: string) => readableObject(models.get(key)),
        listPods: (agentKey: string) => view.of(PODS).by('agent', agentKey),
        getLastStable: lastStable.of,
        podSettings: config.pods,
      };
      return {
        observe: async (agent, children, signal) => {
          const { probes } = agent.spec;
          const observedProbes = probes && {
            probes,
            goldenSet: await countGoldenSetKeys(
              agent.metadata.namespace,
              probes.goldenSetRef.name,
              signal,
            ).catch((): GoldenSetKeys => {
              // An Agent that could not be asked about its probes is served all the same.
              signal.throwIfAborted();
              return 'unknown';
            }),
          };
          const observed = observeAgent(agent, children, sources, observedProbes);
          lastStable.note(observed.rollout, observed.wanted);
          return observed;
        },
      };
    },
    decide: decideAgent,
  });
