/** The HTTP side of an agent: refusals and routes. */
import type { FastifyInstance } from 'fastify';
import type { Drain } from '#process/drain.ts';
import type { Readiness } from '#process/health-server.ts';
import { createHttpApp } from '#process/http/http-service.ts';
import { REQUEST_ID_HEADER, requestIdOf } from '#process/http/request-id.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { AgentRuns } from './agent-runs.ts';
import { sendFailure } from './request-checks.ts';
import { registerAgent } from './routes/agent.ts';
import { registerChatCompletions } from './routes/chat-completions.ts';
import { registerRuns } from './routes/runs.ts';
import { refuse } from './run-answer.ts';
import type { ServedConfiguration } from './served-configuration.ts';

const LARGEST_BODY_BYTES = 4 * 1024 * 1024;

export interface AgentAppParts {
  readonly runs: AgentRuns;
  readonly drain: Drain;
  readonly current: () => ServedConfiguration | undefined;
  readonly readiness: () => Readiness;
  readonly podName: string;
  readonly epochSeconds: () => number;
  readonly newRequestId: () => string;
  readonly logger: Logger;
}

export function createAgentApp(parts: AgentAppParts): FastifyInstance {
  const app = createHttpApp({
    logger: parts.logger,
    drain: parts.drain,
    requestId: ({ headers }) => requestIdOf(headers[REQUEST_ID_HEADER], parts.newRequestId),
    paths: 'POST /v1/runs, POST /v1/chat/completions and GET /v1/agent',
    largestBodyBytes: LARGEST_BODY_BYTES,
    body: 'json',
    refuse: (refusal, _request, reply) => sendFailure(reply, refuse(refusal)),
  });
  registerRuns(app, parts.runs);
  registerChatCompletions(app, parts.runs, parts.epochSeconds);
  registerAgent(app, parts);
  app.get('/livez', async () => 'ok\n');
  app.get('/readyz', async (_request, reply) => {
    const readiness = parts.readiness();
    return readiness.ready ? 'ok\n' : reply.code(503).send(`${readiness.reason}\n`);
  });
  return app;
}
