/** The ledger's own process in front of a Kubernetes that agrees to everything, and how tests talk to it. */
import { join } from 'node:path';
import { type StartedProcess, startProcess } from '#process/testing/started-process.ts';
import { tokenFor } from './kubernetes-that-agrees.ts';

export const ROUTER_TOKEN = tokenFor('system:serviceaccount:capataz-system:capataz-router');
export const READER_TOKEN = tokenFor('system:serviceaccount:shop:reader');

export interface LedgerAnswer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- the answers are of many kinds, and tests read them freely.
  readonly body: any;
}

export interface LedgerProcess extends StartedProcess {
  readonly url: string;
  /** Rejects when the process does not answer within ten seconds. */
  readonly request: (
    method: string,
    path: string,
    options?: {
      readonly token?: string;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ) => Promise<LedgerAnswer>;
  readonly metric: (name: string) => Promise<number>;
}

/** In `directory` are its keys and, unless the environment says otherwise, its database; `kubeconfig` is there. */
export async function startLedgerProcess(
  directory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<LedgerProcess> {
  const started = startProcess('services/ledger/main.ts', {
    PATH: process.env['PATH'] ?? '',
    CAPATAZ_KUBECONFIG: join(directory, 'kubeconfig'),
    CAPATAZ_PORT: '0',
    CAPATAZ_METRICS_PORT: '0',
    CAPATAZ_DATABASE_PATH: join(directory, 'ledger.sqlite'),
    CAPATAZ_SIGNING_KEY_PATH: join(directory, 'signing-key'),
    CAPATAZ_TEXT_KEYS_PATH: join(directory, 'text-keys'),
    CAPATAZ_GENERATE_KEYS: 'true',
    CAPATAZ_CHECKPOINT_SECONDS: '0.3',
    CAPATAZ_PLATFORM_WRITERS: 'router=capataz-system/capataz-router',
    CAPATAZ_DRAIN_SECONDS: '2',
    CAPATAZ_DRAIN_LEAD_SECONDS: '0.1',
    ...environment,
  });
  const { port, metricsPort } = await started.ports();
  const url = `http://127.0.0.1:${port}`;
  return {
    ...started,
    url,
    request: async (method, path, { token = READER_TOKEN, body, headers = {} } = {}) => {
      const response = await fetch(`${url}${path}`, {
        method,
        signal: AbortSignal.timeout(10_000),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
      return { status: response.status, body: isJson ? JSON.parse(text) : text };
    },
    metric: async (name) => {
      const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
      return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
    },
  };
}
