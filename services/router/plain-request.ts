/**
 * The shortest way for the most frequent request: text messages and a few plain settings. What this accepts, the schema
 * accepts too and leaves as it is (a property test holds it to that), so the schema need not look at it.
 */
import type { ChatRequest } from '#domain/model-providers/openai-chat.ts';

type FieldCheck = (value: unknown) => boolean;

const isNumber: FieldCheck = (value) => typeof value === 'number' && Number.isFinite(value);
const isPositiveInteger: FieldCheck = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const isBoolean: FieldCheck = (value) => typeof value === 'boolean';
const isString: FieldCheck = (value) => typeof value === 'string';

const PLAIN_FIELDS: Readonly<Record<string, FieldCheck>> = Object.assign(Object.create(null) as object, {
  model: isString,
  messages: arePlainMessages,
  stream: isBoolean,
  temperature: isNumber,
  top_p: isNumber,
  max_tokens: isPositiveInteger,
  max_completion_tokens: isPositiveInteger,
  seed: (value: unknown) => Number.isSafeInteger(value),
  user: isString,
});

const ROLES: ReadonlySet<unknown> = new Set(['system', 'developer', 'user', 'assistant', 'tool']);

export function isPlainChatRequest(json: unknown): json is ChatRequest {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false;
  const request = json as Readonly<Record<string, unknown>>;
  for (const field in request) {
    if (PLAIN_FIELDS[field]?.(request[field]) !== true) return false;
  }
  return request['model'] !== undefined && request['messages'] !== undefined;
}

function arePlainMessages(messages: unknown): boolean {
  return Array.isArray(messages) && messages.length > 0 && messages.every(isPlainMessage);
}

function isPlainMessage(message: unknown): boolean {
  if (typeof message !== 'object' || message === null) return false;
  const { role, content } = message as { readonly role?: unknown; readonly content?: unknown };
  return ROLES.has(role) && typeof content === 'string' && Object.keys(message).length === 2;
}
