/**
 * What the console reads, and nobody else:
 *
 *     GET /v1/news                     server-sent events, ObservedNews
 *     GET /v1/agents/NAMESPACE/NAME    AgentHistory
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { TokenReviewer } from '#adapters/kubernetes/token-reviewer.ts';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { AgentHistory } from '#domain/observation/agent-history.ts';
import type { Drain } from '#process/drain.ts';
import { eventStreamOf } from '#process/http/event-stream.ts';
import { createHttpApp } from '#process/http/http-service.ts';
import { retryAfterHeaders } from '#process/http/retry-after.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { NewsDesk } from './news-desk.ts';
import { refusalOfReader } from './readers.ts';

/** The replicas of the console, and room for those that are being replaced. */
const MOST_STREAMS = 64;
const KEEP_ALIVE_SECONDS = 12;
const STALL_SECONDS = 30;
const LARGEST_BODY_BYTES = 1_024;

export interface ObserverAppOptions {
  readonly news: NewsDesk;
  readonly historyOf: (namespace: string, name: string) => AgentHistory | null;
  readonly tokenReviewer: TokenReviewer;
  readonly readers: ReadonlySet<string>;
  readonly drain: Drain;
  readonly logger: Logger;
}

const TOO_MANY_STREAMS: Refusal = {
  code: 'too_many_streams',
  message: `The observer serves ${MOST_STREAMS} streams at a time: ask again in a moment.`,
  retryAfterSeconds: 5,
};

const SHUTTING_DOWN: Refusal = {
  code: 'shutting_down',
  message: 'This replica of the observer is shutting down: ask again in a moment.',
  retryAfterSeconds: 1,
};

export function createObserverApp(options: ObserverAppOptions): FastifyInstance {
  const { news, drain, readers, tokenReviewer } = options;
  const app = createHttpApp({
    logger: options.logger,
    drain,
    paths: 'GET /v1/news and GET /v1/agents/NAMESPACE/NAME',
    largestBodyBytes: LARGEST_BODY_BYTES,
    body: 'bytes',
    refuse: (refusal, _request, reply) => sendRefusal(reply, refusal),
  });

  drain.onBegin(() => news.end());
  app.addHook('onRequest', async (request, reply): Promise<FastifyReply | undefined> => {
    const refusal = await refusalOfReader(request.headers, tokenReviewer, readers);
    return refusal === undefined ? undefined : sendRefusal(reply, refusal);
  });

  // HEAD would follow for ever and be told nothing.
  app.get('/v1/news', { exposeHeadRoute: false }, async (request, reply) => {
    if (drain.isDraining) return sendRefusal(reply, SHUTTING_DOWN);
    if (news.readers >= MOST_STREAMS) return sendRefusal(reply, TOO_MANY_STREAMS);
    // He may have left while his token was reviewed.
    if (request.raw.destroyed || reply.raw.destroyed) return reply.hijack();
    const stream = eventStreamOf(reply, {
      keepAliveSeconds: KEEP_ALIVE_SECONDS,
      stallSeconds: STALL_SECONDS,
      onResume: () => place.caughtUp(),
    });
    stream.open();
    const place = news.join(stream);
    reply.raw.once('close', () => place.leave());
    return reply;
  });

  app.get<{ Params: { namespace: string; name: string } }>(
    '/v1/agents/:namespace/:name',
    async ({ params: { namespace, name } }, reply) => {
      const history = options.historyOf(namespace, name);
      if (history !== null) return reply.send(history);
      return sendRefusal(reply, {
        code: 'agent_not_seen',
        message: `Nothing was ever recorded of an Agent ${name} in namespace ${namespace}.`,
      });
    },
  );

  return app;
}

function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { code, message, param = null, retryAfterSeconds } = refusal;
  const { status, type } = FAILURES[code];
  return reply
    .code(status)
    .headers(retryAfterSeconds === undefined ? {} : retryAfterHeaders(retryAfterSeconds))
    .send({ error: { message, type, code, param } });
}
