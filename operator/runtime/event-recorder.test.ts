import { describe, expect, it } from 'vitest';
import type { KubeRequest } from '#adapters/kubernetes/kube-client.ts';
import { createLogger } from '#telemetry/logger.ts';
import { createEventRecorder } from './event-recorder.ts';

const AGENTS = { groupVersion: 'capataz.dev/v1alpha1', kind: 'Agent', plural: 'agents' };
const METADATA = { name: 'a', namespace: 'ns', uid: 'u', resourceVersion: '1' };
const READY = { type: 'Normal', reason: 'Ready', note: 'Every pod is ready.' } as const;

function setUp() {
  const sent: KubeRequest[] = [];
  let now = new Date('2026-01-01T12:00:00.123Z');
  let mayWrite = true;
  const counted: string[] = [];
  const events = createEventRecorder({
    kubeClient: {
      request: (request) => {
        sent.push(request);
        return Promise.reject(new Error('the event server is away'));
      },
    },
    reportingInstance: 'operator-a',
    logger: createLogger('test', 'silent'),
    now: () => now,
    mayWrite: () => mayWrite,
    onEvent: (kind, reason) => counted.push(`${kind} ${reason}`),
  });
  const pass = (seconds: number): void => {
    now = new Date(now.getTime() + seconds * 1000);
  };
  return { events, sent, counted, pass, loseLease: () => (mayWrite = false) };
}

describe('events', () => {
  it('say what happened to which object', async () => {
    const { events, sent } = setUp();
    events.record(AGENTS, METADATA, READY);
    await events.flush();
    expect(sent[0]?.path).toBe('/apis/events.k8s.io/v1/namespaces/ns/events');
    expect(sent[0]?.body).toMatchObject({
      eventTime: '2026-01-01T12:00:00.123000Z',
      reason: 'Ready',
      note: 'Every pod is ready.',
      regarding: { kind: 'Agent', name: 'a', namespace: 'ns', uid: 'u' },
      reportingInstance: 'operator-a',
    });
  });

  it('are not repeated within ten minutes, and never fail a pass', async () => {
    const { events, sent, pass } = setUp();
    for (let round = 0; round < 5; round += 1) events.record(AGENTS, METADATA, READY);
    events.record(AGENTS, { ...METADATA, uid: 'other' }, READY);
    events.record(AGENTS, METADATA, { ...READY, note: 'Other words.' });
    expect(sent).toHaveLength(3);
    pass(601);
    events.record(AGENTS, METADATA, READY);
    expect(sent).toHaveLength(4);
    await events.flush();
  });

  it('are all counted, also those that are not repeated', () => {
    const { events, counted } = setUp();
    for (let round = 0; round < 3; round += 1) events.record(AGENTS, METADATA, READY);
    expect(counted).toEqual(['Agent Ready', 'Agent Ready', 'Agent Ready']);
  });

  it('are bounded for one object', async () => {
    const { events, sent, pass } = setUp();
    for (let index = 0; index < 100; index += 1) {
      events.record(AGENTS, METADATA, { ...READY, note: `note ${index}` });
      await events.flush();
      pass(1);
    }
    expect(sent).toHaveLength(30);
  });

  it('are told by the leader alone', () => {
    const { events, sent, counted, loseLease } = setUp();
    loseLease();
    events.record(AGENTS, METADATA, READY);
    expect(sent).toEqual([]);
    expect(counted).toEqual([]);
  });
});
