/** Refusals of Google's APIs: google.rpc.Status in JSON, in a list when the request was for a stream. */
import { z } from 'zod';
import type { ProviderFailure } from './dialect.ts';
import {
  type FailureKind,
  failure,
  kindOfStatus,
  parseJson,
  retryAfterSeconds,
  saysContextTooLong,
} from './provider-failure.ts';

const ErrorBody = z.looseObject({
  error: z.looseObject({
    code: z.number().nullish(),
    message: z.string().nullish(),
    status: z.string().nullish(),
    details: z
      .array(z.looseObject({ reason: z.string().nullish(), retryDelay: z.string().nullish() }))
      .nullish(),
  }),
});
type GoogleError = z.infer<typeof ErrorBody>['error'];

const KIND_OF_STATUS = new Map<string, FailureKind>(
  Object.entries({
    INVALID_ARGUMENT: 'badRequest',
    FAILED_PRECONDITION: 'badRequest',
    OUT_OF_RANGE: 'badRequest',
    UNAUTHENTICATED: 'keyRefused',
    PERMISSION_DENIED: 'keyRefused',
    NOT_FOUND: 'notFound',
    RESOURCE_EXHAUSTED: 'rateLimited',
  }),
);

export function parseGeminiFailure(
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
): ProviderFailure {
  const error = readError(parseJson(body));
  return toFailure(error, status, retryAfterSeconds(headers));
}

export function parseGeminiStreamError(event: unknown): ProviderFailure {
  const error = readError(event);
  return toFailure(error, error?.code ?? 500, undefined);
}

function readError(body: unknown): GoogleError | undefined {
  const parsed = ErrorBody.safeParse(Array.isArray(body) ? body[0] : body);
  return parsed.success ? parsed.data.error : undefined;
}

function toFailure(
  error: GoogleError | undefined,
  status: number,
  headerSeconds: number | undefined,
): ProviderFailure {
  const message = error?.message || `Gemini answered status ${status}.`;
  const kind = KIND_OF_STATUS.get(error?.status ?? '') ?? kindOfStatus(status);
  return failure(refineKind(kind, message, error), message, headerSeconds ?? retryDelaySeconds(error));
}

function refineKind(kind: FailureKind, message: string, error: GoogleError | undefined): FailureKind {
  if (kind === 'unavailable' && /overloaded/i.test(message)) return 'overloaded';
  if (kind !== 'badRequest') return kind;
  // A wrong key comes as status 400 INVALID_ARGUMENT; only the reason tells it from a wrong request.
  const keyRefused = error?.details?.some(({ reason }) => reason?.startsWith('API_KEY_') === true);
  if (keyRefused === true || /api key (?:not valid|expired)/i.test(message)) return 'keyRefused';
  return saysContextTooLong(message) ? 'contextTooLong' : kind;
}

/** google.rpc.RetryInfo writes a protobuf Duration: seconds with up to nine decimals and an `s`. */
function retryDelaySeconds(error: GoogleError | undefined): number | undefined {
  const delay = error?.details?.find(({ retryDelay }) => /^\d+(\.\d{1,9})?s$/.test(retryDelay ?? ''));
  return delay?.retryDelay ? Number(delay.retryDelay.slice(0, -1)) : undefined;
}
