/**
 * The router's HTTP side: limits, checks and routes. Nothing of a request but its headers is read before its caller is
 * known.
 */
import type { FastifyInstance } from 'fastify';
import { type HttpLimits, createHttpApp } from '#process/http/http-service.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { CallerResult } from './caller.ts';
import { AUDIT_UNAVAILABLE } from './refusals.ts';
import { createModelProber } from './probe-model.ts';
import type { RouterParts } from './router-parts.ts';
import { FRONTS } from './fronts.ts';
import { registerChat } from './routes/chat.ts';
import { registerEmbeddings } from './routes/embeddings.ts';
import { registerModelProbe } from './routes/model-probe.ts';
import { registerModels } from './routes/models.ts';
import { sendRefusal } from './routes/replies.ts';
import { callerRefused } from './security-events.ts';

const LARGEST_BODY_BYTES = 8 * 1024 * 1024;

const HTTP_LIMITS: HttpLimits = {
  headersMilliseconds: 8_000,
  requestMilliseconds: 13_000,
  checkMilliseconds: 2_000,
};

export function createRouterApp(parts: RouterParts, limits: HttpLimits = HTTP_LIMITS): FastifyInstance {
  const app = createHttpApp({
    logger: parts.logger,
    drain: parts.drain,
    requestId: parts.newRequestId,
    routesTellRequestId: true,
    paths: `${FRONTS.flatMap(({ chatPath, embeddingsPath }) => [chatPath, embeddingsPath])
      .filter((path) => path !== undefined)
      .map((path) => `POST ${path}`)
      .join(', ')} and GET /v1/models`,
    largestBodyBytes: LARGEST_BODY_BYTES,
    body: 'bytes',
    limits,
    refuse: (refusal, _request, reply) => sendRefusal(reply, refusal),
  });
  app.decorateRequest('agent', null);
  const tellRefused = (refusal: Refusal): void => {
    const event = callerRefused(refusal, parts.platformNamespace);
    if (event !== undefined) parts.securityEvents.happened(event);
  };

  void app.register((agents, _options, done) => {
    agents.addHook('onRequest', (request, reply, done) => {
      const admit = (caller: CallerResult): void => {
        if (!caller.ok) {
          tellRefused(caller.refusal);
          void sendRefusal(reply, caller.refusal);
        } else if (request.method === 'POST' && !parts.ledger.hasRoom()) {
          void sendRefusal(reply, AUDIT_UNAVAILABLE);
        } else {
          request.agent = caller.agent;
          done();
        }
      };
      const caller = parts.callers.agent(request.headers, parts.registry.snapshot());
      if (caller instanceof Promise) caller.then(admit, done);
      else admit(caller);
    });
    for (const front of FRONTS) {
      registerChat(agents, front, parts);
      registerEmbeddings(agents, front, parts);
    }
    registerModels(agents, parts);
    done();
  });
  void app.register((internal, _options, done) => {
    internal.addHook('onRequest', async (request, reply) => {
      const caller = await parts.callers.platform(request.headers);
      if (caller.ok) return;
      tellRefused(caller.refusal);
      await sendRefusal(reply, caller.refusal);
    });
    registerModelProbe(
      internal,
      parts,
      createModelProber({
        connections: parts.connections,
        now: parts.now,
        rereadKey: parts.registry.rereadKey,
      }),
    );
    done();
  });
  return app;
}
