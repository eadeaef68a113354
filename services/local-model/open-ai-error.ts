/** Errors as OpenAI writes them: {error: {message, type, code, param}} (https://platform.openai.com/docs/guides/error-codes). */
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import {
  ContextLengthExceededError,
  EmptyTextError,
  UnsupportedSchemaError,
} from '#adapters/llama/language-model.ts';
import { QueueFullError } from './admission-queue.ts';

export interface OpenAiError {
  readonly status: number;
  readonly retryAfterSeconds?: number;
  readonly error: {
    readonly message: string;
    readonly type: 'invalid_request_error' | 'rate_limit_error' | 'server_error';
    readonly code: string | null;
    readonly param: string | null;
  };
}

export function badRequest(
  message: string,
  code: string | null = null,
  param: string | null = null,
): OpenAiError {
  return { status: 400, error: { message, type: 'invalid_request_error', code, param } };
}

/** Of a body that does not fit the first problem is told; of a union, that of the branch which got furthest. */
export function invalidBody(error: z.ZodError): OpenAiError {
  let { path, message }: Pick<z.core.$ZodIssue, 'path' | 'message'> = {
    path: [],
    message: 'it does not fit',
  };
  for (let issue = error.issues[0]; issue !== undefined; issue = deepest(issue)) {
    path = [...(issue === error.issues[0] ? [] : path), ...issue.path];
    message = issue.message;
  }
  const param = path.join('.');
  return badRequest(`${param === '' ? 'The body' : param}: ${message}.`, 'invalid_value', param || null);
}

function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue | undefined {
  if (issue.code !== 'invalid_union') return undefined;
  return issue.errors
    .flatMap((branch) => branch.slice(0, 1))
    .toSorted((left, right) => right.path.length - left.path.length)[0];
}

export function sendError(
  reply: FastifyReply,
  { status, retryAfterSeconds, error }: OpenAiError,
): FastifyReply {
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', retryAfterSeconds);
  return reply.code(status).send({ error });
}

export function modelNotFound(message: string): OpenAiError {
  return {
    status: 404,
    error: { message, type: 'invalid_request_error', code: 'model_not_found', param: 'model' },
  };
}

export function serverError(message: string): OpenAiError {
  return { status: 500, error: { message, type: 'server_error', code: null, param: null } };
}

/** The answer to an error thrown by a model or the queue; undefined when it is none of the foreseen ones. */
export function describeModelError(error: unknown, param: string): OpenAiError | undefined {
  if (error instanceof ContextLengthExceededError) {
    const amount = error.tokens === undefined ? 'far more' : String(error.tokens);
    return badRequest(
      `This model's maximum context length is ${error.contextTokens} tokens, and your ${param} has ${amount}: shorten it.`,
      'context_length_exceeded',
      param,
    );
  }
  if (error instanceof EmptyTextError) {
    return badRequest(`A text in ${param} is empty: leave it out.`, 'invalid_value', param);
  }
  if (error instanceof UnsupportedSchemaError) {
    return badRequest(
      `response_format.json_schema.schema cannot be used: ${error.message}.`,
      'unsupported_schema',
      'response_format',
    );
  }
  if (error instanceof QueueFullError) {
    return {
      status: 429,
      retryAfterSeconds: error.retryAfterSeconds,
      error: {
        message: `All places are taken and ${error.waiting} requests wait already: try again in ${error.retryAfterSeconds} s.`,
        type: 'rate_limit_error',
        code: 'queue_full',
        param: null,
      },
    };
  }
  return undefined;
}
