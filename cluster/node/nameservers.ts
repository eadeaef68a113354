import { readFile } from 'node:fs/promises';

/**
 * A loopback resolver (systemd-resolved, dnsmasq) answers on the host only, and the node has a
 * loopback of its own: such entries are of no use to it.
 */
export function parseNameservers(resolverConfiguration: string): readonly string[] {
  return resolverConfiguration
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((address): address is string => address !== undefined)
    .filter((address) => /^\d+\.\d+\.\d+\.\d+$/.test(address) && !address.startsWith('127.'))
    .slice(0, 3);
}

/** systemd-resolved keeps the real upstream servers in a second file. */
export async function readNameservers(): Promise<readonly string[]> {
  for (const file of ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf']) {
    const nameservers = parseNameservers(await readFile(file, 'utf8').catch(() => ''));
    if (nameservers.length > 0) return nameservers;
  }
  return [];
}
