/** What the HTTP services share: limits, bodies, refusals, request ids, and the end. */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { Drain, DrainTimes } from '../drain.ts';
import { drainConnections } from './drained-connections.ts';
import { listen } from './listen.ts';
import { REQUEST_ID_HEADER } from './request-id.ts';

/** How long a slow client may hold a connection before its request is whole. */
export interface HttpLimits {
  readonly headersMilliseconds: number;
  readonly requestMilliseconds: number;
  readonly checkMilliseconds: number;
}

const LONGEST_PATH_TOLD = 100;
/** Of one part of a path: the longest id and name that there may be, with room. A longer one is refused. */
const LONGEST_PATH_PART = 256;

const HTTP_LIMITS: HttpLimits = {
  headersMilliseconds: 8_000,
  requestMilliseconds: 30_000,
  checkMilliseconds: 2_000,
};

export interface HttpAppOptions {
  readonly logger: Logger;
  readonly drain: Drain;
  /** Given, every answer carries the id as x-request-id. */
  readonly requestId?: (request: IncomingMessage) => string;
  /** The routes write the id into the heads of their answers themselves: all headers at once cost a busy server less. */
  readonly routesTellRequestId?: boolean;
  /** What there is, for those who ask for another path: "POST /v1/runs and GET /v1/agent". */
  readonly paths: string;
  readonly largestBodyBytes: number;
  /** `json` is read within BODY_BOUNDS; `bytes` are left as a Buffer for the routes. */
  readonly body: 'json' | 'bytes';
  /** Answers what is refused before a route sees it, or failed in one, in the service's own shape of errors. */
  readonly refuse: (refusal: Refusal, request: FastifyRequest, reply: FastifyReply) => unknown;
  readonly limits?: HttpLimits;
  /**
   * A connection on which nothing has moved for so long is ended: that of a client that does not read its answer as well.
   * For services that have said something of each answer by then; never when not given.
   */
  readonly stallMilliseconds?: number;
}

export function createHttpApp(options: HttpAppOptions): FastifyInstance {
  const { logger, requestId, refuse, largestBodyBytes, limits = HTTP_LIMITS } = options;
  const fail = (error: FastifyError, request: FastifyRequest, reply: FastifyReply): unknown => {
    const refusal = refusalOf(error, largestBodyBytes);
    if (refusal === undefined) {
      const path = request.routeOptions.url;
      logger.error({ error, path, requestId: request.id }, 'a request failed inside the process');
    }
    return refuse(refusal ?? INTERNAL_ERROR, request, reply);
  };
  const tellRequestId = (request: FastifyRequest, reply: FastifyReply): void => {
    // Not of the reply: streams are written past it.
    if (requestId !== undefined) reply.raw.setHeader(REQUEST_ID_HEADER, request.id);
  };
  const app = fastify({
    // What is worth a line is written by whoever serves the request.
    logger: false,
    bodyLimit: largestBodyBytes,
    requestTimeout: limits.requestMilliseconds,
    ...(options.stallMilliseconds === undefined ? {} : { connectionTimeout: options.stallMilliseconds }),
    // Longer than the minute for which common load balancers keep a connection: it is theirs to close it.
    keepAliveTimeout: 75_000,
    http: {
      headersTimeout: limits.headersMilliseconds,
      connectionsCheckingInterval: limits.checkMilliseconds,
      maxHeaderSize: 16_384,
      noDelay: true,
    },
    // A request that slipped in on a kept connection is still served while draining.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false, maxParamLength: LONGEST_PATH_PART },
    ...(requestId === undefined ? {} : { genReqId: requestId }),
    frameworkErrors: (error, request, reply) => {
      tellRequestId(request, reply);
      return fail(error, request, reply);
    },
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket),
  });
  drainConnections(app.server, options.drain);
  if (options.routesTellRequestId !== true) {
    app.addHook('onRequest', (request, reply, done) => {
      tellRequestId(request, reply);
      done();
    });
  }
  // Before the body is read: what nobody will look at takes no memory.
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) {
      done();
      return;
    }
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    // What is short is read past, and the connection serves on.
    if (encoding !== undefined || Number(length ?? 0) > largestBodyBytes) reply.header('connection', 'close');
    const path = request.url.split('?', 1)[0]?.slice(0, LONGEST_PATH_TOLD);
    const message = `There is no ${request.method} ${path} here: use ${options.paths}.`;
    refuse({ code: 'unknown_path', message }, request, reply);
  });
  app.removeAllContentTypeParsers();
  if (options.body === 'bytes') {
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
  } else {
    app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
      const parsed = parseBoundedJson(text as string);
      if (parsed.ok) done(null, parsed.value);
      else done(new UnreadableBodyError(`The body ${parsed.message}.`));
    });
  }
  app.setErrorHandler(fail);
  return app;
}

export interface HttpService {
  readonly port: number;
  /** The drain, from its beginning until nothing is under way any more. */
  readonly stop: () => Promise<void>;
}

export interface HttpServiceOptions {
  readonly app: FastifyInstance;
  readonly port: number;
  /** The address to listen on; all of them without one. */
  readonly host?: string;
  readonly drain: Drain;
  readonly times: DrainTimes;
}

export async function startHttpService(options: HttpServiceOptions): Promise<HttpService> {
  const { app, drain, times, host } = options;
  await app.ready();
  const port = await listen(app.server, options.port, host);
  return { port, stop: () => drain.run(times, () => app.close()) };
}

/** What Node could not read as a request: there is neither a route nor a reply yet, only the connection. */
function answerBrokenRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = BROKEN_REQUESTS[error.code ?? ''] ?? [400, 'The request is not valid HTTP.'];
  const { type } = FAILURES.invalid_request;
  const body = JSON.stringify({ error: { message, type, param: null, code: 'invalid_request' } });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\n` +
      `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

const BROKEN_REQUESTS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers are larger than 16 KiB.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not come whole in time.'],
};

class UnreadableBodyError extends Error {}

const INTERNAL_ERROR: Refusal = {
  code: 'internal_error',
  message: 'The service failed; its log says why.',
};

/** What fastify refuses is the caller's fault; undefined for a fault of ours. */
function refusalOf(error: FastifyError, largestBodyBytes: number): Refusal | undefined {
  if (error instanceof UnreadableBodyError) return { code: 'invalid_request', message: error.message };
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE': {
      const message = `The body is larger than ${largestBodyBytes / 1024 / 1024} MiB.`;
      return { code: 'body_too_large', message };
    }
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return {
        code: 'unsupported_media_type',
        message: 'The body must be JSON, with the header content-type: application/json.',
      };
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return {
        code: 'invalid_request',
        message: 'The body is not as long as its content-length says.',
      };
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return { code: 'invalid_request', message: 'The body is empty.' };
    default: {
      const { statusCode: status = 500 } = error;
      if (status < 400 || status >= 500) return undefined;
      // The text of such an error may quote the request, which may hold anything: it is not repeated.
      return { code: 'invalid_request', message: 'The request could not be read.' };
    }
  }
}
