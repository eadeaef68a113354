/**
 * A local copy of one collection that does not go blind. The client library's informer stops on any error but
 * 410, drops lines that it cannot parse and never asks for bookmarks; this one
 *
 *   list -> watch -> watch -> ... -> list
 *
 * - lists again every `relistSeconds` (with jitter), after 410, after a garbled or cut line, and after failures
 *   whose cause is unknown; a list repairs whatever events were lost;
 * - keeps watches short (`watchSeconds`): the server ends each one in time, so a watch that outlives its time is
 *   a dead connection, found in under a minute without waiting for the next bookmark;
 * - waits 1-30 s with jitter after each failure, and counts a watch that ends at once as a failure: an outage or
 *   a 410 loop makes no storm;
 * - refuses a state older than the one it holds (duplicated or reordered events, a stale replica).
 *
 * Memory is bounded by the collection: lines and pages are limited, nothing is queued. Give `transform` to keep
 * only what is needed of each object.
 */
import { z } from 'zod';
import type { Logger } from '#telemetry/logger.ts';
import { type BackoffLimits, backoffSeconds } from './backoff.ts';
import { KubeApiError } from './kube-api-error.ts';
import type { KubeClient } from './kube-client.ts';
import { type KubeObject, isOlderResourceVersion, objectKey, parseKubeObject } from './kube-object.ts';
import { type IndexFunctions, ObjectIndexes } from './object-indexes.ts';
import { pause } from './pause.ts';
import { WatchGarbledError, readWatchEvents } from './watch-stream.ts';

const PAGE_SIZE = 500;
/** Past its own time limit a watch is given this long before it counts as dead. */
const WATCH_GRACE_SECONDS = 10;
/** A restored etcd starts at an older version: after this many refusals the older list is believed. */
const MAXIMUM_STALE_LISTS = 5;

export interface ObjectChange<T> {
  /** Absent when the object was deleted. */
  readonly current: T | undefined;
  /** Absent when the object is new here. */
  readonly previous: T | undefined;
}

export interface InformerOptions<T extends KubeObject, Index extends string = never> {
  readonly kubeClient: KubeClient;
  /** Of the collection, for example /apis/capataz.dev/v1alpha1/agents; see `collectionPath`. */
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Called after the local copy has changed; it may throw, but must not wait. */
  readonly onChange?: (key: string, change: ObjectChange<T>) => void;
  /** Cuts each object down to what is needed. An object it throws on is logged and left out. */
  readonly transform?: (object: KubeObject) => T;
  /** What objects can be found by, beside their key; see `by`. */
  readonly indexes?: IndexFunctions<T, Index>;
  readonly logger: Logger;
  /** Yields [0, 1). */
  readonly random: () => number;
  /** Milliseconds of a clock that never goes back; performance.now when not given. */
  readonly nowMilliseconds?: () => number;
  readonly relistSeconds?: number;
  readonly watchSeconds?: number;
  readonly backoff?: BackoffLimits;
}

export interface ResilientInformer<T extends KubeObject, Index extends string = never> {
  /** Runs until the signal aborts; the promise resolves then and never rejects. */
  readonly start: (signal: AbortSignal) => Promise<void>;
  /** By `namespace/name` (by name for cluster-scoped objects). */
  readonly get: (key: string) => T | undefined;
  readonly list: () => readonly T[];
  /** The objects that have this value in this index. */
  readonly by: (index: Index, value: string) => readonly T[];
  /** Whether the first list is in. */
  readonly synced: () => boolean;
  /** Seconds since the API server last said anything here; Infinity before the first time. Staleness gauge. */
  readonly secondsSinceLastContact: () => number;
}

const ListPage = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(z.unknown()).nullish(),
});

/** `/apis/apps/v1/deployments`, or the same inside one namespace. `groupVersion` is `v1` for the core group. */
export function collectionPath(groupVersion: string, plural: string, namespace?: string): string {
  const root = groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`;
  return namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
}

export function createResilientInformer<T extends KubeObject = KubeObject, Index extends string = never>(
  options: InformerOptions<T, Index>,
): ResilientInformer<T, Index> {
  const informer = new Informer(options);
  return {
    start: (signal) => informer.run(signal),
    get: (key) => informer.objects.get(key),
    list: () => [...informer.objects.values()],
    by: (index, value) =>
      [...informer.indexes.keys(index, value)].flatMap((key) => informer.objects.get(key) ?? []),
    synced: () => informer.isSynced,
    secondsSinceLastContact: () => informer.secondsSinceLastContact(),
  };
}

class Informer<T extends KubeObject, Index extends string> {
  readonly objects = new Map<string, T>();
  readonly indexes: ObjectIndexes<T, Index>;
  isSynced = false;

  readonly #options: InformerOptions<T, Index>;
  readonly #now: () => number;
  readonly #backoff: BackoffLimits;
  #resourceVersion = '';
  #lastContact: number | undefined;
  #relistAt = 0;
  #failures = 0;
  #staleLists = 0;

  constructor(options: InformerOptions<T, Index>) {
    this.#options = options;
    this.indexes = new ObjectIndexes(options.indexes ?? ({} as IndexFunctions<T, Index>));
    this.#now = options.nowMilliseconds ?? (() => performance.now());
    this.#backoff = options.backoff ?? { minimumSeconds: 1, maximumSeconds: 30 };
  }

  secondsSinceLastContact(): number {
    return this.#lastContact === undefined ? Infinity : (this.#now() - this.#lastContact) / 1000;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#now() >= this.#relistAt) await this.#relist(signal);
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#recover(error, signal);
      }
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const { path, labelSelector, fieldSelector, relistSeconds = 300 } = this.#options;
    const listed = new Map<string, T>();
    let resourceVersion = '';
    let continueToken: string | undefined;
    do {
      // Without resourceVersion the server answers from a quorum: never an older state (unlike "0").
      const query = { labelSelector, fieldSelector, limit: PAGE_SIZE, continue: continueToken };
      const page = ListPage.parse(
        await this.#options.kubeClient.request({ method: 'GET', path, query, signal }),
      );
      this.#lastContact = this.#now();
      for (const item of page.items ?? []) {
        const object = this.#parse(item);
        if (object !== undefined) listed.set(objectKey(object.metadata), object);
      }
      resourceVersion = page.metadata.resourceVersion;
      continueToken = page.metadata.continue;
    } while (continueToken !== undefined && continueToken !== '');

    if (isOlderResourceVersion(resourceVersion, this.#resourceVersion)) {
      this.#staleLists += 1;
      if (this.#staleLists <= MAXIMUM_STALE_LISTS)
        throw new Error('The list is older than what was already seen.');
    }
    this.#staleLists = 0;
    this.#replaceAll(listed);
    this.#resourceVersion = resourceVersion;
    this.#relistAt = this.#now() + relistSeconds * 1000 * (0.8 + 0.4 * this.#options.random());
    this.isSynced = true;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { kubeClient, path, labelSelector, fieldSelector, watchSeconds = 30 } = this.#options;
    const startedAt = this.#now();
    const timeoutSeconds = Math.max(1, Math.round(watchSeconds * (0.8 + 0.4 * this.#options.random())));
    const deadline = AbortSignal.timeout((timeoutSeconds + WATCH_GRACE_SECONDS) * 1000);
    const body = await kubeClient.stream({
      path,
      query: {
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: this.#resourceVersion,
        timeoutSeconds,
        labelSelector,
        fieldSelector,
      },
      timeoutSeconds: WATCH_GRACE_SECONDS,
      signal: AbortSignal.any([signal, deadline]),
    });
    this.#lastContact = this.#now();
    for await (const event of readWatchEvents(body)) {
      this.#lastContact = this.#now();
      // One event is no recovery: a server that breaks off after each event would be asked without a pause.
      if (this.#lastContact - startedAt > this.#backoff.minimumSeconds * 1000) this.#failures = 0;
      const resourceVersion = readResourceVersion(event.object);
      if (event.type !== 'BOOKMARK') this.#applyEvent(event.type, event.object);
      if (resourceVersion !== undefined) this.#resourceVersion = resourceVersion;
    }
    this.#lastContact = this.#now();
    if (this.#now() - startedAt < 500 * timeoutSeconds) throw new Error('The watch ended before its time.');
    this.#failures = 0;
  }

  #applyEvent(type: 'ADDED' | 'MODIFIED' | 'DELETED', raw: unknown): void {
    const object = this.#parse(raw);
    if (object === undefined) return;
    const key = objectKey(object.metadata);
    const previous = this.objects.get(key);
    if (
      previous !== undefined &&
      isOlderResourceVersion(object.metadata.resourceVersion, previous.metadata.resourceVersion)
    ) {
      return;
    }
    if (type === 'DELETED') {
      if (!this.objects.delete(key)) return;
      this.indexes.update(key, previous, undefined);
      this.#notify(key, { current: undefined, previous: previous ?? object });
      return;
    }
    if (previous?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    this.objects.set(key, object);
    this.indexes.update(key, previous, object);
    this.#notify(key, { current: object, previous });
  }

  #replaceAll(listed: ReadonlyMap<string, T>): void {
    const before = new Map(this.objects);
    this.objects.clear();
    for (const [key, object] of listed) this.objects.set(key, object);
    // All of the copy is in place before anybody is told, so that whoever is told finds it whole.
    for (const key of new Set([...before.keys(), ...listed.keys()])) {
      this.indexes.update(key, before.get(key), listed.get(key));
    }
    for (const [key, previous] of before) {
      if (!listed.has(key)) this.#notify(key, { current: undefined, previous });
    }
    for (const [key, current] of listed) {
      const previous = before.get(key);
      if (previous?.metadata.resourceVersion !== current.metadata.resourceVersion) {
        this.#notify(key, { current, previous });
      }
    }
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { logger, path, random } = this.#options;
    this.#failures += 1;
    const isGone = error instanceof KubeApiError && error.status === 410;
    // The second failure in a row asks for a new list too: the cause may be the version we watch from.
    if (isGone || error instanceof WatchGarbledError || this.#failures > 1) this.#relistAt = 0;
    // 410 and a cut line are everyday: the first is repaired without waiting.
    if (this.#failures === 1 && (isGone || error instanceof WatchGarbledError)) return;
    const retryAfterSeconds = error instanceof KubeApiError ? (error.retryAfterSeconds ?? 0) : 0;
    const waitSeconds = Math.max(
      backoffSeconds(this.#failures, this.#backoff, random),
      Math.min(retryAfterSeconds, this.#backoff.maximumSeconds),
    );
    logger.warn({ path, failures: this.#failures, waitSeconds, error }, 'informer lost the API server');
    await pause(waitSeconds, signal);
  }

  #parse(raw: unknown): T | undefined {
    try {
      const object = parseKubeObject(raw);
      return this.#options.transform === undefined ? (object as T) : this.#options.transform(object);
    } catch (error) {
      this.#options.logger.error(
        { path: this.#options.path, error },
        'informer left out an unreadable object',
      );
      return undefined;
    }
  }

  #notify(key: string, change: ObjectChange<T>): void {
    try {
      this.#options.onChange?.(key, change);
    } catch (error) {
      this.#options.logger.error({ path: this.#options.path, key, error }, 'informer handler failed');
    }
  }
}

function readResourceVersion(object: Readonly<Record<string, unknown>>): string | undefined {
  const metadata = object['metadata'] as { readonly resourceVersion?: unknown } | undefined;
  return typeof metadata?.resourceVersion === 'string' ? metadata.resourceVersion : undefined;
}
