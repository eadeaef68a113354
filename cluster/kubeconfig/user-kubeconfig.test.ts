import { expect, test } from 'vitest';

import { chooseUserKubeconfig } from './user-kubeconfig.ts';

test('KUBECONFIG decides which file gets the context, the first that exists of several.', () => {
  const environment = { KUBECONFIG: '/a:/b', HOME: '/home/me' };
  expect(chooseUserKubeconfig(environment, (path) => path === '/b')).toBe('/b');
  expect(chooseUserKubeconfig(environment, () => false)).toBe('/a');
});

test('Without KUBECONFIG it is the usual file in the home folder.', () => {
  expect(chooseUserKubeconfig({ HOME: '/home/me' }, () => false)).toBe('/home/me/.kube/config');
  expect(chooseUserKubeconfig({ HOME: '/home/me', KUBECONFIG: '' }, () => false)).toBe(
    '/home/me/.kube/config',
  );
});
