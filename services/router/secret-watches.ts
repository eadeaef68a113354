/**
 * Watches exactly the Secrets that Models refer to, each by its name: the router never holds another Secret. A
 * watch starts with the first reference and stops with the last.
 */
import { z } from 'zod';
import { isNotFound } from '#adapters/kubernetes/kube-api-error.ts';
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import {
  type KubeObject,
  isOlderResourceVersion,
  parseKubeObject,
  splitObjectKey,
} from '#adapters/kubernetes/kube-object.ts';
import {
  type ResilientInformer,
  collectionPath,
  createResilientInformer,
} from '#adapters/kubernetes/resilient-informer.ts';
import type { Logger } from '#telemetry/logger.ts';

/** What was read of a Secret; values are base64, as the API server gives them. */
export type SecretReading =
  | { readonly state: 'notReadYet' }
  | { readonly state: 'absent' }
  | {
      readonly state: 'present';
      readonly data: Readonly<Record<string, string>>;
      /** The resourceVersion. */
      readonly version: string;
    };

interface SecretObject extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

const SecretData = z.object({ data: z.record(z.string(), z.string()).nullish() });

interface Watch {
  readonly informer: ResilientInformer<SecretObject>;
  readonly stop: AbortController;
  readonly stopped: Promise<void>;
  /** What a direct reading brought, until the watch has brought the same or something newer. */
  direct?: { readonly resourceVersion: string; readonly reading: SecretReading };
  rereading?: Promise<void>;
  rereadAt: number;
}

const FIRST_READING_CHECK_MILLISECONDS = 50;

export interface SecretWatchesOptions {
  readonly kubeClient: KubeClient;
  readonly logger: Logger;
  readonly random: () => number;
  readonly nowMilliseconds: () => number;
  /** The Secret `namespace/name` reads differently now. */
  readonly onChange: (key: string) => void;
}

/** A refused key asks for a reading; so many requests with it must not become so many readings. */
const SHORTEST_TIME_BETWEEN_READINGS_MILLISECONDS = 500;

export class SecretWatches {
  readonly #options: SecretWatchesOptions;
  readonly #watches = new Map<string, Watch>();

  constructor(options: SecretWatchesOptions) {
    this.#options = options;
  }

  /** Starts and stops watches so that exactly these Secrets (`namespace/name`) are watched. */
  watchOnly(keys: ReadonlySet<string>): void {
    for (const [key, watch] of this.#watches) {
      if (keys.has(key)) continue;
      this.#watches.delete(key);
      watch.stop.abort();
    }
    for (const key of keys) {
      if (!this.#watches.has(key)) this.#watches.set(key, this.#start(key));
    }
  }

  read(key: string): SecretReading {
    const watch = this.#watches.get(key);
    if (watch === undefined) return { state: 'notReadYet' };
    if (watch.direct !== undefined) return watch.direct.reading;
    if (!watch.informer.synced()) return { state: 'notReadYet' };
    const object = watch.informer.get(key);
    if (object === undefined) return { state: 'absent' };
    return { state: 'present', data: object.data, version: object.metadata.resourceVersion };
  }

  /** Whether every watched Secret has been read once. */
  synced(): boolean {
    return this.#watches.values().every(({ informer, direct }) => direct !== undefined || informer.synced());
  }

  /** Asks the API server now, without waiting for the watch. Never rejects; concurrent calls are one request. */
  async reread(key: string): Promise<void> {
    const watch = this.#watches.get(key);
    if (watch === undefined) return;
    if (watch.rereading === undefined) {
      const now = this.#options.nowMilliseconds();
      if (now - watch.rereadAt < SHORTEST_TIME_BETWEEN_READINGS_MILLISECONDS) return;
      watch.rereadAt = now;
      watch.rereading = this.#readDirectly(key, watch).finally(() => delete watch.rereading);
    }
    await watch.rereading;
  }

  async close(): Promise<void> {
    const watches = [...this.#watches.values()];
    this.watchOnly(new Set());
    await Promise.all(watches.map(({ stopped }) => stopped));
  }

  #start(key: string): Watch {
    const { namespace, name } = splitObjectKey(key);
    const { kubeClient, logger, random } = this.#options;
    const informer = createResilientInformer<SecretObject>({
      kubeClient,
      path: collectionPath('v1', 'secrets', namespace),
      fieldSelector: `metadata.name=${name}`,
      transform: toSecretObject,
      onChange: () => {
        this.#forgetOlderReading(key);
        this.#options.onChange(key);
      },
      logger,
      random,
    });
    const stop = new AbortController();
    const stopped = informer.start(stop.signal);
    this.#tellFirstReading(key, informer, stop.signal);
    return { informer, stop, stopped, rereadAt: Number.NEGATIVE_INFINITY };
  }

  /** A first list without the Secret is no change to the informer, but "absent" is another reading than none at all. */
  #tellFirstReading(key: string, informer: Watch['informer'], signal: AbortSignal): void {
    const timer = setInterval(() => {
      if (!informer.synced() && !signal.aborted) return;
      clearInterval(timer);
      if (!signal.aborted) this.#options.onChange(key);
    }, FIRST_READING_CHECK_MILLISECONDS);
  }

  async #readDirectly(key: string, watch: Watch): Promise<void> {
    const { namespace, name } = splitObjectKey(key);
    const path = `${collectionPath('v1', 'secrets', namespace)}/${name}`;
    try {
      const object = toSecretObject(
        parseKubeObject(await this.#options.kubeClient.request({ method: 'GET', path, timeoutSeconds: 3 })),
      );
      const { resourceVersion } = object.metadata;
      const watched = watch.informer.get(key)?.metadata.resourceVersion;
      if (
        watched === resourceVersion ||
        (watched !== undefined && isOlderResourceVersion(resourceVersion, watched))
      ) {
        return;
      }
      watch.direct = {
        resourceVersion,
        reading: { state: 'present', data: object.data, version: resourceVersion },
      };
    } catch (error) {
      // A deletion is left to the watch, which alone can tell it apart from a creation that comes after it.
      if (!isNotFound(error)) {
        this.#options.logger.warn({ secret: key, error }, 'a Secret could not be read again');
      }
      return;
    }
    this.#options.onChange(key);
  }

  #forgetOlderReading(key: string): void {
    const watch = this.#watches.get(key);
    if (watch?.direct === undefined) return;
    const watched = watch.informer.get(key)?.metadata.resourceVersion;
    if (watched === undefined || !isOlderResourceVersion(watched, watch.direct.resourceVersion))
      delete watch.direct;
  }
}

/** Keeps what is needed, so that annotations with old keys in them (kubectl apply) are not held. */
function toSecretObject(object: KubeObject): SecretObject {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  return {
    metadata: { name, uid, resourceVersion, ...(namespace === undefined ? {} : { namespace }) },
    data: SecretData.parse(object).data ?? {},
  };
}
