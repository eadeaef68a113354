/** PromptVersion: says whether the version can be served. */
import type { ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import type { PromptVersion } from '#crds/prompt-version.ts';
import { PROMPT_VERSIONS } from '../resources.ts';
import type { EventRecorder } from '../runtime/event-recorder.ts';
import { AWAIT_CHANGE, type Outcome } from '../runtime/outcome.ts';
import { writeStatus } from '../runtime/status-writer.ts';
import { transitionEvent } from '../runtime/transition-event.ts';
import { decidePromptVersion } from './decide.ts';
import { observePromptVersion } from './observe.ts';

export interface PromptVersionReconcilerOptions {
  readonly getPromptVersion: (key: string) => PromptVersion | undefined;
  readonly writer: ObjectWriter;
  readonly events: EventRecorder;
  readonly now: () => Date;
}

export function createPromptVersionReconciler({
  getPromptVersion,
  writer,
  events,
  now,
}: PromptVersionReconcilerOptions): (key: string) => Promise<Outcome> {
  return async (key) => {
    const promptVersion = getPromptVersion(key);
    if (promptVersion === undefined || promptVersion.metadata.deletionTimestamp !== undefined) {
      return AWAIT_CHANGE;
    }
    const status = decidePromptVersion(await observePromptVersion(promptVersion), now());
    if (await writeStatus(writer, PROMPT_VERSIONS, promptVersion, status)) {
      const event = transitionEvent('Accepted', promptVersion.status?.conditions, status.conditions ?? []);
      if (event !== undefined) events.record(PROMPT_VERSIONS, promptVersion.metadata, event);
    }
    return AWAIT_CHANGE;
  };
}
