/**
 * The projected token of a pod. The kubelet writes a new one minutes before the old one ends, so a reading is good for a
 * few seconds: a busy agent would otherwise open the file for every thought. Calls that come together share one reading;
 * one that failed is not remembered.
 */
import { readFile } from 'node:fs/promises';

const FRESH_MILLISECONDS = 5_000;

export class TokenFile {
  readonly #path: string;
  readonly #now: () => number;
  #reading: { readonly token: Promise<string>; readonly at: number } | undefined;

  /** `now` is in milliseconds of a clock that never goes back. */
  constructor(path: string, now: () => number) {
    this.#path = path;
    this.#now = now;
  }

  /** Rejects when the file cannot be read. */
  read(): Promise<string> {
    const at = this.#now();
    if (this.#reading !== undefined && at - this.#reading.at < FRESH_MILLISECONDS) return this.#reading.token;
    const token = readFile(this.#path, 'utf8').then((text) => text.trim());
    this.#reading = { token, at };
    token.catch(() => this.forget());
    return token;
  }

  /** The next call reads again: the token was refused, or could not be read. */
  forget(): void {
    this.#reading = undefined;
  }
}
