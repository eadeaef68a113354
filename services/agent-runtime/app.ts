/** The HTTP side of an agent: limits, errors and routes. */
import { type FastifyError, type FastifyInstance, fastify } from 'fastify';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { Readiness } from '#telemetry/metrics-server.ts';
import type { AgentRuns } from './agent-runs.ts';
import { invalidRequest, sendFailure } from './request-checks.ts';
import { registerAgent } from './routes/agent.ts';
import { registerChatCompletions } from './routes/chat-completions.ts';
import { registerRuns } from './routes/runs.ts';
import { type HttpFailure, INTERNAL_ERROR } from './run-answer.ts';
import type { ServedConfiguration } from './served-configuration.ts';

const LARGEST_BODY_BYTES = 4 * 1024 * 1024;

export interface AgentAppParts {
  readonly runs: AgentRuns;
  readonly current: () => ServedConfiguration | undefined;
  readonly readiness: () => Readiness;
  readonly podName: string;
  readonly epochSeconds: () => number;
  readonly logger: Logger;
}

export function createAgentApp(parts: AgentAppParts): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: LARGEST_BODY_BYTES,
    // A slow client may hold a connection, but not for long before its request is whole.
    requestTimeout: 30_000,
    keepAliveTimeout: 75_000,
    http: { headersTimeout: 8_000, maxHeaderSize: 16_384 },
    // While draining we answer ourselves, with Retry-After.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    const parsed = parseBoundedJson(text as string);
    if (parsed.ok) done(null, parsed.value);
    else done(new UnreadableBodyError(parsed.message));
  });
  app.setNotFoundHandler((_request, reply) => {
    sendFailure(reply, NOT_FOUND);
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal === undefined) {
      parts.logger.error({ error, path: request.routeOptions.url }, 'a request failed inside the agent');
    }
    sendFailure(reply, refusal ?? INTERNAL_ERROR);
  });
  registerRuns(app, parts.runs);
  registerChatCompletions(app, parts.runs, parts.epochSeconds);
  registerAgent(app, parts);
  app.get('/healthz', async () => 'ok\n');
  app.get('/readyz', async (_request, reply) => {
    const readiness = parts.readiness();
    return readiness.ready ? 'ok\n' : reply.code(503).send(`${readiness.reason}\n`);
  });
  return app;
}

const NOT_FOUND: HttpFailure = {
  ...invalidRequest('here are POST /v1/runs, POST /v1/chat/completions and GET /v1/agent', 'unknownPath'),
  status: 404,
};

/** The message is what the body does. */
class UnreadableBodyError extends Error {}

/** What fastify refuses is the caller's fault; undefined for a fault of ours. */
function refusalOf(error: FastifyError): HttpFailure | undefined {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return { ...invalidRequest('the body is larger than 4 MiB', 'bodyTooLarge'), status: 413 };
  }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return {
      ...invalidRequest('the body must be JSON, with the header content-type: application/json', 'notJson'),
      status: 415,
    };
  }
  if (error instanceof UnreadableBodyError) return invalidRequest(`the body ${error.message}`, 'notJson');
  const status = error.statusCode ?? 500;
  if (status < 400 || status >= 500) return undefined;
  // The text of a JSON error quotes the body, which may hold anything: it is not repeated.
  return { ...invalidRequest('the body is not valid JSON', 'notJson'), status };
}
