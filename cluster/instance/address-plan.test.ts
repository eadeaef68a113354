import { expect, test } from 'vitest';

import {
  defaultInstanceSubnet,
  findConflictingRoute,
  planAddresses,
  subnetsOverlap,
} from './address-plan.ts';
import { describeInstance, hostDeviceName, instanceIndex } from './instance.ts';

test('Pods, services and the link to the host are disjoint parts of the one subnet of an instance.', () => {
  const plan = planAddresses('10.210.0.0/16');
  expect(plan).toBeDefined();
  if (plan === undefined) return;
  const parts = [plan.podSubnet, plan.serviceSubnet, `${plan.hostAddress}/${plan.linkPrefixLength}`];
  for (const [index, part] of parts.entries()) {
    expect(subnetsOverlap(part, plan.instanceSubnet)).toBe(true);
    for (const other of parts.slice(index + 1)) expect(subnetsOverlap(part, other)).toBe(false);
  }
  expect(subnetsOverlap(plan.nodePodSubnet, plan.podSubnet)).toBe(true);
  expect(subnetsOverlap(plan.dnsServiceAddress, plan.serviceSubnet)).toBe(true);
});

test('The two instances in daily use never share an address, a device or a folder.', () => {
  const [first, second] = [describeInstance('capataz'), describeInstance('capataz-test')];
  expect(subnetsOverlap(first.addresses.instanceSubnet, second.addresses.instanceSubnet)).toBe(false);
  for (const field of [
    'hostDevice',
    'networkNamespace',
    'cgroup',
    'stateDirectory',
    'runDirectory',
  ] as const) {
    expect(first[field]).not.toBe(second[field]);
  }
});

test('An instance by any other name gets a subnet that neither of those two has.', () => {
  for (const name of ['a', 'ci', 'capataz-check', 'x'.repeat(40)]) {
    expect(instanceIndex(name)).toBeGreaterThanOrEqual(2);
    expect(planAddresses(defaultInstanceSubnet(instanceIndex(name)))).toBeDefined();
  }
});

test('A host device never has a longer name than the kernel allows, and long names stay distinct.', () => {
  const names = ['capataz', 'capataz-test', `${'c'.repeat(30)}a`, `${'c'.repeat(30)}b`];
  const devices = names.map(hostDeviceName);
  for (const device of devices) expect(device.length).toBeLessThanOrEqual(15);
  expect(new Set(devices).size).toBe(names.length);
});

test('A name that would not do as a folder or a device is refused in one sentence.', () => {
  for (const name of ['', 'Capataz', '../x', 'a b', '-a', 'x'.repeat(41)]) {
    expect(() => describeInstance(name)).toThrow(/^CAPATAZ_CLUSTER is/);
  }
});

test('A subnet that is no /16 is refused with an example of one.', () => {
  for (const subnet of ['10.1.0.0/24', '10.1.2.0/16', '300.1.0.0/16', 'nonsense']) {
    expect(() => describeInstance('capataz', subnet)).toThrow('write it as 10.99.0.0/16');
  }
});

test('A route of another device inside our subnet is a conflict, our own and the default one are not.', () => {
  const routes = [
    { destination: 'default', device: 'eth0' },
    { destination: '10.210.0.0/16', device: 'capataz' },
    { destination: '192.168.1.0/24', device: 'eth0' },
  ];
  expect(findConflictingRoute('10.210.0.0/16', 'capataz', routes)).toBeUndefined();
  const taken = { destination: '10.210.7.0/24', device: 'tun0' };
  expect(findConflictingRoute('10.210.0.0/16', 'capataz', [...routes, taken])).toEqual(taken);
  const wider = { destination: '10.0.0.0/8', device: 'tun0' };
  expect(findConflictingRoute('10.210.0.0/16', 'capataz', [...routes, wider])).toEqual(wider);
});
