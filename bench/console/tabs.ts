/** As many tabs as are asked for, as the console sees them: each holds a stream, and asks for what it shows when it changed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { Agent, fetch } from 'undici';

/** A view is not asked for more often than a page does. */
const PAUSE_MILLISECONDS = 3_000;

export interface TabPlaces {
  readonly stream: string;
  readonly view: string;
  /** Of sessions, for one may hold so many streams only: tabs are of one after the other. */
  readonly cookies: readonly string[];
}

export class Tabs implements AsyncDisposable {
  readonly #ends = new AbortController();
  readonly #dispatcher = new Agent({ connections: 256 });
  readonly #work: Promise<unknown>;
  events = 0;
  answers = 0;
  answerBytes = 0;

  readonly #places: TabPlaces;

  constructor(count: number, places: TabPlaces) {
    this.#places = places;
    this.#work = Promise.all(
      Array.from({ length: count }, (_, index) =>
        this.#follow(places.cookies[index % places.cookies.length] ?? ''),
      ),
    );
  }

  async #follow(cookie: string): Promise<void> {
    const { signal } = this.#ends;
    const options = { headers: { cookie }, dispatcher: this.#dispatcher, signal };
    let askedAt = -Infinity;
    let asking: Promise<void> | undefined;
    const ask = async (): Promise<void> => {
      await sleep(Math.max(0, askedAt + PAUSE_MILLISECONDS - performance.now()), undefined, { signal });
      askedAt = performance.now();
      const text = await (await fetch(this.#places.view, options)).text();
      this.answers += 1;
      this.answerBytes += text.length;
    };
    try {
      const response = await fetch(this.#places.stream, options);
      if (!response.ok || response.body === null)
        throw new Error(`The stream was answered ${response.status}.`);
      const events = response.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream());
      for await (const { event } of events) {
        this.events += 1;
        if (event !== 'changed') continue;
        asking ??= ask().finally(() => {
          asking = undefined;
        });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await asking?.catch(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ends.abort();
    await this.#work;
    await this.#dispatcher.close();
  }
}
