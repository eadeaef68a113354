/** The children of an Agent, as they are desired: pure, from the Agent and its configuration to the objects. */
import type { DesiredObject } from '#adapters/kubernetes/object-writer.ts';
import type { ResourceKind } from '#adapters/kubernetes/resource-kind.ts';
import type { Agent } from '#crds/agent.ts';
import {
  AGENT_CONFIGURATION_KEY,
  FORMER_AGENT_CONFIGURATION_KEY,
} from '#domain/agent/agent-configuration.ts';
import { agentChildName } from '#domain/agent/agent-names.ts';
import type { DesiredChild } from '../runtime/child-applier.ts';
import { controlledBy } from '../runtime/child-owner.ts';
import { type PodSettings, agentPodTemplate } from './pod-template.ts';
import { type ProbeInputs, probeCronJob } from './probes/probe-cron-job.ts';
import {
  AGENTS,
  AGENT_LABEL,
  CONFIG_MAPS,
  CRON_JOBS,
  DEPLOYMENTS,
  HORIZONTAL_POD_AUTOSCALERS,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  POD_DISRUPTION_BUDGETS,
  SERVICES,
  SERVICE_ACCOUNTS,
} from './resources.ts';

const DEFAULT_TARGET_CPU_PERCENT = 70;

export interface ChildrenInputs {
  readonly agent: Agent;
  /** The text of the configuration; absent while it is not known, then the ConfigMap stays as it is. */
  readonly configuration: string | undefined;
  /** What pods of version 0.1 read; undefined when there are none any more. */
  readonly formerConfiguration: string | undefined;
  /** The CanaryRollout whose document pods boot with. */
  readonly mountedRollout: string | undefined;
  /** `spec.replicas` of the live Deployment, when there is one. */
  readonly liveReplicas: number | undefined;
  readonly settings: PodSettings;
  /** Undefined when the agent is not probed. */
  readonly probes: ProbeInputs | undefined;
}

/** Labels by which a Service and a Deployment find the pods; they can never change. */
export function selectorLabels(agentName: string): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': 'agent', 'app.kubernetes.io/instance': agentName };
}

export function childLabels(agentName: string): Readonly<Record<string, string>> {
  return {
    ...selectorLabels(agentName),
    [MANAGED_BY_LABEL]: MANAGED_BY,
    [AGENT_LABEL]: agentName,
  };
}

/** In the order in which they are to be made: what a pod needs comes before the pods. */
export function agentChildren(inputs: ChildrenInputs): readonly DesiredChild[] {
  const { agent, configuration } = inputs;
  return [
    child(SERVICE_ACCOUNTS, agent, { automountServiceAccountToken: false }),
    ...(configuration === undefined
      ? []
      : [child(CONFIG_MAPS, agent, { data: configurationData(configuration, inputs) })]),
    child(SERVICES, agent, service(agent)),
    child(POD_DISRUPTION_BUDGETS, agent, podDisruptionBudget(agent)),
    child(DEPLOYMENTS, agent, deployment(inputs)),
    ...(agent.spec.autoscaling === undefined
      ? []
      : [child(HORIZONTAL_POD_AUTOSCALERS, agent, horizontalPodAutoscaler(agent, agent.spec.autoscaling))]),
    ...(inputs.probes === undefined ? [] : [child(CRON_JOBS, agent, probeCronJob(agent, inputs.probes))]),
  ];
}

function configurationData(
  configuration: string,
  { formerConfiguration }: ChildrenInputs,
): Readonly<Record<string, string>> {
  return {
    [AGENT_CONFIGURATION_KEY]: configuration,
    ...(formerConfiguration === undefined ? {} : { [FORMER_AGENT_CONFIGURATION_KEY]: formerConfiguration }),
  };
}

function child(
  resource: ResourceKind,
  { metadata: { name, namespace, uid } }: Agent,
  content: Omit<DesiredObject, 'metadata'>,
): DesiredChild {
  const ownerReferences = controlledBy(AGENTS, { name, uid });
  const metadata = { name: agentChildName(name), namespace, labels: childLabels(name), ownerReferences };
  return { resource, object: { metadata, ...content } };
}

function service({ metadata }: Agent): Omit<DesiredObject, 'metadata'> {
  return {
    spec: {
      type: 'ClusterIP',
      selector: selectorLabels(metadata.name),
      ports: [
        { name: 'http', port: 8080, targetPort: 8080, protocol: 'TCP' },
        { name: 'metrics', port: 9090, targetPort: 9090, protocol: 'TCP' },
      ],
    },
  };
}

/**
 * One pod away at a time, however many there are: a drain never hangs, also with a single pod, and with two or more
 * the agent goes on answering. Pods that are not ready anyway never hold up a drain.
 */
function podDisruptionBudget({ metadata }: Agent): Omit<DesiredObject, 'metadata'> {
  return {
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selectorLabels(metadata.name) },
    },
  };
}

function deployment({
  agent,
  liveReplicas,
  settings,
  mountedRollout,
}: ChildrenInputs): Omit<DesiredObject, 'metadata'> {
  const { autoscaling, replicas = 1 } = agent.spec;
  return {
    spec: {
      // With autoscaling the live value is said again: leaving the field out of a server-side apply that set it
      // before would reset it to 1. The write names the resourceVersion, so it never undoes a scaling.
      replicas: autoscaling === undefined ? replicas : (liveReplicas ?? autoscaling.minReplicas),
      revisionHistoryLimit: 3,
      progressDeadlineSeconds: 600,
      selector: { matchLabels: selectorLabels(agent.metadata.name) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
      template: {
        metadata: { labels: childLabels(agent.metadata.name) },
        spec: agentPodTemplate(agent, settings, mountedRollout),
      },
    },
  };
}

function horizontalPodAutoscaler(
  { metadata }: Agent,
  { minReplicas, maxReplicas, targetCpuPercent }: NonNullable<Agent['spec']['autoscaling']>,
): Omit<DesiredObject, 'metadata'> {
  return {
    spec: {
      scaleTargetRef: {
        apiVersion: DEPLOYMENTS.groupVersion,
        kind: DEPLOYMENTS.kind,
        name: agentChildName(metadata.name),
      },
      minReplicas,
      maxReplicas,
      metrics: [
        {
          type: 'Resource',
          resource: {
            name: 'cpu',
            target: {
              type: 'Utilization',
              averageUtilization: targetCpuPercent ?? DEFAULT_TARGET_CPU_PERCENT,
            },
          },
        },
      ],
    },
  };
}
