/**
 * The thinnest client of the Kubernetes API that keeps its connections: KubeConfig of the client library for
 * finding the server and the credentials, undici for HTTP. The library's own requests are not used because
 * they build a new connection pool for every request.
 */
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, request as httpRequest } from 'undici';
import { kubeApiErrorFromStatus } from './kube-api-error.ts';

const CREDENTIALS_REREAD_SECONDS = 10;
const DEFAULT_TIMEOUT_SECONDS = 30;

export const CONTENT_TYPES = {
  json: 'application/json',
  mergePatch: 'application/merge-patch+json',
  jsonPatch: 'application/json-patch+json',
  /** Server-side apply. JSON is YAML. */
  applyPatch: 'application/apply-patch+yaml',
} as const;

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path on the API server, for example /api/v1/namespaces/default/pods. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** `application/json` when not given. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** 30 when not given. */
  readonly timeoutSeconds?: number;
}

export interface KubeClient {
  /** The parsed JSON answer. Throws KubeApiError when the server refuses, other errors when it cannot be reached. */
  readonly request: (request: KubeRequest) => Promise<unknown>;
  /** The body of a GET as it arrives; no time limit on the body, so `signal` must end it. Throws like `request`. */
  readonly stream: (
    request: Pick<KubeRequest, 'path' | 'query' | 'timeoutSeconds'> & { readonly signal: AbortSignal },
  ) => Promise<AsyncIterable<Uint8Array>>;
  readonly close: () => Promise<void>;
}

/** Of the given kubeconfig file, or of the pod's own ServiceAccount when there is none. */
export function loadKubeConfig(kubeconfigPath: string | undefined): KubeConfig {
  const kubeConfig = new KubeConfig();
  if (kubeconfigPath === undefined || kubeconfigPath === '') kubeConfig.loadFromCluster();
  else kubeConfig.loadFromFile(kubeconfigPath);
  return kubeConfig;
}

export function createKubeClient(kubeConfig: KubeConfig): KubeClient {
  const server = kubeConfig.getCurrentCluster()?.server;
  if (server === undefined) {
    throw new Error('The kubeconfig names no cluster: its current-context must point to one.');
  }
  const connection = new Connection(kubeConfig);

  async function send(
    { method, path, query, body, contentType, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS }: KubeRequest,
    signal: AbortSignal,
    bodyTimeoutSeconds: number,
  ): Promise<Dispatcher.ResponseData> {
    const url = new URL(server + path);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    for (let attempt = 1; ; attempt += 1) {
      const { dispatcher, headers } = await connection.open();
      const response = await httpRequest(url, {
        method,
        dispatcher,
        signal,
        headersTimeout: timeoutSeconds * 1000,
        bodyTimeout: bodyTimeoutSeconds * 1000,
        headers: {
          ...headers,
          accept: 'application/json',
          'user-agent': 'capataz',
          ...(body === undefined ? {} : { 'content-type': contentType ?? CONTENT_TYPES.json }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      // A projected token was rotated under us: read it again and try once more.
      if (response.statusCode === 401 && attempt === 1) {
        await response.body.dump();
        connection.forgetCredentials();
        continue;
      }
      if (response.statusCode < 300) return response;
      const text = await response.body.text();
      throw kubeApiErrorFromStatus(parseJson(text), response.statusCode, `${method} ${path}`);
    }
  }

  return {
    request: async (kubeRequest) => {
      const timeoutSeconds = kubeRequest.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
      const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
      const signal =
        kubeRequest.signal === undefined ? timeout : AbortSignal.any([timeout, kubeRequest.signal]);
      const response = await send(kubeRequest, signal, timeoutSeconds);
      return await response.body.json();
    },
    stream: async ({ signal, ...kubeRequest }) =>
      (await send({ ...kubeRequest, method: 'GET' }, signal, 0)).body,
    close: () => connection.close(),
  };
}

/** Credentials and connection pool. A new pool is opened only when the TLS material has changed. */
class Connection {
  #kubeConfig: KubeConfig;
  #headers: Record<string, string> | undefined;
  #readAt = 0;
  #tlsFingerprint: string | undefined;
  #dispatcher: Agent | undefined;

  constructor(kubeConfig: KubeConfig) {
    this.#kubeConfig = copyKubeConfig(kubeConfig);
  }

  async open(): Promise<{ readonly dispatcher: Agent; readonly headers: Record<string, string> }> {
    const isFresh = performance.now() - this.#readAt < CREDENTIALS_REREAD_SECONDS * 1000;
    if (this.#dispatcher !== undefined && this.#headers !== undefined && isFresh) {
      return { dispatcher: this.#dispatcher, headers: this.#headers };
    }
    const { tls, headers } = await readCredentials(this.#kubeConfig);
    const fingerprint = JSON.stringify(tls);
    if (this.#dispatcher === undefined || this.#tlsFingerprint !== fingerprint) {
      const previous = this.#dispatcher;
      this.#dispatcher = createKubeDispatcher(tls);
      this.#tlsFingerprint = fingerprint;
      // Waits for the requests that still run on it.
      previous?.close().catch(() => undefined);
    }
    this.#headers = headers;
    this.#readAt = performance.now();
    return { dispatcher: this.#dispatcher, headers: this.#headers };
  }

  /** The library caches a token file for 60 s inside its authenticators; a copy of the configuration has none. */
  forgetCredentials(): void {
    this.#kubeConfig = copyKubeConfig(this.#kubeConfig);
    this.#headers = undefined;
  }

  async close(): Promise<void> {
    await this.#dispatcher?.destroy();
  }
}

export interface KubeCredentials {
  readonly tls: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;
  readonly headers: Record<string, string>;
}

/** Runs the credential plugin of the kubeconfig where it names one. */
export async function readCredentials(kubeConfig: KubeConfig): Promise<KubeCredentials> {
  const options: RequestOptions = {};
  await kubeConfig.applyToHTTPSOptions(options);
  const tls = {
    ca: options.ca,
    cert: options.cert,
    key: options.key,
    servername: options.servername,
    rejectUnauthorized: options.rejectUnauthorized ?? true,
  };
  return { tls, headers: withBasicAuthentication(options) };
}

export function createKubeDispatcher({ servername, ...material }: KubeCredentials['tls']): Agent {
  return new Agent({
    connect: {
      ...material,
      ...(servername === undefined ? {} : { servername }),
      timeout: 10_000,
      // A peer that vanished without a word is noticed by TCP.
      keepAlive: true,
      keepAliveInitialDelay: 15_000,
    },
    keepAliveTimeout: 30_000,
  });
}

function copyKubeConfig(original: KubeConfig): KubeConfig {
  const copy = new KubeConfig();
  copy.loadFromOptions({
    clusters: original.clusters,
    users: original.users,
    contexts: original.contexts,
    currentContext: original.currentContext,
  });
  return copy;
}

function withBasicAuthentication(options: RequestOptions): Record<string, string> {
  const headers = { ...(options.headers as Record<string, string> | undefined) };
  if (typeof options.auth === 'string') {
    headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
