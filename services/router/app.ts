/**
 * The router's HTTP side: limits, checks and routes. Nothing of a request but its headers is read before its caller is
 * known.
 */
import { type FastifyError, type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { CallerResult } from './caller.ts';
import { createModelProber } from './probe-model.ts';
import { INTERNAL_ERROR, invalidRequest } from './refusals.ts';
import type { RouterParts } from './router-parts.ts';
import { registerChatCompletions } from './routes/chat-completions.ts';
import { registerEmbeddings } from './routes/embeddings.ts';
import { registerModelProbe } from './routes/model-probe.ts';
import { registerModels } from './routes/models.ts';
import { sendError } from './routes/replies.ts';

const LARGEST_BODY_BYTES = 8 * 1024 * 1024;

/** How long a slow client may hold a connection before its request is whole. */
export interface HttpLimits {
  readonly headersMilliseconds: number;
  readonly requestMilliseconds: number;
  readonly checkMilliseconds: number;
}

const HTTP_LIMITS: HttpLimits = {
  headersMilliseconds: 8_000,
  requestMilliseconds: 13_000,
  checkMilliseconds: 2_000,
};

export function createRouterApp(parts: RouterParts, httpLimits: HttpLimits = HTTP_LIMITS): FastifyInstance {
  const app = fastify({
    // One line for each request is written by the request itself.
    logger: false,
    bodyLimit: LARGEST_BODY_BYTES,
    requestTimeout: httpLimits.requestMilliseconds,
    keepAliveTimeout: 75_000,
    http: {
      headersTimeout: httpLimits.headersMilliseconds,
      connectionsCheckingInterval: httpLimits.checkMilliseconds,
      maxHeaderSize: 16_384,
      noDelay: true,
    },
    // While draining, a request that slipped in on a kept connection is still served.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.decorateRequest('agent', null);
  app.setNotFoundHandler((_request, reply) => sendError(reply, NOT_FOUND));
  app.setErrorHandler((error: FastifyError, request, reply) =>
    sendError(reply, errorOfFastify(error, request, parts)),
  );

  void app.register((agents, _options, done) => {
    agents.addHook('onRequest', (request, reply, done) => {
      const admit = (caller: CallerResult): void => {
        if (caller.ok) {
          request.agent = caller.agent;
          done();
        } else void sendError(reply, caller.error);
      };
      const caller = parts.callers.agent(request.headers.authorization, parts.registry.snapshot());
      if (caller instanceof Promise) caller.then(admit, done);
      else admit(caller);
    });
    registerChatCompletions(agents, parts);
    registerEmbeddings(agents, parts);
    registerModels(agents, parts);
    done();
  });
  void app.register((internal, _options, done) => {
    internal.addHook('onRequest', async (request, reply) => {
      const caller = await parts.callers.platform(request.headers.authorization);
      if (!caller.ok) await sendError(reply, caller.error);
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

const NOT_FOUND: Refusal = {
  code: 'unknown_path',
  message: 'Here are POST /v1/chat/completions, POST /v1/embeddings and GET /v1/models.',
};

const NOT_SAID_TO_BE_JSON: Refusal = {
  code: 'unsupported_media_type',
  message: 'The body must be JSON, with the header content-type: application/json.',
};

const ERROR_OF_CODE: Readonly<Record<string, Refusal>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'body_too_large',
    message: `The body is larger than ${LARGEST_BODY_BYTES / 1024 / 1024} MiB.`,
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: NOT_SAID_TO_BE_JSON,
  FST_ERR_CTP_EMPTY_TYPE: NOT_SAID_TO_BE_JSON,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: invalidRequest('The body is not as long as its content-length says.'),
  FST_ERR_CTP_EMPTY_JSON_BODY: invalidRequest('The body is empty.'),
};

/** What fastify refuses is the caller's; everything else is ours and is told to nobody but the log. */
function errorOfFastify(error: FastifyError, request: FastifyRequest, parts: RouterParts): Refusal {
  const known = ERROR_OF_CODE[error.code];
  if (known !== undefined) return known;
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return invalidRequest('The request could not be read.');
  }
  parts.logger.error({ error, path: request.routeOptions.url }, 'a request failed inside the router');
  return INTERNAL_ERROR;
}
