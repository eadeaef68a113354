/** Starts the upstream and the gateways, each as a process of its own, on free ports of 127.0.0.1. */
import { agentToken } from '../laboratory/identity.ts';
import { Processes, freePorts, listening } from '../laboratory/processes.ts';
import { startRouterProcess } from '../laboratory/router.ts';

export interface Contender {
  readonly name: 'direct' | 'bare forwarder' | 'capataz router' | 'router with ledger' | 'portkey';
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Whose processor time counts; 0 for none. */
  readonly processId: number;
  /** Where streams are asked for when that is another process. */
  readonly streamPort?: number;
}

export interface Contenders extends AsyncDisposable {
  readonly direct: Contender;
  readonly gateways: readonly Contender[];
}

export async function startContenders(): Promise<Contenders> {
  const processes = await Processes.create('bench-router');
  try {
    const [upstream = 0, bare = 0, portkey = 0, streaming = 0, ledger = 0] = await freePorts(5);
    await processes.startNode(['bench/laboratory/upstream.ts', String(upstream)]);
    const bareId = await processes.startNode([
      'bench/router/bare-forwarder.ts',
      String(bare),
      String(upstream),
    ]);
    await processes.startNode(['bench/laboratory/ledger.ts', String(ledger)]);
    await listening(ledger);
    const router = await startRouterProcess(processes, upstream);
    const telling = await startRouterProcess(processes, upstream, ledger);
    const portkeyServer = 'node_modules/@portkey-ai/gateway/build/start-server.js';
    const portkeyId = await processes.startNode([portkeyServer, `--port=${portkey}`, '--headless']);
    const repair = new URL('repair-portkey-streams.ts', import.meta.url).href;
    await processes.startNode(['--import', repair, portkeyServer, `--port=${streaming}`, '--headless']);
    const json = { 'content-type': 'application/json' };
    const bearer = { ...json, authorization: 'Bearer sk-bench' };
    const gateways: readonly Contender[] = [
      { name: 'bare forwarder', port: bare, headers: bearer, processId: bareId },
      {
        name: 'capataz router',
        port: router.port,
        headers: { ...json, authorization: `Bearer ${agentToken()}` },
        processId: router.processId,
      },
      {
        name: 'router with ledger',
        port: telling.port,
        headers: { ...json, authorization: `Bearer ${agentToken()}` },
        processId: telling.processId,
      },
      {
        name: 'portkey',
        port: portkey,
        processId: portkeyId,
        streamPort: streaming,
        headers: {
          ...bearer,
          'x-portkey-provider': 'openai',
          'x-portkey-custom-host': `http://127.0.0.1:${upstream}/v1`,
        },
      },
    ];
    await Promise.all([upstream, bare, portkey, streaming].map((port) => listening(port)));
    return {
      direct: { name: 'direct', port: upstream, headers: bearer, processId: 0 },
      gateways,
      [Symbol.asyncDispose]: () => processes[Symbol.asyncDispose](),
    };
  } catch (error) {
    await processes[Symbol.asyncDispose]();
    throw error;
  }
}
