/** Anthropic's refusals: as a status, inside a stream that began with 200, and as the body of a whole answer with 200. */
import { z } from 'zod';
import type { ProviderFailureCode } from '#domain/failures/failure-codes.ts';
import type { ProviderFailure } from '#domain/failures/provider-failure.ts';
import { codeOfStatus, failure, parseJson, refinedByWords, retryAfterSeconds } from '../read-failure.ts';

const Text = z.string().nullish().catch(undefined);
const ErrorBody = z.looseObject({
  error: z.union([z.looseObject({ type: Text, message: Text }), z.string()]),
});

const CODE_OF_TYPE = new Map<string, ProviderFailureCode>(
  Object.entries({
    invalid_request_error: 'request_refused',
    authentication_error: 'key_refused',
    permission_error: 'key_refused',
    // An empty account heals by itself once somebody pays, like a limit and unlike a wrong key.
    billing_error: 'rate_limited',
    not_found_error: 'model_not_found',
    request_too_large: 'context_length_exceeded',
    rate_limit_error: 'rate_limited',
    timeout_error: 'unavailable',
    api_error: 'unavailable',
    overloaded_error: 'overloaded',
  }),
);

export function readAnthropicFailure(
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
): ProviderFailure {
  const { type, message } = readError(parseJson(body)) ?? { type: '', message: '' };
  const code = CODE_OF_TYPE.get(type) ?? codeOfStatus(status, body);
  return failure(
    refinedByWords(code, message),
    message || `Anthropic answered status ${status}.`,
    retryAfterSeconds(headers),
  );
}

/** The failure that a body or an event with status 200 tells of; undefined when it tells of none. */
export function readAnthropicError(body: unknown): ProviderFailure | undefined {
  const error = readError(body);
  if (error === undefined) return undefined;
  const code = CODE_OF_TYPE.get(error.type) ?? 'unavailable';
  return failure(refinedByWords(code, error.message), error.message || 'Anthropic answered with an error.');
}

function readError(body: unknown): { readonly type: string; readonly message: string } | undefined {
  const parsed = ErrorBody.safeParse(body);
  if (!parsed.success) return undefined;
  const { error } = parsed.data;
  return typeof error === 'string'
    ? { type: '', message: error }
    : { type: error.type ?? '', message: error.message ?? '' };
}
