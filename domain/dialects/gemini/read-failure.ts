/** Refusals of Google's APIs: google.rpc.Status in JSON, in a list when the request was for a stream. */
import { z } from 'zod';
import type { ProviderFailureCode } from '#domain/failures/failure-codes.ts';
import type { ProviderFailure } from '#domain/failures/provider-failure.ts';
import { codeOfStatus, failure, parseJson, refinedByWords, retryAfterSeconds } from '../read-failure.ts';

const Text = z.string().nullish().catch(undefined);
const ErrorBody = z.looseObject({
  error: z.looseObject({
    code: z.number().nullish().catch(undefined),
    message: Text,
    status: Text,
    details: z
      .array(z.looseObject({ reason: Text, retryDelay: Text }))
      .max(100)
      .nullish()
      .catch(undefined),
  }),
});
type GoogleError = z.infer<typeof ErrorBody>['error'];

const CODE_OF_STATUS = new Map<string, ProviderFailureCode>(
  Object.entries({
    INVALID_ARGUMENT: 'request_refused',
    FAILED_PRECONDITION: 'request_refused',
    OUT_OF_RANGE: 'request_refused',
    UNAUTHENTICATED: 'key_refused',
    PERMISSION_DENIED: 'key_refused',
    NOT_FOUND: 'model_not_found',
    RESOURCE_EXHAUSTED: 'rate_limited',
    ABORTED: 'unavailable',
    CANCELLED: 'unavailable',
    DEADLINE_EXCEEDED: 'unavailable',
    INTERNAL: 'unavailable',
    UNAVAILABLE: 'unavailable',
  }),
);

export function readGeminiFailure(
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
): ProviderFailure {
  return toFailure(
    readError(parseJson(body)),
    codeOfStatus(status, body),
    retryAfterSeconds(headers),
    `Gemini answered status ${status}.`,
  );
}

/** The failure that a body or an event with status 200 tells of; undefined when it tells of none. */
export function readGeminiError(body: unknown): ProviderFailure | undefined {
  const error = readError(body);
  return error === undefined
    ? undefined
    : toFailure(error, codeOfStatus(error.code ?? 500), undefined, 'Gemini answered with an error.');
}

function readError(body: unknown): GoogleError | undefined {
  const parsed = ErrorBody.safeParse(Array.isArray(body) ? body[0] : body);
  return parsed.success ? parsed.data.error : undefined;
}

function toFailure(
  error: GoogleError | undefined,
  base: ProviderFailureCode,
  headerSeconds: number | undefined,
  unsaid: string,
): ProviderFailure {
  const message = error?.message || unsaid;
  const code = CODE_OF_STATUS.get(error?.status ?? '') ?? base;
  return failure(refine(code, message, error), message, headerSeconds ?? retryDelaySeconds(error));
}

function refine(
  code: ProviderFailureCode,
  message: string,
  error: GoogleError | undefined,
): ProviderFailureCode {
  // A wrong key comes as status 400 INVALID_ARGUMENT; only the reason tells it from a wrong request.
  const isKeyRefused = error?.details?.some(({ reason }) => reason?.startsWith('API_KEY_') === true);
  const isAboutKey = isKeyRefused === true || /api key (?:not valid|expired)/i.test(message);
  return code === 'request_refused' && isAboutKey ? 'key_refused' : refinedByWords(code, message);
}

/** google.rpc.RetryInfo writes a protobuf Duration: seconds with up to nine decimals and an `s`. */
function retryDelaySeconds(error: GoogleError | undefined): number | undefined {
  const delay = error?.details?.find(({ retryDelay }) => /^\d+(\.\d{1,9})?s$/.test(retryDelay ?? ''));
  return delay?.retryDelay ? Number(delay.retryDelay.slice(0, -1)) : undefined;
}
