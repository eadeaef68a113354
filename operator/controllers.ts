/** The four controllers, each with its queue, and what wakes them. */
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import { objectKey } from '#adapters/kubernetes/kube-object.ts';
import type { ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import type { ResilientInformer } from '#adapters/kubernetes/resilient-informer.ts';
import type { ResourceKind } from '#adapters/kubernetes/resource-kind.ts';
import type { KindObject } from '#crds/kind-definition.ts';
import type { Logger } from '#telemetry/logger.ts';
import { AGENT_LABEL } from './agent/children.ts';
import { AGENT_CHILD_TOLERANCE } from './agent/child-tolerance.ts';
import { createAgentReconciler } from './agent/controller.ts';
import { createCanaryRolloutReconciler } from './canary-rollout/controller.ts';
import type { ClusterView, OnClusterChange } from './cluster-view.ts';
import type { OperatorConfig } from './config.ts';
import { createModelReconciler } from './model/controller.ts';
import { createRouterClient } from './model/observe.ts';
import { createProbeSchedule } from './model/probe-schedule.ts';
import { createPromptVersionReconciler } from './prompt-version/controller.ts';
import { AGENTS, CANARY_ROLLOUTS, FIELD_MANAGER, MODELS, PROMPT_VERSIONS } from './resources.ts';
import { createChildApplier } from './runtime/child-applier.ts';
import { type Controller, type PassResult, createController } from './runtime/controller.ts';
import type { EventRecorder } from './runtime/event-recorder.ts';
import { createOutageGate } from './runtime/outage-gate.ts';
import { AWAIT_CHANGE, type Outcome } from './runtime/outcome.ts';
import { type ReadObject, readableObject } from './runtime/read-kind.ts';
import { createWaker } from './wake-controllers.ts';

/** Enough that a prompt flip reaches a thousand agents in about a second. */
const AGENT_WORKERS = 16;
/** A probe waits for a provider; one that hangs must not hold up the others. */
const MODEL_WORKERS = 8;
const WORKERS = 4;

export interface ControllersOptions {
  readonly view: ClusterView;
  readonly config: OperatorConfig;
  readonly kubeClient: KubeClient;
  readonly writer: ObjectWriter;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly random: () => number;
  readonly now: () => Date;
  readonly onPass: (controller: string, result: PassResult, seconds: number) => void;
}

export interface Controllers {
  readonly wake: OnClusterChange;
  /** Looks at every object first, then at what changes. Resolves when the last pass has ended. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly queueDepths: () => readonly { readonly controller: string; readonly depth: number }[];
}

type Reconcile = (key: string, signal: AbortSignal) => Promise<Outcome>;

export function createControllers(options: ControllersOptions): Controllers {
  const { view, config, kubeClient, writer, events, logger, random, now } = options;
  const outageGate = createOutageGate(random);
  const read =
    <Spec, Status>(informer: ResilientInformer<ReadObject<Spec, Status>>) =>
    (key: string): KindObject<Spec, Status> | undefined =>
      readableObject(informer.get(key));
  const readAll = <Spec, Status>(
    informer: ResilientInformer<ReadObject<Spec, Status>>,
  ): readonly KindObject<Spec, Status>[] => informer.list().flatMap((object) => readableObject(object) ?? []);
  const getPromptVersion = read(view.promptVersions);

  function controllerOf(
    resource: ResourceKind,
    informer: ResilientInformer<ReadObject<unknown, unknown>>,
    workers: number,
    reconcile: Reconcile,
  ): Controller {
    return createController({
      name: resource.kind,
      workers,
      outageGate,
      logger,
      random,
      resyncSeconds: config.resyncSeconds,
      exists: (key) => informer.get(key) !== undefined,
      onPass: (result, seconds) => options.onPass(resource.kind, result, seconds),
      reconcile: async (key, signal) => {
        const object = informer.get(key);
        if (object?.content.ok !== false) return await reconcile(key, signal);
        const note = `The object cannot be read by this version of the operator: ${object.content.problem}`;
        events.record(resource, object.metadata, { type: 'Warning', reason: 'SpecUnreadable', note });
        return AWAIT_CHANGE;
      },
    });
  }

  const agents = controllerOf(
    AGENTS,
    view.agents,
    AGENT_WORKERS,
    createAgentReconciler({
      getAgent: read(view.agents),
      sources: {
        getRollout: read(view.canaryRollouts),
        getPromptVersion,
        getModel: read(view.models),
        getChild: (kind, key) => view.children[kind].get(key),
        listPods: (namespace, agentName) =>
          view.pods
            .list()
            .filter(
              ({ metadata }) =>
                metadata.namespace === namespace && metadata.labels?.[AGENT_LABEL] === agentName,
            ),
      },
      settings: config.pods,
      applier: createChildApplier({
        kubeClient,
        writer,
        fieldManager: FIELD_MANAGER,
        tolerance: AGENT_CHILD_TOLERANCE,
      }),
      writer,
      events,
      now,
    }),
  );
  const promptVersions = controllerOf(
    PROMPT_VERSIONS,
    view.promptVersions,
    WORKERS,
    createPromptVersionReconciler({ getPromptVersion, writer, events, now }),
  );
  const canaryRollouts = controllerOf(
    CANARY_ROLLOUTS,
    view.canaryRollouts,
    WORKERS,
    createCanaryRolloutReconciler({
      getRollout: read(view.canaryRollouts),
      getPromptVersion,
      writer,
      events,
      now,
    }),
  );
  const models = controllerOf(
    MODELS,
    view.models,
    MODEL_WORKERS,
    createModelReconciler({
      getModel: read(view.models),
      listModelUids: () => new Set(view.models.list().map(({ metadata }) => metadata.uid)),
      askRouter: createRouterClient({ routerUrl: config.pods.routerUrl, tokenPath: config.routerTokenPath }),
      schedule: createProbeSchedule(random),
      writer,
      events,
      now,
    }),
  );
  const all = [promptVersions, models, canaryRollouts, agents];

  return {
    wake: createWaker(
      { listAgents: () => readAll(view.agents), listRollouts: () => readAll(view.canaryRollouts) },
      {
        agent: agents.enqueue,
        promptVersion: promptVersions.enqueue,
        canaryRollout: canaryRollouts.enqueue,
        model: models.enqueue,
      },
    ),
    run: async (signal) => {
      const sources = [
        [promptVersions, view.promptVersions],
        [models, view.models],
        [canaryRollouts, view.canaryRollouts],
        [agents, view.agents],
      ] as const;
      for (const [controller, informer] of sources) {
        for (const object of informer.list()) controller.enqueue(objectKey(object.metadata));
      }
      await Promise.all(all.map((controller) => controller.run(signal)));
    },
    queueDepths: () =>
      all.map((controller) => ({ controller: controller.name, depth: controller.queueDepth() })),
  };
}
