/** What all routes share in answering. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import { retryAfterHeaders } from '#process/http/retry-after.ts';
import type { RoutableAgent } from '#domain/routing/routable-model.ts';
import type { FailoverResult } from '../failover.ts';
import { frontDialectOf } from '../fronts.ts';
import { INTERNAL_ERROR, NOT_RECORDED } from '../refusals.ts';
import type { RoutedRequest } from '../routed-request.ts';
import type { RouterParts } from '../router-parts.ts';

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

export function sendRefusal(
  reply: FastifyReply,
  refusal: Refusal,
  headers: Readonly<Record<string, string>> = {},
): FastifyReply {
  const { code, retryAfterSeconds } = refusal;
  return reply
    .code(FAILURES[code].status)
    .headers({ 'x-request-id': reply.request.id, ...headers })
    .headers(retryAfterSeconds === undefined ? {} : retryAfterHeaders(retryAfterSeconds))
    .header('content-type', 'application/json; charset=utf-8')
    .send(frontDialectOf(reply.request).writeRefusal(refusal));
}

/**
 * Whether the records of what was told are out of the hands of this process: an answer that left before would be one that
 * somebody acts upon and that nobody is charged for, when the process is killed then.
 */
export async function isRecorded({ ledger }: RouterParts): Promise<boolean> {
  return await ledger.settled().then(
    () => true,
    () => false,
  );
}

/** A whole answer once it is recorded, written past fastify: nothing of its own is left to be done. */
export async function sendWhole(
  parts: RouterParts,
  reply: FastifyReply,
  body: string,
  headers: Record<string, string>,
): Promise<FastifyReply> {
  if (!(await isRecorded(parts))) return sendRefusal(reply, NOT_RECORDED, headers);
  return writeWhole(reply, body, headers);
}

function writeWhole(reply: FastifyReply, body: string, headers: Record<string, string>): FastifyReply {
  reply.hijack();
  reply.raw.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  // A text goes out with the head in one write; bytes would need a second one.
  reply.raw.end(body);
  return reply;
}

/** Nobody answered: tells the caller and closes the request. */
export function sendFailure(
  routed: RoutedRequest,
  result: FailoverResult<unknown> & { readonly ok: false },
  reply: FastifyReply,
): FastifyReply {
  const refusal = routed.refusalOf(result);
  if (refusal.code !== 'cancelled') {
    routed.finish('failed', refusal.code);
    return sendRefusal(reply, refusal, routed.headers());
  }
  routed.finish('cancelled', 'cancelled');
  // The socket is gone; an answer would only be written into the void.
  reply.hijack();
  reply.raw.destroy();
  return reply;
}

/**
 * Runs a route to its end. What it throws is a mistake of ours: it is logged, and the caller is told as far as he still
 * can be.
 */
export async function answerSafely(
  parts: RouterParts,
  reply: FastifyReply,
  answer: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  try {
    return await answer();
  } catch (error) {
    parts.mistakes.report(error, reply.request.id);
    if (!reply.raw.headersSent) return sendRefusal(reply, INTERNAL_ERROR);
    reply.raw.destroy();
    return reply;
  }
}
