/** What all routes share in answering. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { RoutableAgent } from '#domain/routing/routable-model.ts';
import type { FailoverResult } from '../failover.ts';
import { errorBody } from '../openai-error.ts';
import type { RoutedRequest } from '../routed-request.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the caller's token was checked, before the body is read. */
    agent: RoutableAgent | null;
  }
}

export function agentOf(request: FastifyRequest): RoutableAgent {
  if (request.agent === null) throw new Error('A route of agents was reached without a check of the caller.');
  return request.agent;
}

export function singleHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

export function sendError(
  reply: FastifyReply,
  refusal: Refusal,
  headers: Readonly<Record<string, string>> = {},
): FastifyReply {
  const { code, retryAfterSeconds } = refusal;
  return reply
    .code(FAILURES[code].status)
    .headers(headers)
    .headers(retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterSeconds)) })
    .header('content-type', 'application/json; charset=utf-8')
    .send(errorBody(refusal));
}

/** A whole answer, written past fastify: nothing of its own is left to be done. */
export function sendWhole(reply: FastifyReply, body: string, headers: Record<string, string>): FastifyReply {
  const bytes = Buffer.from(body);
  reply.hijack();
  reply.raw.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
    ...headers,
  });
  reply.raw.end(bytes);
  return reply;
}

/** Nobody answered: settles what an answer under way may have cost, tells the caller and closes the request. */
export function sendFailure(
  routed: RoutedRequest,
  result: FailoverResult<unknown> & { readonly ok: false },
  reply: FastifyReply,
): FastifyReply {
  const error = routed.errorOf(result);
  const isCancelled = error.code === 'cancelled';
  const last = result.failures.at(-1);
  if (last?.failure.code === 'cancelled') routed.settle(last.model, routed.estimatedUsage(0), true);
  routed.finish(isCancelled ? 'cancelled' : 'failed', FAILURES[error.code].status, { errorCode: error.code });
  if (!isCancelled) return sendError(reply, error, routed.headers(undefined));
  // The socket is gone; an answer would only be written into the void.
  reply.hijack();
  reply.raw.destroy();
  return reply;
}
