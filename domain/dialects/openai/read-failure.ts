/** Refusals in OpenAI's error shape, and in the shapes of the servers that only nearly speak it. */
import { PROVIDER_FAILURES, type ProviderFailureCode } from '#domain/failures/failure-codes.ts';
import type { ProviderFailure } from '#domain/failures/provider-failure.ts';
import {
  codeOfStatus,
  failure,
  parseJson,
  refinedByWords,
  retryAfterSeconds,
  saysContextTooLong,
} from '../read-failure.ts';
import { type WireObject, isObject, objectOf, textOf } from './wire-values.ts';

/** Servers of ours tell the codes of the one table; the others have words of their own. */
const CODE_OF_WORD = new Map<string, ProviderFailureCode>([
  ...(Object.keys(PROVIDER_FAILURES) as ProviderFailureCode[]).map((code) => [code, code] as const),
  ...Object.entries<ProviderFailureCode>({
    exceed_context_size_error: 'context_length_exceeded',
    content_policy_violation: 'content_refused',
    content_filter: 'content_refused',
    moderation_blocked: 'content_refused',
    data_inspection_failed: 'content_refused',
    invalid_prompt: 'content_refused',
    invalid_api_key: 'key_refused',
    authentication_error: 'key_refused',
    invalid_organization: 'key_refused',
    model_not_available: 'model_not_found',
    not_found_error: 'model_not_found',
    unsupported_model: 'model_not_found',
    invalid_model: 'model_not_found',
    model_decommissioned: 'model_not_found',
    model_not_active: 'model_not_found',
    model_terms_required: 'model_not_found',
    model_permission_blocked_org: 'model_not_found',
    model_permission_blocked_project: 'model_not_found',
    rate_limit_exceeded: 'rate_limited',
    rate_limit_error: 'rate_limited',
    // An empty account heals by itself once somebody pays: like a limit, and unlike a wrong key.
    insufficient_quota: 'rate_limited',
    exceeded_current_quota_error: 'rate_limited',
    insufficient_balance: 'rate_limited',
    arrearage: 'rate_limited',
    billing_not_active: 'rate_limited',
    billing_hard_limit_reached: 'rate_limited',
    // The key is good, the place is not: nothing is known about other Models of this key at other endpoints.
    unsupported_country_region_territory: 'unavailable',
    server_overloaded: 'overloaded',
    engine_overloaded: 'overloaded',
    overloaded_error: 'overloaded',
    server_error: 'unavailable',
    internal_error: 'unavailable',
    // The model wrote what the server could not read: the request is not to blame, and another attempt may do better.
    tool_use_failed: 'answer_malformed',
    json_validate_failed: 'answer_malformed',
    output_parse_failed: 'answer_malformed',
    unsupported_parameter: 'unsupported',
    unsupported_value: 'unsupported',
    invalid_function_parameters: 'unsupported',
    invalid_json_schema: 'unsupported',
    invalid_request_error: 'request_refused',
    invalid_request: 'request_refused',
  }),
]);

interface ToldError {
  readonly message: string;
  /** Its code and type, where they are given. */
  readonly words: readonly string[];
}

export function readOpenAiFailure(
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
): ProviderFailure {
  const { message, words } = toldError(parseJson(body)) ?? {
    message: `The provider answered status ${status}.`,
    words: [],
  };
  return failure(codeOf(codeOfStatus(status, body), words, message), message, retryAfterSeconds(headers));
}

/**
 * The error inside an answer or a stream that began with status 200, where the words are all there is; undefined when the body
 * tells of none.
 */
export function failureInside(body: unknown): ProviderFailure | undefined {
  const told = toldError(body);
  if (told === undefined) return undefined;
  const status = told.words.map(Number).find((word) => word >= 400 && word < 600);
  const word = codeOfWords(told.words);
  const base = status === undefined ? (word ?? 'unavailable') : codeOfStatus(status);
  return failure(codeOf(base, told.words, told.message), told.message);
}

/** An event that is an error by its name, whatever stands in it. */
export function failureOfErrorEvent(body: unknown): ProviderFailure {
  return failureInside(body) ?? failure('unavailable', BROKE_OFF);
}

const BROKE_OFF = 'The provider broke off its answer with an error.';

/** Google's endpoint in this format puts the error into a list. */
function toldError(body: unknown): ToldError | undefined {
  const told: unknown = Array.isArray(body) ? body[0] : body;
  if (!isObject(told)) return undefined;
  const hasChoices = Array.isArray(told['choices']);
  return nestedError(told) ?? (hasChoices ? undefined : flatError(told));
}

/** OpenAI and vLLM nest the error; some give a list of them, and OpenRouter has it in the choice. */
function nestedError(body: WireObject): ToldError | undefined {
  const choices: unknown = body['choices'];
  const inChoice = Array.isArray(choices) ? objectOf(choices[0])?.['error'] : undefined;
  const list: unknown = body['errors'];
  for (const error of [body['error'], inChoice, Array.isArray(list) ? list[0] : undefined]) {
    const text = textOf(error);
    if (text !== undefined) return { message: textOf(body['message']) ?? text, words: [text] };
    const told = isObject(error) ? flatError(error) : undefined;
    if (told !== undefined) return { ...told, message: told.message || (textOf(body['message']) ?? '') };
    if (error === true) return flatError(body) ?? { message: BROKE_OFF, words: [] };
  }
  return undefined;
}

/** FastAPI says `detail`; others have the fields of an error at the root, under names of their own. */
function flatError(body: WireObject): ToldError | undefined {
  const base = objectOf(body['base_resp']) ?? {};
  const detail: unknown = body['detail'];
  const firstDetail = Array.isArray(detail) ? objectOf(detail[0])?.['msg'] : detail;
  const message = [
    body['message'],
    firstDetail,
    body['msg'],
    body['error_msg'],
    base['status_msg'],
    objectOf(body['metadata'])?.['raw'],
  ]
    .map(textOf)
    .find((text) => text !== undefined);
  const words = [
    body['code'],
    body['type'],
    body['error_code'],
    body['status_code'],
    body['status'],
    base['status_code'],
  ]
    .map(textOf)
    .filter((word) => word !== undefined);
  if (message === undefined && !words.some(saysFailure)) return undefined;
  return { message: message ?? `The provider answered with the error ${words.join(', ')}.`, words };
}

function saysFailure(word: string): boolean {
  return CODE_OF_WORD.has(word.toLowerCase()) || /^[45]\d\d$/.test(word) || /error|fail|invalid/i.test(word);
}

/** Words of the body may say more than the status does, but only where the status leaves it open. */
function codeOf(base: ProviderFailureCode, words: readonly string[], message: string): ProviderFailureCode {
  const told = codeOfWords(words);
  if (base === 'request_refused') {
    if (saysContextTooLong(`${words.join(' ')} ${message}`)) return 'context_length_exceeded';
    if (told !== undefined && told !== 'request_refused') return told;
    // How much a model may write at most is known to its provider alone: another Model may write more.
    if (/supports at most \d+ (?:completion|output) tokens/i.test(message)) return 'unsupported';
  }
  if (base === 'key_refused' && told !== undefined && OTHER_THAN_KEY.has(told)) return told;
  return refinedByWords(base, message);
}

/** What status 401 and 403 may mean as well. A key that may not use this Model is good for others. */
const OTHER_THAN_KEY: ReadonlySet<ProviderFailureCode> = new Set([
  'model_not_found',
  'content_refused',
  'unavailable',
  'rate_limited',
]);

function codeOfWords(words: readonly string[]): ProviderFailureCode | undefined {
  return words.map((word) => CODE_OF_WORD.get(word.toLowerCase())).find((code) => code !== undefined);
}
