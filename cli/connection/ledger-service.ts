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

const LEDGER: LedgerService = { namespace: 'capataz-system', name: 'capataz-ledger', port: 8080 };
const LABELS = 'app.kubernetes.io/name=capataz,app.kubernetes.io/component=';
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
  const found = await servicesOf(kubeClient, 'ledger');
  const [only, ...others] = found ?? [];
  if (others.length === 0) return only ?? LEDGER;
  throw new CommandError(
    'usage',
    `Several Services say that they are the ledger (${namesOf(found ?? [])}): name yours with --ledger-service.`,
  );
}

/** Undefined when there is none that is to be found. It gets no token, and its answers are signed. */
export async function findWitnessService(
  kubeClient: Pick<KubeClient, 'request'>,
): Promise<LedgerService | undefined> {
  const found = await servicesOf(kubeClient, 'ledger-witness');
  const [only, ...others] = found ?? [];
  if (others.length === 0) return only;
  throw new CommandError(
    'usage',
    `Several Services say that they are the witness (${namesOf(found ?? [])}): name yours with --witness URL.`,
  );
}

function namesOf(services: readonly LedgerService[]): string {
  return services.map(({ namespace, name }) => `${namespace}/${name}`).join(', ');
}

/** Undefined: most people may not list the Services of all namespaces. */
async function servicesOf(
  kubeClient: Pick<KubeClient, 'request'>,
  component: string,
): Promise<readonly LedgerService[] | undefined> {
  try {
    const answer = await kubeClient.request({
      method: 'GET',
      path: '/api/v1/services',
      query: { labelSelector: LABELS + component, limit: SERVICES_MAXIMUM },
    });
    return Services.parse(answer).items.map(({ metadata, spec }) => ({
      namespace: metadata.namespace,
      name: metadata.name,
      port: (spec.ports?.find(({ name }) => name === 'http') ?? spec.ports?.[0])?.port ?? LEDGER.port,
    }));
  } catch (error) {
    if (error instanceof KubeApiError && error.status === 403) return undefined;
    throw error;
  }
}

export function proxyPathOf({ namespace, name, port }: LedgerService): string {
  return `/api/v1/namespaces/${namespace}/services/http:${name}:${port}/proxy`;
}

function parseLedgerService(text: string): LedgerService {
  const [, namespace = '', name = '', port] =
    /^([a-z0-9-]{1,63})\/([a-z0-9-]{1,63})(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (namespace !== '') return { namespace, name, port: Number(port ?? LEDGER.port) };
  throw new CommandError(
    'usage',
    `--ledger-service takes NAMESPACE/NAME or NAMESPACE/NAME:PORT, not "${text}".`,
  );
}
