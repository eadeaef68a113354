/** From the bytes of a body to a checked request, or the refusal that says where it is wrong. */
import { type JsonBounds, parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import { hasMoreFields } from '#domain/bounded-json/bounded-collection.ts';
import type { ReadRequest } from '#domain/dialects/dialect.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import { invalidRequest } from './refusals.ts';

export type ReadBody<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: Refusal };

/** Callers cut their texts into tokens before they send them, and a batch is a number for each. */
export const EMBEDDINGS_BOUNDS: JsonBounds = { depth: 16, values: 500_000 };

/** Of the body itself. What nobody knows is passed on to the provider, and each field is looked at several times. */
const MOST_FIELDS = 1_000;

export function readBody<Value>(
  body: unknown,
  read: (json: unknown) => ReadRequest<Value>,
  bounds?: JsonBounds,
): ReadBody<Value> {
  // A request without a body has no content type either, so it meets no parser on its way here.
  if (!Buffer.isBuffer(body) || body.length === 0) return refuse('The body is empty.');
  const json = parseBoundedJson(body.toString('utf8'), bounds);
  if (!json.ok) return refuse(`The body ${json.message}.`);
  if (hasMoreFields(json.value, MOST_FIELDS)) return refuse(`The body has more than ${MOST_FIELDS} fields.`);
  const request = read(json.value);
  return request.ok ? request : refuse(request.message, request.param);
}

function refuse(message: string, param?: string): ReadBody<never> {
  return { ok: false, refusal: invalidRequest(message, param) };
}
