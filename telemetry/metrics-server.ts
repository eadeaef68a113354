/**
 * The second port of every process: GET /metrics (Prometheus), /healthz (the process is alive; never depends on
 * anything else, or an outage elsewhere would restart every pod) and /readyz (it should get traffic).
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface MetricsServer {
  /** The port that is listened on, also when 0 was asked for. */
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Ready, or one sentence on what is still missing. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

export interface MetricsServerOptions {
  readonly port: number;
  readonly host?: string;
  readonly registry: Pick<Registry, 'contentType' | 'metrics'>;
  readonly isReady: () => boolean | Readiness;
}

export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 30_000 });
  server.on('request', (request, response) => {
    void (async () => {
      // Nobody sends a body here; what comes all the same is thrown away.
      request.resume();
      const path = request.url?.split('?', 1)[0];
      const answer =
        request.method === 'GET' || request.method === 'HEAD'
          ? await answerTo(path, options)
          : { status: 405, type: 'text/plain; charset=utf-8', body: 'Only GET is served here.\n' };
      response.writeHead(answer.status, {
        'content-type': answer.type,
        'content-length': Buffer.byteLength(answer.body),
        'cache-control': 'no-store',
      });
      response.end(request.method === 'HEAD' ? undefined : answer.body);
    })();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Without a host Node takes :: and, where the kernel has no IPv6, 0.0.0.0.
    server.listen(
      { port: options.port, ...(options.host === undefined ? {} : { host: options.host }) },
      resolve,
    );
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const TEXT = 'text/plain; charset=utf-8';

async function answerTo(path: string | undefined, options: MetricsServerOptions): Promise<Answer> {
  if (path === '/healthz') return { status: 200, type: TEXT, body: 'ok\n' };
  if (path === '/readyz') return answerReadiness(options.isReady());
  if (path === '/metrics') return await answerMetrics(options.registry);
  return { status: 404, type: TEXT, body: 'Here are /metrics, /healthz and /readyz.\n' };
}

function answerReadiness(readiness: boolean | Readiness): Answer {
  const { ready, reason } =
    typeof readiness === 'boolean'
      ? { ready: readiness, reason: 'not ready' }
      : { reason: 'ok', ...readiness };
  return ready ? { status: 200, type: TEXT, body: 'ok\n' } : { status: 503, type: TEXT, body: `${reason}\n` };
}

async function answerMetrics(registry: MetricsServerOptions['registry']): Promise<Answer> {
  try {
    return { status: 200, type: registry.contentType, body: await registry.metrics() };
  } catch {
    return { status: 500, type: TEXT, body: 'A metric could not be collected.\n' };
  }
}
