/** Agent: runs the agent as ServiceAccount, ConfigMap, Service, PodDisruptionBudget, Deployment and autoscaler. */
import { type KubeObject, objectKey } from '#adapters/kubernetes/kube-object.ts';
import type { ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import { type Agent, AGENT } from '#crds/agent.ts';
import { AGENT_CONFIGURATION_KEY } from '#domain/agent/agent-configuration.ts';
import { agentChildName } from '#domain/agent/agent-names.ts';
import { AGENTS, type ChildKind, HORIZONTAL_POD_AUTOSCALERS } from '../resources.ts';
import type { ChildApplier, ChildResult, DesiredChild } from '../runtime/child-applier.ts';
import { childOwnership } from '../runtime/child-owner.ts';
import type { EventRecorder, ObjectEvent } from '../runtime/event-recorder.ts';
import { AWAIT_CHANGE, type Outcome, recheckAfter } from '../runtime/outcome.ts';
import { writeStatus } from '../runtime/status-writer.ts';
import { transitionEvent } from '../runtime/transition-event.ts';
import { childNameTakenClaim } from './conditions.ts';
import { decideAgent } from './decide.ts';
import { type AgentSources, observeAgent } from './observe.ts';
import type { PodSettings } from './pod-template.ts';
import { agentStatus } from './status.ts';

/** For what no watch will tell: a taken name that became free, a quota that was raised. */
const PROBLEM_RECHECK_SECONDS = 30;

export interface AgentReconcilerOptions {
  readonly getAgent: (key: string) => Agent | undefined;
  readonly sources: Omit<AgentSources, 'getWrittenConfiguration'>;
  readonly settings: PodSettings;
  readonly applier: ChildApplier;
  readonly writer: ObjectWriter;
  readonly events: EventRecorder;
  readonly now: () => Date;
}

interface AppliedChildren {
  readonly taken: readonly { readonly object: string; readonly by: string }[];
  readonly problems: readonly string[];
  readonly deployment: KubeObject | undefined;
}

export function createAgentReconciler(options: AgentReconcilerOptions): (key: string) => Promise<Outcome> {
  const { getAgent, settings, applier, writer, events } = options;
  /** By key of the Agent, so that a deleted one is forgotten. */
  const written = new Map<string, { readonly uid: string; readonly text: string }>();

  return async (key) => {
    const agent = getAgent(key);
    if (agent === undefined) written.delete(key);
    // An Agent that is being deleted takes its children along by their owner references.
    if (agent === undefined || agent.metadata.deletionTimestamp !== undefined) return AWAIT_CHANGE;

    const getWrittenConfiguration = (uid: string): string | undefined => {
      const entry = written.get(key);
      return entry?.uid === uid ? entry.text : undefined;
    };
    const observed = observeAgent(agent, { ...options.sources, getWrittenConfiguration });
    const decision = decideAgent(observed, settings, options.now());
    const applied = await applyChildren(agent, decision.children);
    if (agent.spec.autoscaling === undefined) await removeAutoscaler(agent);
    const text = configurationText(decision.children);
    if (text !== undefined) written.set(key, { uid: agent.metadata.uid, text });

    const accepted = applied.taken.length > 0 ? childNameTakenClaim(applied.taken) : decision.accepted;
    const status = agentStatus(
      {
        observed,
        accepted,
        resolvedRefs: decision.resolvedRefs,
        configuration: decision.configuration,
        deployment: applied.deployment,
        problems: applied.problems,
      },
      options.now(),
    );
    if (await writeStatus(writer, AGENTS, agent, status)) {
      const event = transitionEvent('Ready', agent.status?.conditions, status.conditions ?? []);
      if (event !== undefined) events.record(AGENTS, agent.metadata, event);
    }
    return applied.taken.length + applied.problems.length > 0
      ? recheckAfter(PROBLEM_RECHECK_SECONDS)
      : AWAIT_CHANGE;
  };

  async function applyChildren(agent: Agent, children: readonly DesiredChild[]): Promise<AppliedChildren> {
    const { name, namespace, uid } = agent.metadata;
    const key = `${namespace}/${agentChildName(name)}`;
    const owner = { uid, name, kind: AGENT.kind };
    const taken: { object: string; by: string }[] = [];
    const found: { child: DesiredChild; live: KubeObject | undefined }[] = [];
    for (const child of children) {
      const live = await applier.find(child, options.sources.getChild(child.resource.kind as ChildKind, key));
      const ownership = live === undefined ? undefined : childOwnership(live, owner);
      if (ownership?.kind === 'taken') {
        taken.push({ object: `${child.resource.kind} ${agentChildName(name)}`, by: ownership.by });
      } else {
        found.push({ child, live });
      }
    }
    const problems: string[] = [];
    let deployment: KubeObject | undefined;
    for (const { child, live } of found) {
      // Nothing new is made beside a name that is taken: a pod must never run under a ServiceAccount of others.
      if (live === undefined && taken.length > 0) continue;
      const result = await applier.bring(child, live);
      const problem = reportChild(agent, child, result);
      if (problem !== undefined) problems.push(problem);
      if (child.resource.kind === 'Deployment') deployment = result.kind === 'refused' ? live : result.live;
    }
    return { taken, problems, deployment };
  }

  /** Tells what became of a child, and returns the sentence of a problem. */
  function reportChild(agent: Agent, child: DesiredChild, result: ChildResult): string | undefined {
    const object = `${child.resource.kind} ${child.object.metadata.name}`;
    const tell = (event: ObjectEvent): void => events.record(AGENTS, agent.metadata, event);
    switch (result.kind) {
      case 'unchanged':
        return undefined;
      case 'created':
        tell({ type: 'Normal', reason: 'Created', note: `Created ${object}.` });
        return undefined;
      case 'updated':
        tell({ type: 'Normal', reason: 'Updated', note: `Updated ${object}.` });
        return undefined;
      case 'repaired':
        tell({
          type: 'Warning',
          reason: 'Repaired',
          note: `${object} was deleted or changed by somebody else, and is as it should be again.`,
        });
        return undefined;
      case 'refused': {
        const note = `The API server does not take ${object}: ${result.message}.`;
        tell({ type: 'Warning', reason: 'ChildRefused', note });
        return note;
      }
      case 'contested': {
        const note = `${object} is changed again and again by somebody else; it is repaired a few times a minute only.`;
        tell({ type: 'Warning', reason: 'RepairContested', note });
        return note;
      }
    }
    return undefined;
  }

  async function removeAutoscaler(agent: Agent): Promise<void> {
    const { name, namespace, uid } = agent.metadata;
    const target = { namespace, name: agentChildName(name) };
    const live = options.sources.getChild('HorizontalPodAutoscaler', objectKey(target));
    if (live === undefined || live.metadata.deletionTimestamp !== undefined) return;
    if (childOwnership(live, { uid, name, kind: AGENT.kind }).kind !== 'ours') return;
    await writer.remove(HORIZONTAL_POD_AUTOSCALERS, target, live.metadata);
    events.record(AGENTS, agent.metadata, {
      type: 'Normal',
      reason: 'Removed',
      note: `Removed HorizontalPodAutoscaler ${target.name}.`,
    });
  }
}

function configurationText(children: readonly DesiredChild[]): string | undefined {
  const configMap = children.find((child) => child.resource.kind === 'ConfigMap');
  const data = configMap?.object['data'] as Readonly<Record<string, string>> | undefined;
  return data?.[AGENT_CONFIGURATION_KEY];
}
