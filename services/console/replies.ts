/** How the console refuses: the shape of errors that all processes have. */
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { FAILURES } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import { retryAfterHeaders } from '#process/http/retry-after.ts';
import { RefusedError } from './refused-error.ts';

export function sendRefusal(reply: FastifyReply, refusal: Refusal, more: object = {}): FastifyReply {
  const { code, message, param = null, retryAfterSeconds } = refusal;
  const { status, type } = FAILURES[code];
  return reply
    .code(status)
    .headers(retryAfterSeconds === undefined ? {} : retryAfterHeaders(retryAfterSeconds))
    .send({ error: { message, type, code, param }, ...more });
}

/** What a request says, or a RefusedError that names the field. */
export function readRequest<Value>(schema: z.ZodType<Value>, given: unknown): Value {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join('.') ?? '';
  throw new RefusedError({
    code: 'invalid_request',
    message: `${path === '' ? 'The request' : path}: ${issue?.message ?? 'does not fit'}.`.slice(0, 500),
    ...(path === '' ? {} : { param: path.slice(0, 200) }),
  });
}

export function notFound(what: string): RefusedError {
  return new RefusedError({
    code: 'not_found',
    message: `There is no ${what}, or you may not see it.`,
  });
}
