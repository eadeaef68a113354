/**
 * Tells people what happened to an object (events.k8s.io/v1). Only changes are told: the same words about the same
 * object are not repeated within ten minutes, and one object gets a bounded number of events in that time. Telling
 * never holds up or fails a pass.
 */
import { collectionPath } from '#adapters/kubernetes/resilient-informer.ts';
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import type { KubeObjectMeta } from '#adapters/kubernetes/kube-object.ts';
import { ROLLOUT_DECISIONS } from '#crds/rollout-progress.ts';
import type { ResourceKind } from '#adapters/kubernetes/resource-kind.ts';
import type { Logger } from '#telemetry/logger.ts';

const EVENTS = { groupVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events' } as const;
const QUIET_MILLISECONDS = 600_000;
const MAXIMUM_PER_OBJECT = 30;
const MAXIMUM_OBJECTS = 10_000;
const MAXIMUM_UNDER_WAY = 32;
const NOTE_MAXIMUM_LENGTH = 1024;

export const EVENT_REASONS = [
  'Created',
  'Updated',
  'Repaired',
  'Removed',
  'RepairContested',
  'ChildNameTaken',
  'ChildRefused',
  'SpecUnreadable',
  'Accepted',
  'NotAccepted',
  'Ready',
  'NotReady',
  'CommitApplied',
  'CommitRefused',
  ...ROLLOUT_DECISIONS,
] as const;
export type EventReason = (typeof EVENT_REASONS)[number];

export interface ObjectEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: EventReason;
  /** One sentence for a person. */
  readonly note: string;
}

export interface EventRecorder {
  readonly record: (resource: ResourceKind, metadata: KubeObjectMeta, event: ObjectEvent) => void;
  /** Resolves when everything recorded so far was told, or could not be. */
  readonly flush: () => Promise<void>;
}

export interface EventRecorderOptions {
  readonly kubeClient: Pick<KubeClient, 'request'>;
  /** Name of the pod. */
  readonly reportingInstance: string;
  readonly logger: Logger;
  readonly now: () => Date;
  /** Whether this process may write. */
  readonly mayWrite: () => boolean;
  /** Called for each that is recorded while this process may write, also where the same was told a moment ago. */
  readonly onEvent: (kind: string, reason: EventReason) => void;
}

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { kubeClient, logger } = options;
  /** By uid: when each sentence was last told. Oldest objects are forgotten first. */
  const told = new Map<string, Map<string, number>>();
  const underWay = new Set<Promise<void>>();

  function isNews(uid: string, event: ObjectEvent): boolean {
    const nowMilliseconds = options.now().getTime();
    const sentences = told.get(uid) ?? new Map<string, number>();
    for (const [sentence, at] of sentences) {
      if (nowMilliseconds - at >= QUIET_MILLISECONDS) sentences.delete(sentence);
    }
    const sentence = `${event.reason} ${event.note}`;
    if (sentences.has(sentence) || sentences.size >= MAXIMUM_PER_OBJECT) return false;
    sentences.set(sentence, nowMilliseconds);
    told.delete(uid);
    told.set(uid, sentences);
    if (told.size > MAXIMUM_OBJECTS) {
      const oldest = told.keys().next();
      if (oldest.done !== true) told.delete(oldest.value);
    }
    return true;
  }

  async function tell(resource: ResourceKind, metadata: KubeObjectMeta, event: ObjectEvent): Promise<void> {
    const namespace = metadata.namespace ?? 'default';
    try {
      await kubeClient.request({
        method: 'POST',
        path: collectionPath(EVENTS.groupVersion, EVENTS.plural, namespace),
        body: {
          apiVersion: EVENTS.groupVersion,
          kind: EVENTS.kind,
          metadata: { generateName: `${metadata.name.slice(0, 200)}-`, namespace },
          eventTime: options.now().toISOString().replace('Z', '000Z'),
          reportingController: 'capataz.dev/operator',
          reportingInstance: options.reportingInstance,
          action: 'Reconcile',
          reason: event.reason,
          type: event.type,
          note: event.note.slice(0, NOTE_MAXIMUM_LENGTH),
          regarding: {
            apiVersion: resource.groupVersion,
            kind: resource.kind,
            namespace,
            name: metadata.name,
            uid: metadata.uid,
          },
        },
        timeoutSeconds: 10,
      });
    } catch (error) {
      logger.warn({ reason: event.reason, error }, 'event could not be told');
    }
  }

  return {
    record: (resource, metadata, event) => {
      if (!options.mayWrite()) return;
      options.onEvent(resource.kind, event.reason);
      if (underWay.size >= MAXIMUM_UNDER_WAY || !isNews(metadata.uid, event)) return;
      const telling = tell(resource, metadata, event).finally(() => underWay.delete(telling));
      underWay.add(telling);
    },
    flush: async () => {
      await Promise.all(underWay);
    },
  };
}
