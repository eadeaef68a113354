import { describe, expect, it } from 'vitest';
import type { KindStatus } from '#crds/kind-definition.ts';
import { SETTLING_SECONDS, readinessNews, readinessOf } from './readiness-news.ts';

const CREATED = Date.parse('2026-01-01T12:00:00Z');
const object = {
  apiVersion: '',
  kind: '',
  metadata: {
    namespace: 'ns',
    name: 'a',
    uid: 'u',
    generation: 1,
    resourceVersion: '1',
    creationTimestamp: new Date(CREATED).toISOString(),
  },
  spec: {},
};

type Status = 'True' | 'False' | 'Unknown';

function statusOf(ready: Status, reason: string, also?: 'Reconciling' | 'Stalled'): KindStatus {
  const condition = (type: string, status: Status) => ({
    type,
    status,
    reason,
    message: `${reason}.`,
    lastTransitionTime: '',
  });
  return {
    conditions: [condition('Ready', ready), ...(also === undefined ? [] : [condition(also, 'True')])],
  };
}

const newsAfter = (seconds: number, status: KindStatus, told?: string) =>
  readinessNews(object, status, told, new Date(CREATED + seconds * 1000));

describe('news of readiness', () => {
  it('is told once, when it changes', () => {
    const first = newsAfter(60, statusOf('True', 'PodsReady'));
    expect(first.event).toEqual({ type: 'Normal', reason: 'Ready', note: 'PodsReady.' });
    expect(newsAfter(61, statusOf('True', 'PodsReady'), first.told).event).toBeUndefined();
    const second = newsAfter(62, statusOf('False', 'RefsNotResolved'), first.told);
    expect(second.event).toEqual({ type: 'Warning', reason: 'NotReady', note: 'RefsNotResolved.' });
    expect(newsAfter(63, statusOf('False', 'RefsNotResolved'), second.told).event).toBeUndefined();
  });

  it('is not what passes by itself, and nothing is told twice when it has passed', () => {
    const told = readinessOf(statusOf('True', 'PodsReady'));
    const passing = newsAfter(60, statusOf('False', 'PodsNotReady', 'Reconciling'), told);
    expect(passing).toEqual({ told });
    expect(newsAfter(61, statusOf('True', 'PodsReady'), passing.told).event).toBeUndefined();
  });

  it('is not what a new object lacks, unless it lacks it still some seconds later', () => {
    const missing = statusOf('False', 'RefsNotResolved');
    const early = newsAfter(2, missing);
    expect(early).toEqual({ told: undefined, recheckSeconds: SETTLING_SECONDS - 2 });
    expect(newsAfter(SETTLING_SECONDS, missing, early.told).event).toMatchObject({ type: 'Warning' });
  });

  it('is at once what no waiting can mend', () => {
    expect(newsAfter(0, statusOf('False', 'NotAccepted', 'Stalled')).event).toMatchObject({
      type: 'Warning',
    });
  });

  it('is not that nothing is known of an object of which nothing was known', () => {
    expect(newsAfter(60, statusOf('Unknown', 'NotProbed')).event).toBeUndefined();
    expect(newsAfter(60, statusOf('Unknown', 'NotProbed'), 'True Ready').event).toMatchObject({
      type: 'Warning',
    });
  });
});
