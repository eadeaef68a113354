import { describe, expect, it } from 'vitest';
import { BlockedAddressError, guardedLookup, isBlockedAddress } from './blocked-addresses.ts';
import { ProviderConnections } from './provider-connections.ts';

const STRICT = { allowLoopback: false };

/** How an author of a Model object might write the metadata service or the router's own pod. */
const FORBIDDEN = [
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.16689662',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[fe80::1]',
  '[fd00:ec2::254]',
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f000001',
  '017700000001',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '0.0.0.0',
  '0',
  '[::]',
  '224.0.0.1',
  '255.255.255.255',
  '[ff02::1]',
];

describe('addresses that models may not have', () => {
  it.each(FORBIDDEN)('http://%s is not connected to', (host) => {
    const connections = new ProviderConnections(STRICT);
    expect(() => connections.poolFor(new URL(`http://${host}/v1`), 1_000)).toThrow(BlockedAddressError);
  });

  it.each([
    '10.0.0.7',
    '192.168.1.1',
    '203.0.113.9',
    '[2001:db8::1]',
    '[fd12::1]',
    '[::ffff:10.0.0.7]',
    'api.openai.com',
  ])('http://%s is left alone: models live there', (host) => {
    expect(isBlockedAddress(new URL(`http://${host}/`).hostname, STRICT)).toBe(false);
  });

  it('a name is judged by what it resolves to at the moment of connecting', async () => {
    const resolve = (allowLoopback: boolean): Promise<string | undefined> =>
      new Promise((done) => {
        guardedLookup({ allowLoopback })('localhost', { all: true }, (error) => done(error?.name));
      });
    expect(await resolve(false)).toBe('BlockedAddressError');
    expect(await resolve(true)).toBeUndefined();
  });
});
