/**
 * From the bytes of a body to JSON, bounded at every step before the next one is taken: the bytes that come, the bytes
 * that a compressed body inflates to, and the depth and number of values.
 */
import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type JsonBounds, parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import { type Read, invalidRequest } from './replies.ts';

const inflate = promisify(gunzip);

export async function readBoundedJson(
  body: unknown,
  contentEncoding: string | undefined,
  largestBytes: number,
  bounds: JsonBounds,
): Promise<Read<{ readonly json: unknown; readonly bytes: number }>> {
  if (!Buffer.isBuffer(body) || body.length === 0) return refuse('The body is empty.');
  const plain = await inflated(body, contentEncoding, largestBytes);
  if (!plain.ok) return plain;
  // Decoded all the same, it would be another record than the one that was told.
  if (!isUtf8(plain.value)) return refuse('The body is not UTF-8.');
  const json = parseBoundedJson(plain.value.toString('utf8'), bounds);
  return json.ok
    ? { ok: true, value: { json: json.value, bytes: plain.value.length } }
    : refuse(`The body ${json.message}.`);
}

async function inflated(
  body: Buffer,
  contentEncoding: string | undefined,
  largestBytes: number,
): Promise<Read<Buffer>> {
  if (contentEncoding === undefined || contentEncoding === 'identity') return { ok: true, value: body };
  if (contentEncoding !== 'gzip') {
    return {
      ok: false,
      refusal: { code: 'unsupported_media_type', message: 'content-encoding must be gzip or none.' },
    };
  }
  try {
    return { ok: true, value: await inflate(body, { maxOutputLength: largestBytes }) };
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return isTooLarge
      ? {
          ok: false,
          refusal: {
            code: 'body_too_large',
            message: `The body is larger than ${largestBytes / 1024 / 1024} MiB when it is inflated.`,
          },
        }
      : refuse('The body is not what gzip writes.');
  }
}

function refuse(message: string): {
  readonly ok: false;
  readonly refusal: ReturnType<typeof invalidRequest>;
} {
  return { ok: false, refusal: invalidRequest(message) };
}
