/**
 * Addresses that no model can live at, but that would give away something if the router went there for a Model
 * object's author: the metadata services of clouds and the router's own pod. Checked on the address that is connected
 * to, after name resolution, so that a name which resolves differently the second time gains nothing, and
 * metadata.google.internal nothing over its number.
 *
 * Private ranges are left alone, because models live there: of them only the addresses of metadata services are taken
 * out, each with the range its cloud keeps for such services.
 */
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

const range = (text: string): Range => ipaddr.parseCIDR(text);

const BLOCKED_IPV4: readonly Range[] = [
  range('0.0.0.0/8'),
  // Link-local: the metadata service of most clouds, and what Kubernetes puts beside it on a node.
  range('169.254.0.0/16'),
  // Protocol assignments, among them Oracle's metadata service (192.0.0.192).
  range('192.0.0.0/24'),
  // Alibaba's metadata service, in a range where the pods of other clouds live.
  range('100.100.100.200/32'),
  // Azure's wire server.
  range('168.63.129.16/32'),
  // Multicast, reserved, broadcast.
  range('224.0.0.0/3'),
];

const BLOCKED_IPV6: readonly Range[] = [
  range('::/128'),
  range('100::/64'),
  range('fe80::/10'),
  range('fec0::/10'),
  range('ff00::/8'),
  // Metadata and its sisters at AWS (::254, ::23), Google (::254), Oracle, Scaleway and Linode.
  range('fd00:ec2::/32'),
  range('fd20:ce::/32'),
  range('fd00:c1::/32'),
  range('fd00:42::/32'),
  range('fd00:a9fe:a9fe::/48'),
];

const LOOPBACK_IPV4 = range('127.0.0.0/8');
const LOOPBACK_IPV6 = range('::1/128');

/**
 * IPv6 prefixes with an IPv4 address inside, which a translator or a tunnel on the way connects to, and the places of
 * its four bytes.
 */
const IPV4_INSIDE: readonly { readonly prefix: Range; readonly bytes: readonly (readonly number[])[] }[] = [
  // Mapped, translated (RFC 2765), compatible, NAT64.
  { prefix: range('::ffff:0:0/96'), bytes: [[12, 13, 14, 15]] },
  { prefix: range('::ffff:0:0:0/96'), bytes: [[12, 13, 14, 15]] },
  { prefix: range('::/96'), bytes: [[12, 13, 14, 15]] },
  { prefix: range('64:ff9b::/96'), bytes: [[12, 13, 14, 15]] },
  // NAT64 of a network's own, with each length of prefix that fits (RFC 6052, byte 8 stays empty).
  {
    prefix: range('64:ff9b:1::/48'),
    bytes: [
      [6, 7, 9, 10],
      [7, 9, 10, 11],
      [9, 10, 11, 12],
      [12, 13, 14, 15],
    ],
  },
  // 6to4, and Teredo's server; the Teredo client stands inverted and is seen to below.
  { prefix: range('2002::/16'), bytes: [[2, 3, 4, 5]] },
  { prefix: range('2001::/32'), bytes: [[4, 5, 6, 7]] },
];
const TEREDO = range('2001::/32');
/** ISATAP, under any prefix. */
const ISATAP_MARKS = new Set(['0,0,94,254', '2,0,94,254']);

export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
  readonly code = 'BLOCKED_ADDRESS';
}

export interface AddressPolicy {
  /** For a router on a developer's machine, in front of models on the same machine. */
  readonly allowLoopback: boolean;
}

/** False for a name: it is judged by what it resolves to. */
export function isBlockedAddress(address: string, policy: AddressPolicy): boolean {
  const bare = address.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  if (isIP(bare) === 0) return false;
  const parsed = ipaddr.parse(bare);
  return parsed instanceof ipaddr.IPv6 ? isBlockedIpv6(parsed, policy) : isBlockedIpv4(parsed, policy);
}

function isBlockedIpv4(address: ipaddr.IPv4, policy: AddressPolicy): boolean {
  return isIn(address, BLOCKED_IPV4) || (!policy.allowLoopback && isIn(address, [LOOPBACK_IPV4]));
}

function isBlockedIpv6(address: ipaddr.IPv6, policy: AddressPolicy): boolean {
  if (isIn(address, [LOOPBACK_IPV6])) return !policy.allowLoopback;
  return isIn(address, BLOCKED_IPV6) || ipv4Inside(address).some((inner) => isBlockedIpv4(inner, policy));
}

function ipv4Inside(address: ipaddr.IPv6): readonly ipaddr.IPv4[] {
  const bytes = address.toByteArray();
  const candidates = IPV4_INSIDE.filter(({ prefix }) => isIn(address, [prefix])).flatMap((one) => one.bytes);
  const found = candidates.map((places) => places.map((place) => bytes[place] ?? 0));
  const last = bytes.slice(12);
  if (isIn(address, [TEREDO])) found.push(last.map((byte) => byte ^ 0xff));
  if (ISATAP_MARKS.has(bytes.slice(8, 12).join())) found.push(last);
  return found.map((four) => new ipaddr.IPv4(four));
}

function isIn(address: ipaddr.IPv4 | ipaddr.IPv6, ranges: readonly Range[]): boolean {
  return ranges.some(([base, bits]) => address.kind() === base.kind() && address.match(base, bits));
}

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** A drop-in for dns.lookup that fails when any of the addresses is blocked. */
export function guardedLookup(policy: AddressPolicy, resolve: typeof lookup = lookup) {
  return (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      if (addresses.some(({ address }) => isBlockedAddress(address, policy))) {
        callback(new BlockedAddressError('the name resolves to an address that models may not have'), []);
        return;
      }
      const [first] = addresses;
      if (options.all === true || first === undefined) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
