/**
 * GET /v1/configuration: each agent follows what it is told as server-sent events.
 *
 *   Authorization: Bearer <projected token with the audience capataz-operator>
 *   200  event: agent, data: AgentConfiguration; event: rollout, data: RolloutDocument of the rollout that it follows.
 *        Both as JSON on one line; the present ones at once (as soon as there are any), then each change; a comment when
 *        nothing was said for 10 s
 *   401  the token is missing or not accepted      403  it is not the token of an agent
 *   503  too many streams, or the API server cannot be asked: come back in a moment
 *
 * GET /v1/agent-configuration is for pods of version 0.1: event: configuration, with the prompt in it.
 */
import { type Server, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { TokenReviewer } from '#adapters/kubernetes/token-reviewer.ts';
import { OPERATOR_AUDIENCE, agentChildName, agentNameOfServiceAccount } from '#domain/agent/agent-names.ts';
import { retryAfterHeaders } from '#process/http/retry-after.ts';
import type { Drain, DrainTimes } from '#process/drain.ts';
import { drainConnections } from '#process/http/drained-connections.ts';
import { listen } from '#process/http/listen.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { AgentStreams, StreamLayout } from './agent-streams.ts';

const LAYOUTS: ReadonlyMap<string, StreamLayout> = new Map([
  ['/v1/configuration', 'documents'],
  ['/v1/agent-configuration', 'former'],
]);
const LIFETIME_SECONDS = 900;
const RETRY_AFTER_SECONDS = 2;
const MAXIMUM_CONNECTIONS = 12_000;

export interface ConfigurationServer {
  readonly port: number;
  /** The drain; then every stream is ended, so that its agent comes back at another replica. */
  readonly stop: () => Promise<void>;
}

export interface ConfigurationServerOptions {
  readonly port: number;
  readonly host?: string;
  readonly tokenReviewer: TokenReviewer;
  readonly streams: AgentStreams;
  readonly drain: Drain;
  readonly times: DrainTimes;
  readonly logger: Logger;
  readonly random: () => number;
}

export async function startConfigurationServer(
  options: ConfigurationServerOptions,
): Promise<ConfigurationServer> {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 });
  server.maxConnections = MAXIMUM_CONNECTIONS;
  server.on('request', (request, response) => {
    void serve(request, response, options);
  });
  const { drain, times, streams } = options;
  drainConnections(server, drain);
  const port = await listen(server, options.port, options.host);
  return { port, stop: () => drain.run(times, () => closeServer(server, streams)) };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { tokenReviewer, streams, logger, random }: ConfigurationServerOptions,
): Promise<void> {
  request.resume();
  const layout = LAYOUTS.get(request.url?.split('?', 1)[0] ?? '');
  if (layout === undefined) {
    refuse(response, 404, `Here is only ${[...LAYOUTS.keys()].join(' and ')}.`);
    return;
  }
  if (request.method !== 'GET') {
    refuse(response, 405, 'Only GET is served here.');
    return;
  }
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) {
    refuse(response, 401, `Send the projected token of the audience ${OPERATOR_AUDIENCE} as Bearer token.`);
    return;
  }
  const aborted = new AbortController();
  response.once('close', () => aborted.abort());
  const review = await tokenReviewer.review(token, OPERATOR_AUDIENCE, aborted.signal);
  if (aborted.signal.aborted) return;
  if (!review.ok) {
    if (review.reason === 'unavailable') refuse(response, 503, 'The token cannot be checked now.');
    else refuse(response, 401, `The token is not accepted: ${review.reason}.`);
    return;
  }
  const { namespace, serviceAccount } = review.identity;
  const agentName = agentNameOfServiceAccount(serviceAccount);
  if (agentName === undefined) {
    refuse(response, 403, `ServiceAccount ${namespace}/${serviceAccount} is not that of an agent.`);
    return;
  }
  // The identity alone says whose configuration this is: nothing in the request can name another.
  const key = `${namespace}/${agentChildName(agentName)}`;
  if (!streams.open(key, layout, response, LIFETIME_SECONDS * (0.8 + 0.4 * random()))) {
    logger.warn({ key }, 'no room for another configuration stream');
    refuse(response, 503, 'There is no room for another stream.');
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  const body = `${JSON.stringify({ error: { message } })}\n`;
  if (status === 503) response.setHeaders(new Headers(retryAfterHeaders(RETRY_AFTER_SECONDS)));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

async function closeServer(server: Server, streams: AgentStreams): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    streams.close();
  });
}
