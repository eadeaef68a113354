/**
 * The second port of every process: GET /metrics (Prometheus), /livez (the process is alive; never depends on
 * anything else, or an outage elsewhere would restart every pod) and /readyz (it should get traffic).
 */
import { createServer } from 'node:http';
import type { Registry } from 'prom-client';
import type { Drain } from './drain.ts';
import { listen } from './http/listen.ts';

export interface HealthServer {
  /** The port that is listened on, also when 0 was asked for. */
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Ready, or one sentence on what is still missing. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

export interface HealthServerOptions {
  readonly port: number;
  readonly host?: string;
  readonly registry: Pick<Registry, 'contentType' | 'metrics'>;
  readonly isReady: () => boolean | Readiness;
  /** Not ready from its beginning on. */
  readonly drain?: Drain;
}

export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
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
  const port = await listen(server, options.port, options.host);
  return {
    port,
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

async function answerTo(path: string | undefined, options: HealthServerOptions): Promise<Answer> {
  if (path === '/livez') return { status: 200, type: TEXT, body: 'ok\n' };
  if (path === '/readyz') return answerReadiness(readinessOf(options));
  if (path === '/metrics') return await answerMetrics(options.registry);
  return { status: 404, type: TEXT, body: 'Here are /metrics, /livez and /readyz.\n' };
}

function readinessOf({ isReady, drain }: HealthServerOptions): Readiness {
  const answer = isReady();
  const readiness = typeof answer === 'object' ? answer : READINESS_OF_BOOLEAN[`${answer}`];
  return drain?.readiness(readiness) ?? readiness;
}

const READINESS_OF_BOOLEAN: Readonly<Record<'true' | 'false', Readiness>> = {
  true: { ready: true },
  false: { ready: false, reason: 'not ready' },
};

function answerReadiness(readiness: Readiness): Answer {
  return readiness.ready
    ? { status: 200, type: TEXT, body: 'ok\n' }
    : { status: 503, type: TEXT, body: `${readiness.reason}\n` };
}

async function answerMetrics(registry: HealthServerOptions['registry']): Promise<Answer> {
  try {
    return { status: 200, type: registry.contentType, body: await registry.metrics() };
  } catch {
    return { status: 500, type: TEXT, body: 'A metric could not be collected.\n' };
  }
}
