/** Where in the cluster the ledger is, and the way to it through the API server's service proxy. */
import { z } from 'zod';
import { KubeApiError } from '#adapters/kubernetes/kube-api-error.ts';
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import { CommandError } from '../exit-codes.ts';

export interface LedgerService {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

const DEFAULT_SERVICE: LedgerService = { namespace: 'capataz-system', name: 'capataz-ledger', port: 8080 };
const LABELS = 'app.kubernetes.io/name=capataz,app.kubernetes.io/component=ledger';
const SERVICES_MAXIMUM = 20;

const Name = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);
const Services = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: Name, namespace: Name }),
      spec: z.object({ ports: z.array(z.object({ name: z.string().optional(), port: z.int() })).optional() }),
    }),
  ),
});

/**
 * By `--ledger-service`, else by the labels that the chart gives it. Whoever may make a Service anywhere can give it
 * these labels: of several none is chosen, since the one that is chosen gets a token.
 */
export async function findLedgerService(
  kubeClient: Pick<KubeClient, 'request'>,
  named: string | undefined,
): Promise<LedgerService> {
  if (named !== undefined) return parseLedgerService(named);
  let found: readonly LedgerService[];
  try {
    const answer = await kubeClient.request({
      method: 'GET',
      path: '/api/v1/services',
      query: { labelSelector: LABELS, limit: SERVICES_MAXIMUM },
    });
    found = Services.parse(answer).items.map(({ metadata, spec }) => ({
      namespace: metadata.namespace,
      name: metadata.name,
      port:
        (spec.ports?.find(({ name }) => name === 'http') ?? spec.ports?.[0])?.port ?? DEFAULT_SERVICE.port,
    }));
  } catch (error) {
    // Most people may not list the Services of all namespaces: the name that the chart gives is tried.
    if (error instanceof KubeApiError && error.status === 403) return DEFAULT_SERVICE;
    throw error;
  }
  const [only, ...others] = found;
  if (others.length === 0) return only ?? DEFAULT_SERVICE;
  const names = found.map(({ namespace, name }) => `${namespace}/${name}`).join(', ');
  throw new CommandError(
    'usage',
    `Several Services say that they are the ledger (${names}): name yours with --ledger-service.`,
  );
}

export function proxyPathOf({ namespace, name, port }: LedgerService): string {
  return `/api/v1/namespaces/${namespace}/services/http:${name}:${port}/proxy`;
}

function parseLedgerService(text: string): LedgerService {
  const [, namespace = '', name = '', port] =
    /^([a-z0-9-]{1,63})\/([a-z0-9-]{1,63})(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (namespace !== '') return { namespace, name, port: Number(port ?? DEFAULT_SERVICE.port) };
  throw new CommandError(
    'usage',
    `--ledger-service takes NAMESPACE/NAME or NAMESPACE/NAME:PORT, not "${text}".`,
  );
}
