/** How many bytes of bodies may be in memory at the same time. Whoever finds no room is told to come back. */

export class UploadBudget {
  readonly #bytes: number;
  #taken = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Undefined: there is no room now. The caller gives it back exactly once. */
  take(bytes: number): (() => void) | undefined {
    if (this.#taken + bytes > this.#bytes) return undefined;
    this.#taken += bytes;
    let isGivenBack = false;
    return () => {
      if (!isGivenBack) this.#taken -= bytes;
      isGivenBack = true;
    };
  }
}
