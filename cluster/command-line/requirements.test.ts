import { expect, test } from 'vitest';

import { explainDiskSpace } from './disk-space.ts';
import { explainGoVersion, MINIMUM_GO_VERSION } from '#cluster/kubernetes/go-version.ts';
import { explainMachine, findMissingPackages } from './machine-requirements.ts';

test('A Linux x64 machine with root needs no explanation.', () => {
  expect(explainMachine({ platform: 'linux', architecture: 'x64', userId: 0 })).toBeUndefined();
});

test('Each machine that will not do is told what is missing and what to do instead.', () => {
  const linux = { platform: 'linux', architecture: 'x64', userId: 0 };
  expect(explainMachine({ ...linux, platform: 'darwin' })).toMatch(/needs Linux, and this is darwin/);
  expect(explainMachine({ ...linux, architecture: 'arm64' })).toMatch(
    /this is arm64: the image is built for x64 only/,
  );
  expect(explainMachine({ ...linux, userId: 1000 })).toMatch(/needs root.*sudo -E npm run up/);
  for (const machine of [
    { ...linux, platform: 'darwin' },
    { ...linux, userId: 1 },
  ]) {
    expect(explainMachine(machine)).toContain('npm run up -- --context NAME');
  }
});

test('Packages are asked for once each, and only for programs that are missing.', () => {
  expect(findMissingPackages(() => true)).toEqual([]);
  expect(findMissingPackages((program) => !['ctr', 'containerd', 'tini'].includes(program))).toEqual([
    'containerd',
    'tini',
  ]);
});

test('A missing or old Go is explained with the version to install, a newer one is taken.', () => {
  expect(explainGoVersion(undefined, MINIMUM_GO_VERSION)).toMatch(
    /^Go is not installed. Install Go 1\.25\.0 or newer/,
  );
  expect(explainGoVersion('go1.19.8', MINIMUM_GO_VERSION)).toMatch(/^Go 1\.19\.8 is too old/);
  for (const version of ['go1.25.0', 'go1.26.8', 'go1.26', 'go2.0', 'devel go1.27-abc']) {
    expect(explainGoVersion(version, MINIMUM_GO_VERSION)).toBeUndefined();
  }
  expect(explainGoVersion('go1.25rc1', MINIMUM_GO_VERSION)).toBeUndefined();
});

test('A full disk is explained with the folder, what is free and what is needed.', () => {
  expect(explainDiskSpace('/var', 4 * 1024 ** 3, 4, 'running the cluster')).toBeUndefined();
  expect(explainDiskSpace('/var', 1.55 * 1024 ** 3, 4, 'running the cluster')).toBe(
    'The disk of /var has 1.5 GiB free, and running the cluster needs 4 GiB there: free some space or point to a larger disk.',
  );
});
