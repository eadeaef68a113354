import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { describeKubeconfig } from './kubeconfig.ts';
import {
  isKubeconfigEmpty,
  mergeKubeconfig,
  readCurrentContext,
  removeFromKubeconfig,
} from './kubeconfig-merge.ts';

const ours = describeKubeconfig({
  name: 'capataz',
  server: 'https://10.210.128.2:6443',
  authorityCertificate: 'authority',
  clientCertificate: 'certificate',
  clientKey: 'key',
});

const theirs = `# mine, do not touch
apiVersion: v1
kind: Config
current-context: work
preferences: {colors: true}
clusters:
- name: work
  cluster: {server: https://work.example:6443} # behind the VPN
users:
- name: me
  user: {token: secret}
contexts:
- name: work
  context: {cluster: work, user: me}
`;

test('Our context is added and chosen, and all else of the file stays, comments included.', () => {
  const merged = mergeKubeconfig(theirs, ours);
  const document = parse(merged) as typeof ours & { readonly preferences: unknown };
  expect(document['current-context']).toBe('capataz');
  expect(document.contexts.map((context) => context.name)).toEqual(['work', 'capataz']);
  expect(document.preferences).toEqual({ colors: true });
  expect(merged).toContain('# mine, do not touch');
  expect(merged).toContain('# behind the VPN');
});

test('Removing our context gives back the contents and the choice of before.', () => {
  const merged = mergeKubeconfig(theirs, ours);
  const removed = removeFromKubeconfig(merged, 'capataz', readCurrentContext(theirs));
  expect(parse(removed)).toEqual(parse(theirs));
});

test('A choice that the person made since then is kept on removal.', () => {
  const merged = mergeKubeconfig(theirs, ours).replace('current-context: capataz', 'current-context: work');
  expect(readCurrentContext(removeFromKubeconfig(merged, 'capataz', undefined))).toBe('work');
});

test('A previous context that is gone meanwhile is not chosen again.', () => {
  const merged = mergeKubeconfig('', ours);
  expect(readCurrentContext(removeFromKubeconfig(merged, 'capataz', 'vanished'))).toBeUndefined();
});

test('Merging twice is the same as merging once.', () => {
  const once = mergeKubeconfig(theirs, ours);
  expect(mergeKubeconfig(once, ours)).toBe(once);
});

test('A missing file becomes a whole one, and an emptied one is known as such.', () => {
  const merged = mergeKubeconfig('', ours);
  expect(parse(merged)).toEqual(ours);
  expect(isKubeconfigEmpty(merged)).toBe(false);
  expect(isKubeconfigEmpty(removeFromKubeconfig(merged, 'capataz', undefined))).toBe(true);
});

test('A file that is no kubeconfig is refused in a sentence and never overwritten.', () => {
  for (const text of ['a: [', '- a list']) {
    expect(() => mergeKubeconfig(text, ours)).toThrow('Your kubeconfig is not valid YAML');
  }
});
