import { expect, test } from 'vitest';
import { environmentDriftOf } from './environment-drift.ts';

const SINCE = '2026-01-05T12:00:00Z';

const agent = (
  status: 'True' | 'False' | 'Unknown',
  lastTransitionTime: string,
): Parameters<typeof environmentDriftOf>[0][number] => ({
  metadata: { name: 'mailer', namespace: 'shop', uid: 'uid', generation: 1, resourceVersion: '1' },
  status: {
    conditions: [
      {
        type: 'Drift',
        status,
        reason: 'QualityDrifted',
        message: '8 % of answers did not fit.',
        lastTransitionTime,
      },
    ],
  },
});

test('An agent that drifts since the candidate began is told, with what the observer says of it', () => {
  const drifting = [agent('False', '2026-01-05T13:00:00Z'), agent('True', '2026-01-05T12:00:01Z')];
  expect(environmentDriftOf(drifting, SINCE)).toBe(
    'What the stable version serves drifted in Agent mailer: 8 % of answers did not fit.',
  );
});

test('A drift that is older than the candidate, or that nobody knows of, holds up nothing', () => {
  expect(environmentDriftOf([agent('True', SINCE)], SINCE)).toBeUndefined();
  expect(environmentDriftOf([agent('Unknown', '2026-01-05T13:00:00Z')], SINCE)).toBeUndefined();
  expect(environmentDriftOf([agent('True', '2026-01-05T13:00:00Z')], undefined)).toBeUndefined();
});
