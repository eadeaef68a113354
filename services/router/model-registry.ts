/**
 * What the router knows of the cluster, kept current by watches: Agents, Models and the keys of the Models. Requests
 * read the snapshot, an object that is never changed but replaced, so one request sees one state.
 */
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import { type KubeObject, objectKey } from '#adapters/kubernetes/kube-object.ts';
import {
  type ObjectChange,
  type ResilientInformer,
  collectionPath,
  createResilientInformer,
} from '#adapters/kubernetes/resilient-informer.ts';
import type { ModelSpec } from '#crds/model.ts';
import { API_GROUP_VERSION } from '#crds/object-meta.ts';
import type { RoutableAgent, RoutableModel } from '#domain/routing/routable-model.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { Readiness } from '#process/health-server.ts';
import { parseAgent, parseModelSpec, resolveModel } from './routable-objects.ts';
import type { CreateKeySource, KeyReference, KeySource } from './key-source.ts';

/** Both by `namespace/name`. */
export interface RouterSnapshot {
  readonly agents: ReadonlyMap<string, RoutableAgent>;
  readonly models: ReadonlyMap<string, RoutableModel>;
}

export interface ModelRegistry {
  readonly snapshot: () => RouterSnapshot;
  /** Reads the model's Secret now, past the watch, and returns the model as it is after that. Never rejects. */
  readonly rereadKey: (model: RoutableModel) => Promise<RoutableModel | undefined>;
}

export interface WatchingModelRegistry extends ModelRegistry {
  /** Runs until the signal aborts; resolves when all watches have ended. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly readiness: () => Readiness;
  readonly secondsSinceLastContact: () => { readonly agents: number; readonly models: number };
}

export interface ModelRegistryOptions {
  readonly kubeClient: KubeClient;
  readonly createKeySource: CreateKeySource;
  readonly logger: Logger;
  readonly watchNamespace?: string | undefined;
  readonly random: () => number;
  readonly now: () => Date;
  readonly nowMilliseconds: () => number;
  /** Told of each new snapshot. */
  readonly onSnapshot?: (snapshot: RouterSnapshot) => void;
}

/** Above this the watches say nothing any more and the pod should get no new traffic. */
const STALE_SECONDS = 120;
/** A key that cannot be read must not keep the whole router from becoming ready. */
const LONGEST_WAIT_FOR_KEYS_MILLISECONDS = 10_000;
/** Prices of the table have dates; nothing else tells when one of them comes. */
const REPRICE_MILLISECONDS = 600_000;

interface Parsed<Value> extends KubeObject {
  readonly value: Value | undefined;
}

export function createModelRegistry(options: ModelRegistryOptions): WatchingModelRegistry {
  return new WatchedRegistry(options);
}

class WatchedRegistry implements WatchingModelRegistry {
  readonly #options: ModelRegistryOptions;
  readonly #agents: ResilientInformer<Parsed<RoutableAgent>>;
  readonly #models: ResilientInformer<Parsed<ModelSpec>>;
  readonly #keys: KeySource;
  #snapshot: RouterSnapshot = { agents: new Map(), models: new Map() };
  #isRebuildDue = false;
  #modelsSyncedAt: number | undefined;

  constructor(options: ModelRegistryOptions) {
    this.#options = options;
    this.#agents = this.#informer('agents', ({ metadata }, spec) =>
      parseAgent({ namespace: metadata.namespace ?? '', name: metadata.name }, spec),
    );
    this.#models = this.#informer('models', (_object, spec) => parseModelSpec(spec));
    this.#keys = options.createKeySource(() => this.#rebuildSoon());
  }

  readonly snapshot = (): RouterSnapshot => this.#snapshot;

  readonly run = async (signal: AbortSignal): Promise<void> => {
    const reprice = setInterval(() => this.#rebuildSoon(), REPRICE_MILLISECONDS);
    try {
      await Promise.all([this.#agents.start(signal), this.#models.start(signal)]);
    } finally {
      clearInterval(reprice);
      await this.#keys.close();
    }
  };

  readonly rereadKey = async (model: RoutableModel): Promise<RoutableModel | undefined> => {
    const watched = this.#models.get(model.id);
    const reference = watched && keyReferenceOf(watched);
    if (reference === undefined) return undefined;
    await this.#keys.reread(reference);
    this.#rebuildNow();
    return this.#snapshot.models.get(model.id);
  };

  readonly readiness = (): Readiness => {
    for (const [kind, informer] of [
      ['Agents', this.#agents],
      ['Models', this.#models],
    ] as const) {
      if (!informer.synced()) return { ready: false, reason: `waiting for the first list of ${kind}` };
      if (informer.secondsSinceLastContact() > STALE_SECONDS) {
        return { ready: false, reason: `nothing was heard of ${kind} for ${STALE_SECONDS} s` };
      }
    }
    const now = this.#options.nowMilliseconds();
    this.#modelsSyncedAt ??= now;
    const mayWait = now - this.#modelsSyncedAt < LONGEST_WAIT_FOR_KEYS_MILLISECONDS;
    if (mayWait && !this.#keys.synced()) {
      return { ready: false, reason: 'waiting for the first reading of the keys' };
    }
    return { ready: true };
  };

  readonly secondsSinceLastContact = (): { agents: number; models: number } => ({
    agents: this.#agents.secondsSinceLastContact(),
    models: this.#models.secondsSinceLastContact(),
  });

  #informer<Value>(
    plural: 'agents' | 'models',
    parse: (object: KubeObject, spec: unknown) => Value,
  ): ResilientInformer<Parsed<Value>> {
    const { kubeClient, logger, random, watchNamespace } = this.#options;
    return createResilientInformer<Parsed<Value>>({
      kubeClient,
      path: collectionPath(API_GROUP_VERSION, plural, watchNamespace),
      transform: (object) => {
        const { name, namespace, uid, resourceVersion } = object.metadata;
        const metadata = { name, uid, resourceVersion, ...(namespace === undefined ? {} : { namespace }) };
        return { metadata, value: this.#parse(plural, object, parse) };
      },
      onChange: (_key: string, _change: ObjectChange<Parsed<Value>>) => this.#rebuildSoon(),
      logger,
      random,
    });
  }

  /** An object that cannot be read is left out until it is mended; all others are served. */
  #parse<Value>(
    plural: string,
    object: KubeObject,
    parse: (object: KubeObject, spec: unknown) => Value,
  ): Value | undefined {
    try {
      return parse(object, 'spec' in object ? object.spec : undefined);
    } catch (error) {
      this.#options.logger.warn(
        { plural, key: objectKey(object.metadata), error },
        'skipped an unreadable object',
      );
      return undefined;
    }
  }

  /** A list of a thousand objects is a thousand changes, but one new snapshot. */
  #rebuildSoon(): void {
    if (this.#isRebuildDue) return;
    this.#isRebuildDue = true;
    setImmediate(() => {
      if (this.#isRebuildDue) this.#rebuildNow();
    });
  }

  #rebuildNow(): void {
    this.#isRebuildDue = false;
    const specs = this.#models.list();
    this.#keys.watchOnly(specs.map(keyReferenceOf).filter((reference) => reference !== undefined));
    const at = this.#options.now();
    const agents = new Map<string, RoutableAgent>();
    for (const { metadata, value } of this.#agents.list()) {
      if (value !== undefined) agents.set(objectKey(metadata), value);
    }
    const models = new Map<string, RoutableModel>();
    for (const model of specs) {
      if (model.value === undefined) continue;
      const key = objectKey(model.metadata);
      const reference = keyReferenceOf(model);
      const name = { namespace: model.metadata.namespace ?? '', name: model.metadata.name };
      models.set(key, resolveModel(name, model.value, reference && this.#keys.read(reference), at));
    }
    this.#snapshot = { agents, models };
    this.#options.onSnapshot?.(this.#snapshot);
  }
}

function keyReferenceOf({ metadata, value }: Parsed<ModelSpec>): KeyReference | undefined {
  return value?.keyFrom && { namespace: metadata.namespace ?? '', keyFrom: value.keyFrom };
}
