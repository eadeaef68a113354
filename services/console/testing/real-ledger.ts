/** The ledger's own process before the same scripted Kubernetes as the console. */
import { join } from 'node:path';
import { startProcess } from '#process/testing/started-process.ts';
import { tokenOf } from './scripted-kubernetes.ts';

export interface RealLedger extends AsyncDisposable {
  readonly url: string;
  readonly request: (
    method: string,
    path: string,
    options?: {
      readonly token?: string;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    },
    // oxlint-disable-next-line typescript/no-explicit-any -- the answers are of many kinds, and tests read them freely.
  ) => Promise<{ readonly status: number; readonly body: any }>;
}

const AUDIENCE = { audience: 'capataz-ledger' };
export const TOKEN_OF_CONSOLE = tokenOf('system:serviceaccount:capataz-system:capataz-console', AUDIENCE);
export const TOKEN_OF_ROUTER = tokenOf('system:serviceaccount:capataz-system:capataz-router', AUDIENCE);
export const tokenOfAgent = (namespace: string, name: string): string =>
  tokenOf(`system:serviceaccount:${namespace}:agent-${name}`, AUDIENCE);

/** `directory` has the kubeconfig. */
export async function startRealLedger(directory: string): Promise<RealLedger> {
  const started = startProcess('services/ledger/main.ts', {
    PATH: process.env['PATH'] ?? '',
    CAPATAZ_KUBECONFIG: join(directory, 'kubeconfig'),
    CAPATAZ_PORT: '0',
    CAPATAZ_METRICS_PORT: '0',
    CAPATAZ_DATABASE_PATH: join(directory, 'ledger.sqlite'),
    CAPATAZ_SIGNING_KEY_PATH: join(directory, 'signing-key'),
    CAPATAZ_TEXT_KEYS_PATH: join(directory, 'text-keys'),
    CAPATAZ_GENERATE_KEYS: 'true',
    CAPATAZ_CHECKPOINT_SECONDS: '0.2',
    CAPATAZ_PLATFORM_WRITERS: 'console=capataz-system/capataz-console,router=capataz-system/capataz-router',
    CAPATAZ_DRAIN_SECONDS: '1',
    CAPATAZ_DRAIN_LEAD_SECONDS: '0',
  });
  const { port } = await started.ports();
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    request: async (method, path, { token = TOKEN_OF_CONSOLE, body, headers = {} } = {}) => {
      const response = await fetch(`${url}${path}`, {
        method,
        signal: AbortSignal.timeout(20_000),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
      return { status: response.status, body: isJson ? JSON.parse(text) : text };
    },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}
