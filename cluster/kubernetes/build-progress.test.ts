import { expect, test } from 'vitest';

import { countCompiledPackages, describeDuration, renderProgress, secondsLeft } from './build-progress.ts';

test('Only lines that name a compiled package count as progress.', () => {
  const lines = [
    'go: downloading k8s.io/kubernetes v1.35.4',
    'internal/cpu',
    'k8s.io/kubernetes/pkg/scheduler/backend/cache',
    '# capataz.dev/cluster/kubernetes',
    './main.go:12:2: undefined: x',
    'github.com/coreos/go-oidc',
    '',
  ];
  expect(countCompiledPackages(lines)).toBe(3);
});

test('No time left is told before there is a rate to tell it from.', () => {
  expect(secondsLeft({ compiledPackages: 5, expectedPackages: 2900, elapsedSeconds: 1 })).toBeUndefined();
});

test('Half of the packages in three minutes leaves about three minutes.', () => {
  const left = secondsLeft({ compiledPackages: 1450, expectedPackages: 2900, elapsedSeconds: 180 });
  expect(left).toBeGreaterThan(175);
  expect(left).toBeLessThan(195);
});

test('More packages than expected never show more than 99 percent nor a negative time.', () => {
  const progress = { compiledPackages: 3100, expectedPackages: 2900, elapsedSeconds: 300 };
  expect(renderProgress(progress, 80)).toContain('99 %');
  expect(secondsLeft(progress)).toBeGreaterThanOrEqual(0);
});

test('A bar fits the width that it is given, down to no bar at all.', () => {
  const progress = { compiledPackages: 1000, expectedPackages: 2900, elapsedSeconds: 100 };
  expect(renderProgress(progress, 100).length).toBeLessThanOrEqual(100);
  expect(renderProgress(progress, 10)).not.toContain('[');
});

test('A duration is told in seconds below a minute and in minutes above.', () => {
  expect(describeDuration(0)).toBe('1 s');
  expect(describeDuration(59)).toBe('59 s');
  expect(describeDuration(125)).toBe('2 min 5 s');
});
