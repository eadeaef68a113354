/**
 * Signatures by the specification of standardwebhooks.com, for which there are libraries in all languages: the time is signed with
 * the text, so that what somebody kept cannot be sent again later.
 */
import { createHmac } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';
const SECRET_MINIMUM_BYTES = 24;

/** The bytes of a secret as it stands in a file: `whsec_` and base64, or any other text as it is. Undefined: too short to be one. */
export function parseSigningSecret(text: string): Buffer | undefined {
  const trimmed = text.trim();
  const secret = trimmed.startsWith(SECRET_PREFIX)
    ? Buffer.from(trimmed.slice(SECRET_PREFIX.length), 'base64')
    : Buffer.from(trimmed, 'utf8');
  return secret.length < SECRET_MINIMUM_BYTES ? undefined : secret;
}

export function signatureHeaders(message: {
  readonly id: string;
  readonly timestampSeconds: number;
  readonly body: string;
  /** Undefined: unsigned. */
  readonly secret: Buffer | undefined;
}): Readonly<Record<string, string>> {
  const { id, timestampSeconds, body, secret } = message;
  const timestamp = String(timestampSeconds);
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (secret === undefined) return headers;
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { ...headers, 'webhook-signature': `v1,${signature}` };
}
