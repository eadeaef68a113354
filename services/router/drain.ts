/**
 * The end of a process: serving -> draining (what is under way and what still comes is served, and clients are asked to
 * connect elsewhere) -> over (requests that are still under way are ended, each by its own hand).
 */
export class Drain {
  readonly #waiting = new Set<() => void>();
  #state: 'serving' | 'draining' | 'over' = 'serving';

  get isDraining(): boolean {
    return this.#state !== 'serving';
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  add(onOver: () => void): void {
    this.#waiting.add(onOver);
  }

  delete(onOver: () => void): void {
    this.#waiting.delete(onOver);
  }

  begin(): void {
    this.#state = 'draining';
  }

  end(): void {
    this.#state = 'over';
    for (const onOver of this.#waiting) onOver();
    this.#waiting.clear();
  }
}
