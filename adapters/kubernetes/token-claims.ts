/** What a token says of itself, unverified: good enough to refuse, never to accept. */

export const TOKEN_MAXIMUM_LENGTH = 16_384;

type TokenClaims =
  | { readonly ok: true; readonly audiences: readonly string[]; readonly expiresAtEpochSeconds: number }
  | { readonly ok: false };

/** Every ServiceAccount token is a JWT with `exp` and `aud` (KEP-1205). */
export function readTokenClaims(token: string): TokenClaims {
  const parts = token.split('.', 4);
  if (token.length > TOKEN_MAXIMUM_LENGTH || parts.length !== 3 || parts[1] === undefined)
    return { ok: false };
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1], 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null) return { ok: false };
    const expiry = 'exp' in claims ? claims.exp : undefined;
    const audience = 'aud' in claims ? claims.aud : undefined;
    if (typeof expiry !== 'number' || !Number.isFinite(expiry)) return { ok: false };
    const audiences = (Array.isArray(audience) ? audience : [audience]).filter(
      (one) => typeof one === 'string',
    );
    return { ok: true, audiences, expiresAtEpochSeconds: expiry };
  } catch {
    return { ok: false };
  }
}
