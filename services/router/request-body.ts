/** From the bytes of a body to a checked request, or one sentence that says where it is wrong. */
import type { z } from 'zod';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import { ChatRequest, EmbeddingsRequest } from '#domain/model-providers/openai-chat.ts';
import { isPlainChatRequest } from './plain-request.ts';
import { invalidRequest } from './refusals.ts';

export type ParsedBody<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: Refusal };

/** Far more than any conversation or batch; a problem in each of them must cost little too. */
const MOST_ITEMS = 10_000;

export const parseChatBody = (body: unknown): ParsedBody<ChatRequest> =>
  parseBody(ChatRequest, body, 'messages', isPlainChatRequest);
export const parseEmbeddingsBody = (body: unknown): ParsedBody<EmbeddingsRequest> =>
  parseBody(EmbeddingsRequest, body, 'input');

function parseBody<Value>(
  schema: z.ZodType<Value>,
  body: unknown,
  list: string,
  isPlain: (json: unknown) => json is Value = (_json): _json is Value => false,
): ParsedBody<Value> {
  // A request without a body has no content type either, so it meets no parser on its way here.
  if (!Buffer.isBuffer(body) || body.length === 0) return refuse('The body is empty.');
  const json = parseBoundedJson(body.toString('utf8'));
  if (!json.ok) return refuse(`The body ${json.message}.`);
  const items = (json.value as Readonly<Record<string, unknown>> | null)?.[list];
  if (Array.isArray(items) && items.length > MOST_ITEMS) {
    return refuse(`${list} has more than ${MOST_ITEMS} items.`, list);
  }
  if (isPlain(json.value)) return { ok: true, value: json.value };
  const parsed = schema.safeParse(json.value);
  return parsed.success ? { ok: true, value: parsed.data } : describeIssue(parsed.error.issues[0]);
}

function refuse(message: string, param?: string): ParsedBody<never> {
  return { ok: false, refusal: invalidRequest(message, param) };
}

function describeIssue(issue: z.core.$ZodIssue | undefined): ParsedBody<never> {
  if (issue === undefined) return refuse('The body is not valid.');
  const nested = issue.code === 'invalid_union' ? deepestIssue(issue) : undefined;
  const path = [...issue.path, ...(nested?.path ?? [])]
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
  const message = (nested ?? issue).message.replace(/^Invalid input: /, '');
  return path === ''
    ? refuse(`The body is not valid: ${message}.`)
    : refuse(`${path} is not valid: ${message}.`, path);
}

/** Of a union's branches the one that got furthest says best what is wrong. */
function deepestIssue(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue | undefined {
  return issue.errors
    .flatMap((branch) => branch.slice(0, 1))
    .toSorted((one, other) => other.path.length - one.path.length)[0];
}
