/** What a caller is told who gets no answer, or none that is whole. */
import type { FastifyReply } from 'fastify';
import {
  ContextLengthExceededError,
  EmptyTextError,
  UnsupportedSchemaError,
} from '#adapters/llama/language-model.ts';
import type { Extensions } from '#domain/chat/extensions.ts';
import type { ReadRequest } from '#domain/dialects/dialect.ts';
import { fieldWithEffect } from '#domain/dialects/foreign-extensions.ts';
import { OPENAI_FRONT } from '#domain/dialects/openai/front.ts';
import { FAILURES, type LocalModelFailureCode } from '#domain/failures/failure-codes.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import { QueueFullError } from './admission-queue.ts';
import { retryAfterHeaders } from '#process/http/retry-after.ts';
import { ClientGoneError } from './request-abort.ts';

export const SCHEMA_PARAM = 'response_format.json_schema.schema';

export interface LocalRefusal extends Refusal {
  readonly code: LocalModelFailureCode;
}

/** A request as it was understood, or why it cannot be answered. */
export type Understood<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: LocalRefusal };

export function refused(
  code: LocalModelFailureCode,
  message: string,
  param?: string,
): Understood<never> & { readonly ok: false } {
  return { ok: false, refusal: { code, message, ...(param === undefined ? {} : { param }) } };
}

/** What this model cannot do. `param` is the field that asks for it. */
export function unsupported(message: string, param: string): ReturnType<typeof refused> {
  return refused('unsupported', message, param);
}

const WORDS_OF_FIELD = new Map([
  ['logprobs', 'This server gives no log probabilities: leave out logprobs.'],
  ['logit_bias', 'This server takes no logit_bias: leave it out.'],
]);

/** What of the request has no neutral word, and would change the answer: this model has no use for it. */
export function problemOfExtensions(
  extensions: Extensions | undefined,
): ReturnType<typeof refused> | undefined {
  const name = fieldWithEffect(extensions)?.slice(0, 100);
  if (name === undefined) return undefined;
  return unsupported(
    WORDS_OF_FIELD.get(name) ?? `This model cannot do the field ${name}: leave it out.`,
    name,
  );
}

/** What the front of a dialect has read of a body. */
export function understood<Value>(read: ReadRequest<Value>): Understood<Value> {
  return read.ok ? read : refused('invalid_request', read.message, read.param);
}

export function modelNotFound(asked: string, served: readonly string[]): ReturnType<typeof refused> {
  const message = `There is no model ${JSON.stringify(asked.slice(0, 256))} here: use ${served.join(' or ')}.`;
  return refused('model_not_found', message, 'model');
}

export const CUT_BY_MISTAKE: LocalRefusal = {
  code: 'internal_error',
  message: 'The server could not finish this answer; its log says why.',
};

/** What an aborted request is told, which only those read who did not abort it themselves. */
export function refusalOfAbort(signal: AbortSignal): LocalRefusal {
  return signal.reason instanceof ClientGoneError
    ? { code: 'cancelled', message: 'The caller left.' }
    : {
        code: 'shutting_down',
        message: 'The server is stopping: ask again, another one will answer.',
        retryAfterSeconds: 1,
      };
}

/**
 * What an error of a model or of the queue means for the caller; undefined when it is none of the foreseen ones. `param` is
 * the field that the model was given.
 */
export function refusalOfError(error: unknown, param: string): LocalRefusal | undefined {
  if (error instanceof ContextLengthExceededError) {
    const amount = error.tokens === undefined ? 'far more' : String(error.tokens);
    const message = `This model's maximum context length is ${error.contextTokens} tokens, and your ${param} has ${amount}: shorten it.`;
    return { code: 'context_length_exceeded', message, param };
  }
  if (error instanceof EmptyTextError) {
    return { code: 'invalid_request', message: `A text in ${param} is empty: leave it out.`, param };
  }
  if (error instanceof UnsupportedSchemaError) {
    const message = `response_format.json_schema.schema cannot be used: ${error.message}.`;
    return { code: 'unsupported', message, param: SCHEMA_PARAM };
  }
  if (error instanceof QueueFullError) {
    const { waiting, retryAfterSeconds } = error;
    const message = `All places are taken and ${waiting} requests wait already: try again in ${retryAfterSeconds} s.`;
    return { code: 'queue_full', message, retryAfterSeconds };
  }
  return undefined;
}

export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { code, retryAfterSeconds } = refusal;
  if (retryAfterSeconds !== undefined) void reply.headers(retryAfterHeaders(retryAfterSeconds));
  return sendJsonText(reply.code(FAILURES[code].status), OPENAI_FRONT.writeRefusal(refusal));
}

/** What the front of a dialect has written. */
export function sendJsonText(reply: FastifyReply, text: string): FastifyReply {
  return reply.header('content-type', 'application/json; charset=utf-8').send(text);
}
