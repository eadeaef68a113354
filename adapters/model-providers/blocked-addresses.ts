/**
 * Addresses that no model can live at, but that would give away something if the router went there for a Model
 * object's author: the cloud's metadata service and the router's own pod. Checked on the address that is connected to,
 * after name resolution, so that a name which resolves differently the second time gains nothing.
 */
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIP } from 'node:net';

const LINK_LOCAL_AND_UNSPECIFIED = new BlockList();
LINK_LOCAL_AND_UNSPECIFIED.addSubnet('0.0.0.0', 8, 'ipv4');
LINK_LOCAL_AND_UNSPECIFIED.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL_AND_UNSPECIFIED.addSubnet('224.0.0.0', 3, 'ipv4');
LINK_LOCAL_AND_UNSPECIFIED.addAddress('::', 'ipv6');
LINK_LOCAL_AND_UNSPECIFIED.addSubnet('fe80::', 10, 'ipv6');
LINK_LOCAL_AND_UNSPECIFIED.addSubnet('ff00::', 8, 'ipv6');
// The metadata service of AWS over IPv6 lies in a range that is otherwise private.
LINK_LOCAL_AND_UNSPECIFIED.addAddress('fd00:ec2::254', 'ipv6');

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
  readonly code = 'BLOCKED_ADDRESS';
}

export interface AddressPolicy {
  /** For a router on a developer's machine, in front of models on the same machine. */
  readonly allowLoopback: boolean;
}

/** IPv4 addresses in IPv6 clothes (::ffff:127.0.0.1) are seen through by BlockList. */
export function isBlockedAddress(address: string, policy: AddressPolicy): boolean {
  const version = isIP(address.replace(/^\[(.*)\]$/, '$1'));
  if (version === 0) return false;
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (LINK_LOCAL_AND_UNSPECIFIED.check(bare, family)) return true;
  return !policy.allowLoopback && LOOPBACK.check(bare, family);
}

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** A drop-in for dns.lookup that fails when any of the addresses is blocked. */
export function guardedLookup(policy: AddressPolicy) {
  return (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
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
