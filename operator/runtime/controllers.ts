/** One controller for each kind, each with its queue, and what wakes them. */
import { objectKey, splitObjectKey } from '#adapters/kubernetes/kube-object.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { OnClusterChange } from '#adapters/kubernetes/cluster-view.ts';
import { type Controller, type PassResult, createController } from './controller.ts';
import type { KindContext, KindModule, OwnedChildren } from './kind-module.ts';
import { createOutageGate } from './outage-gate.ts';
import type { ReconcilerContext } from './reconcile-kind.ts';
import type { AnyWatchedResource } from '#adapters/kubernetes/watched-resource.ts';

const LAZY_SECONDS = 5;
const LAZY_KEYS_PER_SECOND = 10;

export interface ControllersOptions<Config> extends KindContext<Config>, ReconcilerContext {
  readonly kinds: readonly KindModule<Config>[];
  readonly logger: Logger;
  readonly onPass: (controller: string, result: PassResult, seconds: number) => void;
}

export interface Controllers {
  readonly wake: OnClusterChange;
  /** Looks at every object first, then at what changes. Resolves when the last pass has ended. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly queueDepths: () => readonly { readonly controller: string; readonly depth: number }[];
}

export function createControllers<Config extends { readonly resyncSeconds: number }>(
  options: ControllersOptions<Config>,
): Controllers {
  const { kinds, view, config, logger, random } = options;
  const outageGate = createOutageGate(random);
  const running = kinds.map((kind) => {
    const name = kind.definition.kind;
    const controller = createController({
      name,
      workers: kind.workers,
      ...(kind.passTimeoutSeconds !== undefined && { passTimeoutSeconds: kind.passTimeoutSeconds }),
      outageGate,
      logger,
      random,
      resyncSeconds: config.resyncSeconds,
      exists: (key) => view.of(kind.objects).get(key) !== undefined,
      onPass: (result, seconds) => options.onPass(name, result, seconds),
      reconcile: kind.createReconciler(options).reconcile,
    });
    return { kind, controller };
  });
  const wakers = new Map<AnyWatchedResource, OnClusterChange[]>();
  for (const { kind, controller } of running) {
    for (const [resource, wake] of wakersOf(kind, controller, options)) {
      wakers.set(resource, [...(wakers.get(resource) ?? []), wake]);
    }
  }

  return {
    wake: (resource, key, change) => {
      for (const wake of wakers.get(resource) ?? []) wake(resource, key, change);
    },
    run: async (signal) => {
      for (const { kind, controller } of running) {
        for (const { metadata } of view.of(kind.objects).list()) controller.enqueue(objectKey(metadata));
      }
      await Promise.all(running.map(({ controller }) => controller.run(signal)));
    },
    queueDepths: () =>
      running.map(({ controller }) => ({ controller: controller.name, depth: controller.queueDepth() })),
  };
}

/** Spread so that the writes that follow are few at a time. */
function lazySeconds(keys: number, random: () => number): number {
  return LAZY_SECONDS + (random() * keys) / LAZY_KEYS_PER_SECOND;
}

/** What a change of each resource means for the keys of one kind. */
export function wakersOf(
  { objects, watches, children }: Pick<KindModule, 'objects' | 'watches' | 'children'>,
  { enqueue, enqueueAfter }: Pick<Controller, 'enqueue' | 'enqueueAfter'>,
  { view, random }: Pick<KindContext<unknown>, 'view' | 'random'>,
): readonly (readonly [AnyWatchedResource, OnClusterChange])[] {
  return [
    [objects, (_, key) => enqueue(key)],
    ...watches.map(({ resource, wakes, isLazy }): readonly [AnyWatchedResource, OnClusterChange] => [
      resource,
      (_, key, change) => {
        const woken = [...wakes(key, change, view)];
        if (!isLazy) woken.forEach(enqueue);
        else for (const one of woken) enqueueAfter(one, lazySeconds(woken.length, random));
      },
    ]),
    ...(children?.resources ?? []).map(({ resource }): readonly [AnyWatchedResource, OnClusterChange] => [
      resource,
      (_, key) => {
        const owner = ownerKey(key, children);
        if (owner !== undefined) enqueue(owner);
      },
    ]),
  ];
}

/** A child is named after its owner, whatever its labels and owner references say now. */
function ownerKey(childKey: string, children: OwnedChildren | undefined): string | undefined {
  const { namespace, name } = splitObjectKey(childKey);
  if (children === undefined || !name.startsWith(children.namePrefix)) return undefined;
  const ownerName = name.slice(children.namePrefix.length);
  return ownerName === '' ? undefined : objectKey({ namespace, name: ownerName });
}
