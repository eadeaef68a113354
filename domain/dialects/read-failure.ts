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

const CODE_OF_STATUS = new Map<number, ProviderFailureCode>([
  [401, 'key_refused'],
  // 402 is an empty account. It heals by itself once somebody pays, like a limit and unlike a wrong key.
  [402, 'rate_limited'],
  [403, 'key_refused'],
  [404, 'model_not_found'],
  [405, 'model_not_found'],
  [410, 'model_not_found'],
  [413, 'context_length_exceeded'],
  [429, 'rate_limited'],
  // Groq's word for no capacity, and Anthropic's.
  [498, 'overloaded'],
  [529, 'overloaded'],
  // These do not blame the request; 451 is a place without the service, 499 a call that was cancelled there.
  ...[408, 409, 421, 424, 425, 451, 499].map((status) => [status, 'unavailable'] as const),
]);

/** The meaning of a status on which all providers agree. Context and content refusals are known by the body only. */
export function codeOfStatus(status: number, body = ''): ProviderFailureCode {
  // A page for people comes from what stands before the provider, which knows nothing of keys.
  if (status === 403 && /^\s*<(?:!doctype|html)/i.test(body.slice(0, 200))) return 'unavailable';
  const isBlamed = status >= 400 && status < 500;
  return CODE_OF_STATUS.get(status) ?? (isBlamed ? 'request_refused' : 'unavailable');
}

const DECIMAL = /^\d{1,12}(?:\.\d{1,12})?$/;

/**
 * Seconds to wait by `retry-after-ms` (OpenAI, Anthropic) or `retry-after` in either form of RFC 9110. A date is
 * read against the answer's own `date`, so that a wrong clock on this side does no harm.
 */
export function retryAfterSeconds(headers: Headers): number | undefined {
  const milliseconds = headers['retry-after-ms']?.trim() ?? '';
  if (DECIMAL.test(milliseconds)) return Number(milliseconds) / 1000;
  const value = headers['retry-after']?.trim();
  if (value === undefined || value === '') return undefined;
  if (DECIMAL.test(value)) return Number(value);
  const until = Date.parse(value);
  const sent = Date.parse(headers['date'] ?? '');
  return Number.isNaN(until) || Number.isNaN(sent) ? undefined : Math.max(0, (until - sent) / 1000);
}

const CONTEXT_TOO_LONG =
  /context[_ ](?:length|window|size|limit)|maximum (?:prompt|input) length|inputs`? tokens \+|reduce (?:the length of )?(?:the|your) (?:messages|prompt|input)|maximum context|prompt is too long|input (?:is )?too long|too many (?:input )?tokens|input token count|exceeds the (?:maximum|available) (?:number of tokens|context)/i;

export function saysContextTooLong(text: string): boolean {
  return CONTEXT_TOO_LONG.test(text);
}

/** What one status is used for besides its own meaning, by the words of the sentence. */
const MODEL_OUT_OF_REACH =
  /(?:does not|doesn't|do not|don't|not) have (?:access|permission) to (?:access |use )?(?:the )?(?:requested |tuned |specified )?(?:model|engine)|not (?:allowed|authorized|permitted|entitled) to (?:use|access|call|sample from) (?:this |the )?model|\bmodel\b.{0,120}\b(?:does not exist|not found|is not available|is not supported|is blocked|has been (?:deprecated|decommissioned))|must be verified to (?:use|stream)|invalid model\b|(?:no access to|unable to access) (?:the )?(?:non-serverless )?model/i;
const ACCOUNT_EMPTY =
  /credit balance|insufficient (?:balance|credits?|funds|quota)|exceeded your current quota|(?:spending|billing|hard|usage) limit (?:has been |was )?(?:reached|exceeded)|reached (?:its|your) (?:monthly )?(?:spending|billing|usage) limit|used all available credits|out of credits|payment required|account .{0,60}suspended|enable billing/i;
const MODERATED = /\bflagged\b|moderation|(?:content|usage) polic(?:y|ies)|safety system/i;
const PLACE_REFUSED =
  /(?:country|region|territory|location)\b.{0,40}\bnot (?:supported|available)|not (?:supported|available) in your (?:country|region|location)/i;
const OVERLOADED = /overloaded|(?:over|at|no|out of) capacity|high demand|slow down|too busy/i;
const TOO_MANY = /rate.?limit|too many requests/i;

/** Where the status, or the provider's own word, leaves it open. Nothing is refined that says what it means. */
export function refinedByWords(code: ProviderFailureCode, message: string): ProviderFailureCode {
  if (code === 'unavailable') {
    if (OVERLOADED.test(message)) return 'overloaded';
    return TOO_MANY.test(message) ? 'rate_limited' : code;
  }
  if (code !== 'request_refused' && code !== 'key_refused') return code;
  if (code === 'request_refused' && saysContextTooLong(message)) return 'context_length_exceeded';
  // The key is good, the place is not: nothing is known about other Models of this key at other endpoints.
  if (PLACE_REFUSED.test(message)) return 'unavailable';
  // An empty account heals by itself once somebody pays, like a limit and unlike a wrong key.
  if (ACCOUNT_EMPTY.test(message)) return 'rate_limited';
  // A key that may not use this Model is good for others: only the Model is out of reach.
  if (MODEL_OUT_OF_REACH.test(message)) return 'model_not_found';
  return MODERATED.test(message) ? 'content_refused' : code;
}

/**
 * Undefined when the text is no JSON, or nests deeper than anything of use: whoever walks a value or writes it out again
 * goes one frame deeper for each level, and the stack has an end.
 */
export function parseJson(text: string, bounds: JsonBounds = ANSWER_BOUNDS): unknown {
  const parsed = parseBoundedJson(text, bounds);
  return parsed.ok ? parsed.value : undefined;
}
