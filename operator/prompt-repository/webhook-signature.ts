/** Whether a request to a webhook comes from whoever holds its token, as the common servers show it. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 *   x-hub-signature-256: sha256=HEX   GitHub, Gitea, Forgejo: HMAC-SHA-256 of the body
 *   x-gitea-signature: HEX            Gitea, older ones
 *   x-gitlab-token: TOKEN             GitLab
 *
 * Every header that is there must be right.
 */
export function isWebhookSigned(headers: Headers, body: Uint8Array, token: string): boolean {
  const signature = (): string => createHmac('sha256', token).update(body).digest('hex');
  const given = [
    [headers['x-hub-signature-256'], () => `sha256=${signature()}`],
    [headers['x-gitea-signature'], signature],
    [headers['x-gitlab-token'], () => token],
  ] as const;
  const shown = given.filter(([value]) => value !== undefined);
  return (
    token !== '' &&
    shown.length > 0 &&
    shown.every(([value, expected]) => typeof value === 'string' && areEqual(value, expected()))
  );
}

/** In the same time whatever differs, also the length. */
function areEqual(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
