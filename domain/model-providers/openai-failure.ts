/** Refusals in OpenAI's error shape, and in the shapes of the servers that only nearly speak it. */
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

const ErrorObject = z.looseObject({
  message: z.string().nullish(),
  type: z.string().nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
});
/** OpenAI and vLLM nest the error; FastAPI servers say `detail`, others `message` or `error` as plain text. */
const ErrorBody = z.looseObject({
  error: z.union([ErrorObject, z.string()]).nullish(),
  detail: z.string().nullish(),
  message: z.string().nullish(),
});

const KIND_OF_WORD = new Map<string, FailureKind>(
  Object.entries({
    context_length_exceeded: 'contextTooLong',
    content_policy_violation: 'contentRefused',
    content_filter: 'contentRefused',
    invalid_api_key: 'keyRefused',
    authentication_error: 'keyRefused',
    model_not_found: 'notFound',
    rate_limit_exceeded: 'rateLimited',
    rate_limit_error: 'rateLimited',
    insufficient_quota: 'rateLimited',
    server_overloaded: 'overloaded',
    overloaded_error: 'overloaded',
    invalid_request_error: 'badRequest',
    server_error: 'unavailable',
  }),
);

export function parseOpenAiFailure(
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
): ProviderFailure {
  const { message, words } = readError(parseJson(body), `The provider answered status ${status}.`);
  return failure(kindOf(kindOfStatus(status), words, message), message, retryAfterSeconds(headers));
}

/** An error inside a stream that began with status 200, where the words are all there is. */
export function parseOpenAiStreamError(event: unknown): ProviderFailure {
  const { message, words } = readError(event, 'The provider broke off its stream with an error.');
  const status = words.map(Number).find((word) => word >= 400 && word < 600);
  const fromWords = words.map((word) => KIND_OF_WORD.get(word)).find((kind) => kind !== undefined);
  const base = status === undefined ? (fromWords ?? 'unavailable') : kindOfStatus(status);
  return failure(kindOf(base, words, message), message);
}

function readError(body: unknown, fallback: string): { message: string; words: readonly string[] } {
  const parsed = ErrorBody.safeParse(body);
  if (!parsed.success) return { message: fallback, words: [] };
  const { error, detail, message } = parsed.data;
  if (typeof error === 'string') return { message: error, words: [] };
  const words = [error?.code, error?.type].filter((word) => word !== null && word !== undefined).map(String);
  return { message: error?.message ?? message ?? detail ?? fallback, words };
}

/** Words of the body may say more than the status does, but only where the status leaves it open. */
function kindOf(base: FailureKind, words: readonly string[], message: string): FailureKind {
  if (base === 'badRequest' && saysContextTooLong(`${words.join(' ')} ${message}`)) return 'contextTooLong';
  if (base === 'unavailable' && /overloaded|slow down/i.test(message)) return 'overloaded';
  if (base !== 'badRequest') return base;
  return words.map((word) => KIND_OF_WORD.get(word)).find((kind) => kind !== undefined) ?? base;
}
