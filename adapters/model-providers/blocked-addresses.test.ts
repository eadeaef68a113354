import type { lookup } from 'node:dns';
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
  '[fd00:ec2::23]',
  '[fd20:ce::254]',
  '[fd00:c1::a9fe:a9fe]',
  '[fd00:42::42]',
  '[fd00:a9fe:a9fe::1]',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '[::ffff:100.100.100.200]',
  '[::ffff:168.63.129.16]',
  '[::169.254.169.254]',
  '[::ffff:0:169.254.169.254]',
  '[64:ff9b::169.254.169.254]',
  '[64:ff9b::100.100.100.200]',
  '[64:ff9b:1::169.254.169.254]',
  '[64:ff9b:1:a9fe:a9:fe00::]',
  '[64:ff9b:1:a9:fe:a9fe::]',
  '[64:ff9b:1:0:a9:fea9:fe00:0]',
  '[2002:a9fe:a9fe::1]',
  '[2001:0:a9fe:a9fe::1]',
  '[2001:0:102:304:0:0:5601:5601]',
  '[2001:db8::5efe:169.254.169.254]',
  '[fec0::1]',
  '[100::1]',
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
    expect(() => connections.routeTo(`http://${host}/v1`, 1_000)).toThrow(BlockedAddressError);
  });

  it.each([
    '10.0.0.7',
    '100.64.0.7',
    '100.100.100.201',
    '168.63.129.17',
    '172.16.0.1',
    '[fd00:ec3::23]',
    '[64:ff9b::10.0.0.7]',
    '[2002:a00:7::1]',
    '[2607:f8b0::1]',
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

  it.each(['169.254.169.254', 'fd20:ce::254', 'fe80::1%eth0'])(
    'metadata.google.internal gains nothing by its name: %s is not connected to, whatever stands beside it',
    async (address) => {
      const addresses = [
        { address: '203.0.113.9', family: 4 },
        { address, family: address.includes(':') ? 6 : 4 },
      ];
      const resolver = ((_name: string, _options: object, done: (error: null, found: object[]) => void) =>
        done(null, addresses)) as unknown as typeof lookup;
      const error = await new Promise<Error | null>((done) => {
        guardedLookup(STRICT, resolver)('metadata.google.internal', { all: true }, done);
      });
      expect(error).toBeInstanceOf(BlockedAddressError);
    },
  );
});
