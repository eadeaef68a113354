/** The ledger's own process before the same scripted Kubernetes as the console. */
import { type LedgerProcess, startLedgerProcess } from '#services/ledger/testing/ledger-process.ts';
import { tokenOf } from './scripted-kubernetes.ts';

export type RealLedger = Pick<LedgerProcess, 'url' | 'request' | typeof Symbol.asyncDispose>;

const AUDIENCE = { audience: 'capataz-ledger' };
export const TOKEN_OF_CONSOLE = tokenOf('system:serviceaccount:capataz-system:capataz-console', AUDIENCE);
export const TOKEN_OF_ROUTER = tokenOf('system:serviceaccount:capataz-system:capataz-router', AUDIENCE);
export const tokenOfAgent = (namespace: string, name: string): string =>
  tokenOf(`system:serviceaccount:${namespace}:agent-${name}`, AUDIENCE);

/** `directory` has the kubeconfig. */
export async function startRealLedger(directory: string): Promise<RealLedger> {
  const ledger = await startLedgerProcess(directory, {
    CAPATAZ_CHECKPOINT_SECONDS: '0.2',
    CAPATAZ_PLATFORM_WRITERS: 'console=capataz-system/capataz-console,router=capataz-system/capataz-router',
    CAPATAZ_DRAIN_SECONDS: '1',
    CAPATAZ_DRAIN_LEAD_SECONDS: '0',
  });
  return {
    ...ledger,
    request: (method, path, options = {}) =>
      ledger.request(method, path, { token: TOKEN_OF_CONSOLE, ...options }),
  };
}
