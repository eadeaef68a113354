/** How the ledger refuses: the shape of errors that all processes have. */
import type { FastifyReply } from 'fastify';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import { retryAfterHeaders } from '#process/http/retry-after.ts';

export type Read<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: Refusal };

export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { code, message, param = null, retryAfterSeconds } = refusal;
  const { status, type } = FAILURES[code];
  return reply
    .code(status)
    .headers(retryAfterSeconds === undefined ? {} : retryAfterHeaders(retryAfterSeconds))
    .send({ error: { message, type, code, param } });
}

export function invalidRequest(message: string, param?: string): Refusal {
  return { code: 'invalid_request', message, ...(param === undefined ? {} : { param }) };
}

export const SHUTTING_DOWN: Refusal = {
  code: 'shutting_down',
  message: 'This replica of the ledger is shutting down: ask again in a moment.',
  retryAfterSeconds: 1,
};

/** Of a position to go on from. */
export function beyondTheEnd(last: number): Refusal {
  return invalidRequest(
    `The ledger has no position beyond ${last}: it may have been restored from a backup. Go on with after=${last} or after=end, or read what is there with after=0.`,
    'after',
  );
}
