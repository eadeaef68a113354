/** Model: says whether the router can use the model, by asking the router. */
import type { ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import type { Model } from '#crds/model.ts';
import { MODELS } from '../resources.ts';
import type { EventRecorder } from '../runtime/event-recorder.ts';
import { AWAIT_CHANGE, type Outcome, recheckAfter } from '../runtime/outcome.ts';
import { writeStatus } from '../runtime/status-writer.ts';
import { transitionEvent } from '../runtime/transition-event.ts';
import { decideModel, isReady } from './decide.ts';
import type { AskRouter } from './observe.ts';
import type { ProbeSchedule } from './probe-schedule.ts';

/** A pass that comes a moment early counts as due: timers are not exact. */
const DUE_TOLERANCE_SECONDS = 0.05;

export interface ModelReconcilerOptions {
  readonly getModel: (key: string) => Model | undefined;
  readonly listModelUids: () => ReadonlySet<string>;
  readonly askRouter: AskRouter;
  readonly schedule: ProbeSchedule;
  readonly writer: ObjectWriter;
  readonly events: EventRecorder;
  readonly now: () => Date;
}

export function createModelReconciler(
  options: ModelReconcilerOptions,
): (key: string, signal: AbortSignal) => Promise<Outcome> {
  const { getModel, schedule, events } = options;
  return async (key, signal) => {
    const model = getModel(key);
    if (model === undefined || model.metadata.deletionTimestamp !== undefined) {
      schedule.forgetAllBut(options.listModelUids());
      return AWAIT_CHANGE;
    }
    const { uid, generation, namespace, name } = model.metadata;
    const remainingSeconds = schedule.secondsUntilDue(uid, generation);
    if (remainingSeconds > DUE_TOLERANCE_SECONDS) return recheckAfter(remainingSeconds);

    const answer = await options.askRouter(namespace, name, signal);
    const status = decideModel(model, answer, options.now());
    if (await writeStatus(options.writer, MODELS, model, status)) {
      const event = transitionEvent('Ready', model.status?.conditions, status.conditions ?? []);
      if (event !== undefined) events.record(MODELS, model.metadata, event);
    }
    // Only now: a write that was refused must probe again, or its answer would be lost.
    schedule.recordProbe(uid, generation, answer.kind === 'probed' && isReady(status));
    return recheckAfter(schedule.secondsUntilDue(uid, generation));
  };
}
