/** The router of a bench: its own process, and the small API server that it lists, watches and asks for reviews. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kubeconfigFor } from './identity.ts';
import { ledgerEnvironment } from './ledger-environment.ts';
import { type Processes, freePorts, listening, ready } from './processes.ts';

export interface StartedRouter {
  readonly port: number;
  readonly processId: number;
}

/** With `ledgerPort` it tells the ledger there of every call, through a spool of its own. */
export async function startRouterProcess(
  processes: Processes,
  upstreamPort: number,
  ledgerPort?: number,
): Promise<StartedRouter> {
  const [api = 0, port = 0, metricsPort = 0] = await freePorts(3);
  const kubeconfig = join(processes.directory, `kubeconfig-${api}`);
  await writeFile(kubeconfig, kubeconfigFor(api));
  await processes.startNode(['bench/laboratory/fake-api-server.ts', String(api), String(upstreamPort)]);
  const processId = await processes.startNode(['services/router/main.ts'], {
    CAPATAZ_KUBECONFIG: kubeconfig,
    CAPATAZ_PORT: String(port),
    CAPATAZ_METRICS_PORT: String(metricsPort),
    CAPATAZ_ALLOW_LOOPBACK_ENDPOINTS: 'true',
    CAPATAZ_DRAIN_SECONDS: '0',
    ...(ledgerPort !== undefined && (await ledgerEnvironment(processes, `router-${port}`, ledgerPort))),
  });
  await listening(port);
  await ready(metricsPort);
  return { port, processId };
}
