import { expect, it } from 'vitest';
import { canILine } from './rights.ts';

it('A right that is missing is told as the line with which anybody checks it.', () => {
  expect(canILine('update canaryrollouts/promote', 'shop')).toBe(
    'kubectl auth can-i update canaryrollouts.capataz.dev --subresource=promote --namespace=shop',
  );
  expect(canILine('get models')).toBe('kubectl auth can-i get models.capataz.dev --all-namespaces');
});
