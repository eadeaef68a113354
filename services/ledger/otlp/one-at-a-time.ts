/** Work that takes much memory while it lasts: the next begins when the one before has ended, well or not. */
export class OneAtATime {
  #before: Promise<unknown> = Promise.resolve();

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#before.then(work);
    this.#before = result.catch(() => undefined);
    return result;
  }
}
