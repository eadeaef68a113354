/** CanaryRollout: answers spec.versionRef (what is wanted) with status.stable (what is served). */
import type { ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import type { CanaryRollout } from '#crds/canary-rollout.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import { CANARY_ROLLOUTS } from '../resources.ts';
import type { EventRecorder } from '../runtime/event-recorder.ts';
import { AWAIT_CHANGE, type Outcome } from '../runtime/outcome.ts';
import { writeStatus } from '../runtime/status-writer.ts';
import { transitionEvent } from '../runtime/transition-event.ts';
import { decideCanaryRollout } from './decide.ts';
import { observeCanaryRollout } from './observe.ts';

export interface CanaryRolloutReconcilerOptions {
  readonly getRollout: (key: string) => CanaryRollout | undefined;
  readonly getPromptVersion: (key: string) => PromptVersion | undefined;
  readonly writer: ObjectWriter;
  readonly events: EventRecorder;
  readonly now: () => Date;
}

export function createCanaryRolloutReconciler({
  getRollout,
  getPromptVersion,
  writer,
  events,
  now,
}: CanaryRolloutReconcilerOptions): (key: string) => Promise<Outcome> {
  return async (key) => {
    const rollout = getRollout(key);
    if (rollout === undefined || rollout.metadata.deletionTimestamp !== undefined) return AWAIT_CHANGE;
    const status = decideCanaryRollout(observeCanaryRollout(rollout, getPromptVersion), now());
    if (!(await writeStatus(writer, CANARY_ROLLOUTS, rollout, status))) return AWAIT_CHANGE;

    const before = rollout.status?.stable;
    if (status.stable !== undefined && status.stable.digest !== before?.digest) {
      const from = before === undefined ? '' : ` instead of ${before.name}`;
      const note = `PromptVersion ${status.stable.name} is stable${from}.`;
      events.record(CANARY_ROLLOUTS, rollout.metadata, { type: 'Normal', reason: 'StableChanged', note });
    }
    const event = transitionEvent('Ready', rollout.status?.conditions, status.conditions ?? []);
    if (event !== undefined) events.record(CANARY_ROLLOUTS, rollout.metadata, event);
    return AWAIT_CHANGE;
  };
}
