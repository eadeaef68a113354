import { describe, expect, it } from 'vitest';
import { describeTransportError } from './transport-failure.ts';

const failureOf = (code: string) =>
  describeTransportError(Object.assign(new Error('never told'), { code }), false);

describe('a certificate that is at fault', () => {
  it.each([
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /authority that the router does not trust/, /certificateAuthorities/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /authority that the router does not trust/, /certificateAuthorities/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /authority that the router does not trust/, /whole chain/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /authority that the router does not trust/, /whole chain/],
    ['CERT_HAS_EXPIRED', /has expired/, /Renew/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /for another host name/, /spec\.endpoint/],
  ])('%s is named, with how it is mended', (code, message, remedy) => {
    const failure = failureOf(code);
    expect(failure).toMatchObject({ code: 'unreachable' });
    expect(failure.message).toMatch(message);
    expect(failure.certificateRemedy).toMatch(remedy);
  });

  it.each(['ECONNREFUSED', 'EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ENOTFOUND'])(
    '%s is no fault of a certificate',
    (code) => {
      expect(failureOf(code).certificateRemedy).toBeUndefined();
    },
  );
});
