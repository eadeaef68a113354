/**
 * Which version was being released in states of a rollout that somebody may have on his screen. The status moves with every outcome,
 * so that its resourceVersion alone says too much: a command is about the version that the person saw, however often the counts
 * have moved since.
 */
import type { RolloutObject } from '../objects/rollout-objects.ts';

const MOST_STATES = 2_000;
const MOST_ROLLOUTS = 5_000;

export class SeenRollouts {
  readonly #states = new Map<string, Map<string, string>>();

  /** Told of each state as it comes. */
  note(key: string, rollout: RolloutObject | undefined): void {
    if (rollout === undefined) {
      this.#states.delete(key);
      return;
    }
    const states = this.#states.get(key) ?? new Map<string, string>();
    this.#states.delete(key);
    this.#states.set(key, states);
    states.set(rollout.metadata.resourceVersion, aboutWhat(rollout));
    forgetOldest(states, MOST_STATES);
    forgetOldest(this.#states, MOST_ROLLOUTS);
  }

  /** Whether what was seen in that state is what is there now. A state that is not known is not it. */
  isAsSeen(key: string, resourceVersion: string, now: RolloutObject): boolean {
    if (now.metadata.resourceVersion === resourceVersion) return true;
    return this.#states.get(key)?.get(resourceVersion) === aboutWhat(now);
  }
}

/** The object itself, what is stable, and what is being released. */
function aboutWhat({ metadata, spec, status }: RolloutObject): string {
  return JSON.stringify([
    metadata.uid,
    status.stable?.digest,
    status.candidate?.digest,
    status.previousStable?.digest,
    spec.versionRef?.name,
  ]);
}

function forgetOldest(map: Map<string, unknown>, most: number): void {
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
