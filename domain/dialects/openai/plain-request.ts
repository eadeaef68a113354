/**
 * The shortest way for the most frequent request: text messages and a few plain settings. What this reads, the schema reads
 * as the same request (a property test holds it to that), so the schema need not look at it.
 */
import type { ChatMessage, ChatRequest } from '#domain/chat/chat-request.ts';
import { MOST_MESSAGES } from './limits.ts';
import { given } from './wire-values.ts';

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

interface PlainRequest {
  readonly model: string;
  /** The wire form of a plain text message is the neutral one. */
  readonly messages: readonly ChatMessage[];
  readonly stream?: boolean;
  readonly temperature?: number;
  readonly top_p?: number;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly seed?: number;
  readonly user?: string;
}

/** Undefined when the request must take the long way. */
export function readPlainChatRequest(body: unknown): ChatRequest | undefined {
  if (!isPlain(body)) return undefined;
  const { model, messages, stream, temperature, top_p: topP, seed, user } = body;
  return {
    model,
    messages,
    tools: [],
    sampling: given({ temperature, topP, seed }),
    ...given({
      maximumOutputTokens: body.max_completion_tokens ?? body.max_tokens,
      stream: stream === true ? { includesUsage: false } : undefined,
      endUser: user === '' ? undefined : user,
    }),
  };
}

function isPlain(body: unknown): body is PlainRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  const request = body as Readonly<Record<string, unknown>>;
  for (const field in request) {
    if (PLAIN_FIELDS[field]?.(request[field]) !== true) return false;
  }
  return request['model'] !== undefined && request['messages'] !== undefined;
}

const ROLES: ReadonlySet<unknown> = new Set(['system', 'developer', 'user', 'assistant']);

function arePlainMessages(messages: unknown): boolean {
  if (!Array.isArray(messages) || messages.length > MOST_MESSAGES) return false;
  return messages.length > 0 && messages.every(isPlainMessage);
}

function isPlainMessage(message: unknown): boolean {
  if (typeof message !== 'object' || message === null) return false;
  const { role, content } = message as { readonly role?: unknown; readonly content?: unknown };
  return ROLES.has(role) && typeof content === 'string' && Object.keys(message).length === 2;
}
