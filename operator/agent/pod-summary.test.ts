import { describe, expect, it } from 'vitest';
import { summarisePod } from './pod-summary.ts';

function summary(status: unknown) {
  const pod = { metadata: { name: 'p', namespace: 'ns', uid: 'u', resourceVersion: '1' }, status };
  return summarisePod(pod);
}

const waiting = (reason: string, lastState = {}): object => ({
  containerStatuses: [{ state: { waiting: { reason, message: 'back-off 2m40s restarting' } }, lastState }],
});

describe('what is kept of a pod', () => {
  it.each<[string, unknown, string | undefined]>([
    [
      'an image that cannot be pulled, with its name',
      { containerStatuses: [{ image: 'shop/clerk:1', state: { waiting: { reason: 'ImagePullBackOff' } } }] },
      'ImagePullBackOff of shop/clerk:1',
    ],
    [
      'a container that crashes, with how it ended',
      waiting('CrashLoopBackOff', { terminated: { exitCode: 137, reason: 'OOMKilled' } }),
      'CrashLoopBackOff, it ended with exit code 137 (OOMKilled)',
    ],
    [
      'a pod that fits on no node',
      {
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes fit' },
        ],
      },
      'Unschedulable: 0/1 nodes fit',
    ],
    [
      'a container that was started again after it crashed, and is not ready yet',
      {
        containerStatuses: [
          {
            ready: false,
            state: { running: {} },
            lastState: { terminated: { exitCode: 1, reason: 'Error' } },
          },
        ],
      },
      'Restarted, it ended with exit code 1 (Error)',
    ],
    [
      'a container that crashed once and is ready again',
      {
        containerStatuses: [
          {
            ready: true,
            state: { running: {} },
            lastState: { terminated: { exitCode: 1, reason: 'Error' } },
          },
        ],
      },
      undefined,
    ],
    ['a pod that is only starting', waiting('ContainerCreating'), undefined],
    ['a pod that runs', { containerStatuses: [{ state: { running: {} } }] }, undefined],
    ['a pod without a status', undefined, undefined],
    ['a status that cannot be read', { containerStatuses: 'x' }, undefined],
  ])('of %s', (_, status, trouble) => {
    expect(summary(status).trouble).toBe(trouble);
  });

  it('is whether it is ready', () => {
    expect(summary({ conditions: [{ type: 'Ready', status: 'True' }] }).isReady).toBe(true);
    expect(summary({ conditions: [{ type: 'Ready', status: 'False' }] }).isReady).toBe(false);
  });
});
