/** Whether an address is in one of some networks. */
import ipaddr from 'ipaddr.js';

/** `networks` are valid CIDRs. An IPv4 address in IPv6 (`::ffff:10.0.0.1`) is the IPv4 address. */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return networks.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network);
    return base.kind() === parsed.kind() && parsed.match(base, bits);
  });
}

/**
 * Who sent the request: the last address that no proxy of ours has added. `forwarded` is the header X-Forwarded-For, believed
 * as far as the proxies are ours.
 */
export function clientAddress(
  peer: string,
  forwarded: string | undefined,
  proxies: readonly string[],
): string {
  let address = peer;
  const hops = (forwarded ?? '').split(',').map((hop) => hop.trim());
  for (let index = hops.length - 1; index >= 0 && isInNetworks(address, proxies); index -= 1) {
    const hop = hops[index] ?? '';
    if (!ipaddr.isValid(hop)) break;
    address = hop;
  }
  return address;
}
