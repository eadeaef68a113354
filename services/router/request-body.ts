/** From the bytes of a body to a checked request, or one sentence that says where it is wrong. */
import type { z } from 'zod';
import { ChatRequest, EmbeddingsRequest } from '#domain/model-providers/openai-chat.ts';
import { isPlainChatRequest } from './plain-request.ts';

export type ParsedBody<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string };

const PROTO = Buffer.from('__proto__');

export const parseChatBody = (body: unknown): ParsedBody<ChatRequest> =>
  parseBody(ChatRequest, body, isPlainChatRequest);
export const parseEmbeddingsBody = (body: unknown): ParsedBody<EmbeddingsRequest> =>
  parseBody(EmbeddingsRequest, body);

function parseBody<Value>(
  schema: z.ZodType<Value>,
  body: unknown,
  isPlain: (json: unknown) => json is Value = (_json): _json is Value => false,
): ParsedBody<Value> {
  // A request without a body has no content type either, so it meets no parser on its way here.
  if (!Buffer.isBuffer(body) || body.length === 0) return { ok: false, message: 'The body is empty.' };
  let json: unknown;
  try {
    const text = body.toString('utf8');
    // A key of that name would become the prototype of what the fields are copied into.
    json = body.includes(PROTO) ? JSON.parse(text, dropPrototypeKey) : JSON.parse(text);
  } catch (error) {
    // V8 quotes the text around the fault, which is the caller's prompt: only the place is told.
    const place = /position \d+/.exec(error instanceof Error ? error.message : '')?.[0];
    return {
      ok: false,
      message: `The body is not valid JSON${place === undefined ? '' : ` (at ${place})`}.`,
    };
  }
  if (isPlain(json)) return { ok: true, value: json };
  const parsed = schema.safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, message: describeIssue(parsed.error.issues[0]) };
}

function dropPrototypeKey(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}

function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'The body is not valid.';
  const nested = issue.code === 'invalid_union' ? deepestIssue(issue) : undefined;
  const path = [...issue.path, ...(nested?.path ?? [])]
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
  const message = (nested ?? issue).message.replace(/^Invalid input: /, '');
  return path === '' ? `The body is not valid: ${message}.` : `${path} is not valid: ${message}.`;
}

/** Of a union's branches the one that got furthest says best what is wrong. */
function deepestIssue(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue | undefined {
  return issue.errors
    .flatMap((branch) => branch.slice(0, 1))
    .toSorted((one, other) => other.path.length - one.path.length)[0];
}
