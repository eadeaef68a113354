import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { parseCgroupMounts } from '#cluster/instance/cgroups.ts';
import { describeFoundation } from './cluster-foundation.ts';
import { findOwnRules } from '#cluster/instance/host-network.ts';
import { describeInstance } from '#cluster/instance/instance.ts';
import { parseNameservers } from './nameservers.ts';
import { describeNodeComponents } from './node-arguments.ts';
import { renderNodeConfiguration } from './node-configuration.ts';
import { isNodeInit } from './node-process.ts';
import { backoffMilliseconds } from './process-supervision.ts';

const [first, second] = [describeInstance('capataz'), describeInstance('capataz-test')];

test('Nothing that one instance reads or is started with names a folder or subnet of another.', () => {
  const text = JSON.stringify([renderNodeConfiguration(first, []), describeNodeComponents(first)]);
  expect(text).not.toContain('capataz-test');
  expect(text).not.toContain(second.addresses.instanceSubnet.replace('.0.0/16', '.'));
});

test('The kubelet works below the cgroup of its instance and never writes the settings of the kernel.', () => {
  const kubelet = parse(renderNodeConfiguration(first, [])['kubelet.yaml'] ?? '') as Record<string, unknown>;
  expect(kubelet['cgroupRoot']).toBe('/capataz');
  expect(kubelet['protectKernelDefaults']).toBe(true);
  expect(kubelet['clusterDNS']).toEqual([first.addresses.dnsServiceAddress]);
});

test('Cluster DNS asks the nameservers of the host, and nobody where the host has none.', () => {
  expect(renderNodeConfiguration(first, ['192.0.2.53'])['Corefile']).toContain('forward . 192.0.2.53');
  expect(renderNodeConfiguration(first, [])['Corefile']).not.toContain('forward');
});

test('Resolvers on a loopback address are left out, for the node has a loopback of its own.', () => {
  expect(parseNameservers('nameserver 127.0.0.53\nnameserver 192.0.2.53\noptions edns0\n')).toEqual([
    '192.0.2.53',
  ]);
  expect(parseNameservers('# nameserver 192.0.2.1\nnameserver ::1\n')).toEqual([]);
});

test('The DNS service has the address that pods are told, and leads to the node.', () => {
  const objects = describeFoundation(first) as readonly { readonly kind: string; readonly spec?: unknown }[];
  const service = objects.find((object) => object.kind === 'Service');
  expect(service?.spec).toMatchObject({ clusterIP: first.addresses.dnsServiceAddress });
  expect(JSON.stringify(objects.find((object) => object.kind === 'EndpointSlice'))).toContain(
    first.addresses.nodeAddress,
  );
});

test('Process 1 of an instance is known by its command line and not mistaken for another one.', () => {
  const commandLine = [
    'tini',
    '--',
    '/bin/sh',
    '/checkout/cluster/node/node-init.sh',
    'capataz',
    '/var/lib/capataz/capataz',
  ];
  expect(isNodeInit(commandLine, 'capataz')).toBe(true);
  expect(isNodeInit(commandLine, 'capataz-test')).toBe(false);
  expect(isNodeInit(['vi', ...commandLine.slice(3)], 'capataz')).toBe(false);
  expect(isNodeInit(['unshare', '--fork', ...commandLine], 'capataz')).toBe(false);
  expect(isNodeInit([''], 'capataz')).toBe(false);
});

test('A component that was killed is back at once, one that keeps failing is tried ever more slowly.', () => {
  const pauses = [0, 1, 2, 3, 50].map(backoffMilliseconds);
  expect(pauses[0]).toBeLessThanOrEqual(200);
  expect(pauses).toEqual(pauses.toSorted((left, right) => left - right));
  expect(pauses.at(-1)).toBe(5000);
});

test('Only the firewall rules that carry the name of the instance are removed.', () => {
  const listing = `-P FORWARD ACCEPT
-A FORWARD -i capataz -m comment --comment "capataz:capataz" -j ACCEPT
-A FORWARD -i capataz-test -m comment --comment "capataz:capataz-test" -j ACCEPT
-A FORWARD -i docker0 -j ACCEPT`;
  expect(findOwnRules(listing, 'capataz')).toEqual([
    ['-D', 'FORWARD', '-i', 'capataz', '-m', 'comment', '--comment', 'capataz:capataz', '-j', 'ACCEPT'],
  ]);
});

test('Both versions of cgroups are found among the mounts.', () => {
  const mounts = `tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpuset cgroup rw,cpuset 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
`;
  expect(parseCgroupMounts(mounts).map((mount) => [mount.path, mount.version])).toEqual([
    ['/sys/fs/cgroup/cpuset', 1],
    ['/sys/fs/cgroup/unified', 2],
  ]);
});
