/** What undici throws, as an AttemptFailure. Only codes go into the message: a URL or a header may hold a secret. */
import type { AttemptFailure } from '#domain/routing/attempt-failure.ts';

const WORDS_OF_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'The provider refused the connection',
  ECONNRESET: 'The provider reset the connection',
  EPIPE: 'The provider closed the connection',
  ENOTFOUND: "The provider's host name does not exist",
  EAI_AGAIN: "The provider's host name could not be resolved",
  EHOSTUNREACH: 'The provider is unreachable',
  ENETUNREACH: 'The provider is unreachable',
  ETIMEDOUT: 'The provider could not be connected to in time',
  UND_ERR_SOCKET: 'The provider closed the connection',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'The request could not be sent whole',
  UND_ERR_INVALID_ARG:
    'The request could not be formed: the key or endpoint holds a character that HTTP forbids',
  ERR_SSL_WRONG_VERSION_NUMBER: 'The endpoint begins with https:// and does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'The endpoint begins with https:// and does not speak TLS',
  BLOCKED_ADDRESS: 'The endpoint is an address that models may not have',
};

/** What is wrong with a certificate, and how that is mended. */
const PROBLEM_OF_CERTIFICATE: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ...Object.fromEntries(
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'CERT_UNTRUSTED',
      'INVALID_CA',
    ].map((code) => [
      code,
      [
        "The provider's certificate was issued by an authority that the router does not trust",
        'Give the endpoint a certificate, with its whole chain, of an authority that the router trusts, or let it trust yours (router.certificateAuthorities of the chart).',
      ],
    ]),
  ),
  CERT_HAS_EXPIRED: ["The provider's certificate has expired", 'Renew the certificate of the endpoint.'],
  CERT_NOT_YET_VALID: [
    "The provider's certificate is not valid yet",
    'Wait, or correct the clock of the machine that is wrong.',
  ],
  CERT_REVOKED: ["The provider's certificate was revoked", 'Replace the certificate of the endpoint.'],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "The provider's certificate is for another host name",
    'Write the name that the certificate is for into spec.endpoint, or give the endpoint a certificate for its name.',
  ],
};

export function describeTransportError(error: unknown, hasHead: boolean): AttemptFailure {
  const code = codeOf(error);
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    const message = 'The provider could not be connected to in time';
    return { code: 'unreachable', message: `${message} (${code})` };
  }
  if (
    code.startsWith('HPE_') ||
    code === 'HTTPParserError' ||
    code === 'UND_ERR_HEADERS_OVERFLOW' ||
    code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE'
  ) {
    return {
      code: 'answer_malformed',
      message: `The provider answered with something that is not HTTP (${code})`,
    };
  }
  if (hasHead) return { code: 'answer_cut', message: `The provider cut its answer off (${code})` };
  const certificate = PROBLEM_OF_CERTIFICATE[code];
  if (certificate !== undefined) {
    const [what, certificateRemedy] = certificate;
    return { code: 'unreachable', message: `${what} (${code})`, certificateRemedy };
  }
  const words =
    WORDS_OF_CODE[code] ??
    (isTlsCode(code) ? 'TLS with the provider failed' : 'The provider could not be reached');
  return { code: 'unreachable', message: `${words} (${code})` };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  // Of several addresses that were tried, the first failure stands for all.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const known = first instanceof Error && 'code' in first ? first.code : undefined;
  return typeof known === 'string' && /^[A-Z0-9_]{1,64}$/.test(known) ? known : error.name;
}

function isTlsCode(code: string): boolean {
  return /CERT|TLS|SSL|SELF_SIGNED|SIGNATURE|EPROTO/.test(code);
}
