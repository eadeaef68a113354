/** From the bytes of an export request to its plain ones, bounded before they are made. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { OTLP_BOUNDS } from '#domain/otlp/reported-work.ts';
import type { Refusal } from '#domain/failures/refusal.ts';

const inflate = promisify(gunzip);

export type InflatedBody =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly refusal: Refusal };

export async function inflateBody(body: unknown, contentEncoding: string | undefined): Promise<InflatedBody> {
  if (!Buffer.isBuffer(body)) return refuse('invalid_request', 'The body is empty.');
  if (contentEncoding === undefined || contentEncoding === 'identity') return { ok: true, bytes: body };
  if (contentEncoding !== 'gzip') {
    return refuse('unsupported_media_type', 'The header content-encoding must be gzip, or be left out.');
  }
  try {
    return { ok: true, bytes: await inflate(body, { maxOutputLength: OTLP_BOUNDS.inflatedBytes }) };
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (!isTooLarge) return refuse('invalid_request', 'The body is not what gzip writes.');
    const mebibytes = OTLP_BOUNDS.inflatedBytes / 1024 / 1024;
    return refuse('body_too_large', `The body is larger than ${mebibytes} MiB when it is inflated.`);
  }
}

function refuse(code: Refusal['code'], message: string): InflatedBody {
  return { ok: false, refusal: { code, message } };
}
