/** What the dialects share in reading a provider's refusal: bounded, scrubbed messages and waiting times. */
import { type JsonBounds, parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { ProviderFailureCode } from '#domain/failures/failure-codes.ts';
import type { ProviderFailure } from '#domain/failures/provider-failure.ts';
import { ANSWER_BOUNDS } from './answer-limits.ts';

type Headers = Readonly<Record<string, string | undefined>>;

const LONGEST_MESSAGE = 300;
/** Providers echo keys in full or in part ("Incorrect API key provided: sk-ab***yz"), proxies echo whole headers. */
const SECRETS: readonly RegExp[] = [
  /\b(bearer|basic)\s+[^\s"',;]+/gi,
  /\b(?:x-(?:goog-)?api-key|api[-_ ]?key(?: provided)?|access[-_ ]token|token|key|secret|password)\b\s*["']?\s*[:=]\s*["']?[^\s"',;&]+/gi,
  /\b(?:sk|pk|rk|gsk|xai|hf|r8|nvapi|ghp|glpat)[-_][\w*.-]{6,}/g,
  /\bAIza[\w*-]{6,}/g,
  /\b(?:AQ\.|ya29\.)[\w*.-]{6,}/g,
  /\beyJ[\w-]{6,}\.[\w.-]+/g,
  /\b(?=\w*\d)(?=\w*[a-z])\w{24,}/gi,
];

/** Text of a provider made fit for logs, conditions and clients: one line, no key, at most 300 characters. */
export function scrubMessage(text: string): string {
  // Cut before the patterns run, far beyond the final bound: an error page of megabytes must not cost their time.
  const line = text
    .slice(0, 4000)
    .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim();
  const scrubbed = SECRETS.reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), line);
  return scrubbed.length <= LONGEST_MESSAGE
    ? scrubbed
    : `${Array.from(scrubbed)
        .slice(0, LONGEST_MESSAGE - 1)
        .join('')}…`;
}

export function failure(
  code: ProviderFailureCode,
  message: string,
  retryAfterSeconds?: number,
): ProviderFailure {
  const scrubbed = scrubMessage(message) || 'The provider gave no reason.';
  return retryAfterSeconds === undefined
    ? { code, message: scrubbed }
    : { code, message: scrubbed, retryAfterSeconds };
}

/** The meaning of a status on which all providers agree. Context and content refusals are known by the body only. */
export function codeOfStatus(status: number): ProviderFailureCode {
  if (status === 401 || status === 403) return 'key_refused';
  if (status === 404 || status === 405 || status === 410) return 'model_not_found';
  if (status === 413) return 'context_length_exceeded';
  // 402 is an empty account. It heals by itself once somebody pays, like a limit and unlike a wrong key.
  if (status === 429 || status === 402) return 'rate_limited';
  if (status === 529) return 'overloaded';
  if (status === 408 || status === 409 || status === 425 || status >= 500) return 'unavailable';
  return status >= 400 ? 'request_refused' : 'unavailable';
}

/**
 * Seconds to wait by `retry-after-ms` (OpenAI, Anthropic) or `retry-after` in either form of RFC 9110. A date is
 * read against the answer's own `date`, so that a wrong clock on this side does no harm.
 */
export function retryAfterSeconds(headers: Headers): number | undefined {
  const milliseconds = Number(headers['retry-after-ms'] ?? Number.NaN);
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return milliseconds / 1000;
  const value = headers['retry-after']?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value);
  const until = Date.parse(value);
  const sent = Date.parse(headers['date'] ?? '');
  return Number.isNaN(until) || Number.isNaN(sent) ? undefined : Math.max(0, (until - sent) / 1000);
}

const CONTEXT_TOO_LONG =
  /context[_ ](?:length|window|size)|maximum context|prompt is too long|input (?:is )?too long|too many (?:input )?tokens|input token count|exceeds the (?:maximum|available) (?:number of tokens|context)/i;

export function saysContextTooLong(text: string): boolean {
  return CONTEXT_TOO_LONG.test(text);
}

/**
 * Undefined when the text is no JSON, or nests deeper than anything of use: whoever walks a value or writes it out again
 * goes one frame deeper for each level, and the stack has an end.
 */
export function parseJson(text: string, bounds: JsonBounds = ANSWER_BOUNDS): unknown {
  const parsed = parseBoundedJson(text, bounds);
  return parsed.ok ? parsed.value : undefined;
}
