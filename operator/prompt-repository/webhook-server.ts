/**
 * POST /v1/webhooks/NAMESPACE/NAME: a server says that something was pushed. It only wakes a look at the repository, so
 * that a replay costs what a look costs, and that is bounded.
 *
 *   202  woken      401  not signed with the token of the webhook, or there is none
 *   413  larger than 4 MiB      415  not JSON      429  too many: the next look comes by itself
 *   503  another replica leads, or the Secret cannot be read now
 */
import type { FastifyReply } from 'fastify';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { Drain, DrainTimes } from '#process/drain.ts';
import { type HttpService, createHttpApp, startHttpService } from '#process/http/http-service.ts';
import type { Logger } from '#telemetry/logger.ts';
import { isWebhookSigned } from './webhook-signature.ts';

const LARGEST_BODY_BYTES = 4 * 1024 * 1024;
/** A repository may be woken so often; each request costs a read of its Secret. */
const REQUESTS_MAXIMUM = 10;
const WINDOW_MILLISECONDS = 10_000;
const RATES_REMEMBERED = 10_000;
const RETRY_AFTER_SECONDS = 10;

export interface WebhookServerOptions {
  readonly port: number;
  readonly drain: Drain;
  readonly times: DrainTimes;
  readonly logger: Logger;
  /** Undefined: there is no such repository, or it has no webhook. Rejects when it cannot be known now. */
  readonly tokenOf: (namespace: string, name: string) => Promise<string | undefined>;
  readonly hasWebhook: (namespace: string, name: string) => boolean;
  /** Whether the repository will be looked at here. */
  readonly wake: (namespace: string, name: string) => boolean;
  readonly nowMilliseconds: () => number;
}

export async function startWebhookServer(options: WebhookServerOptions): Promise<HttpService> {
  const { port, drain, times, logger, tokenOf, hasWebhook, wake } = options;
  const refuse = (refusal: Refusal, reply: FastifyReply): unknown => {
    const { status, type } = FAILURES[refusal.code];
    if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', refusal.retryAfterSeconds);
    const { code, message } = refusal;
    return reply.code(status).send({ error: { message, type, param: null, code } });
  };
  const app = createHttpApp({
    logger,
    drain,
    paths: 'POST /v1/webhooks/NAMESPACE/NAME',
    largestBodyBytes: LARGEST_BODY_BYTES,
    body: 'bytes',
    refuse: (refusal, _request, reply) => refuse(refusal, reply),
  });
  const mayAsk = rateLimit(options.nowMilliseconds);
  app.post<{ Params: { readonly namespace: string; readonly name: string } }>(
    '/v1/webhooks/:namespace/:name',
    async ({ params: { namespace, name }, headers, body }, reply) => {
      // One answer for all of it: whoever has no token learns not even which repositories there are.
      const unsigned = {
        code: 'unauthenticated',
        message: 'There is no such webhook, or the request is not signed with its token.',
      } as const;
      if (!hasWebhook(namespace, name)) return refuse(unsigned, reply);
      if (!mayAsk(`${namespace}/${name}`)) {
        const message = 'This repository was woken too often: it is looked at anyway.';
        return refuse({ code: 'rate_limited', message, retryAfterSeconds: RETRY_AFTER_SECONDS }, reply);
      }
      let token: string | undefined;
      try {
        token = await tokenOf(namespace, name);
      } catch (error) {
        logger.warn({ error, namespace, name }, 'the token of a webhook could not be read');
        const message = 'The token of the webhook cannot be read now.';
        return refuse({ code: 'unavailable', message, retryAfterSeconds: RETRY_AFTER_SECONDS }, reply);
      }
      const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
      if (token === undefined || !isWebhookSigned(headers, bytes, token)) return refuse(unsigned, reply);
      if (!wake(namespace, name)) {
        const message = 'Another replica looks at repositories now.';
        return refuse({ code: 'unavailable', message, retryAfterSeconds: RETRY_AFTER_SECONDS }, reply);
      }
      return reply.code(202).send({ woken: true });
    },
  );
  return startHttpService({ app, port, drain, times });
}

function rateLimit(nowMilliseconds: () => number): (key: string) => boolean {
  const windows = new Map<string, { readonly since: number; count: number }>();
  return (key) => {
    const now = nowMilliseconds();
    const window = windows.get(key);
    if (window !== undefined && now - window.since < WINDOW_MILLISECONDS) {
      window.count += 1;
      return window.count <= REQUESTS_MAXIMUM;
    }
    windows.delete(key);
    windows.set(key, { since: now, count: 1 });
    const oldest = windows.size > RATES_REMEMBERED ? windows.keys().next().value : undefined;
    if (oldest !== undefined) windows.delete(oldest);
    return true;
  };
}
