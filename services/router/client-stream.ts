/**
 * The client's side of a stream. Tells when the client reads more slowly than the provider writes, so that the provider
 * is slowed down instead of our memory filled, and gives up on a client who reads nothing at all.
 */
import type { ServerResponse } from 'node:http';

export interface ClientStreamOptions {
  readonly response: ServerResponse;
  readonly stallMilliseconds: number;
  readonly onPause: () => void;
  readonly onResume: () => void;
  /** The client has not read for `stallMilliseconds`. */
  readonly onStall: () => void;
}

export class ClientStream {
  readonly #options: ClientStreamOptions;
  #stall: NodeJS.Timeout | undefined;

  constructor(options: ClientStreamOptions, headers: Readonly<Record<string, string>>) {
    this.#options = options;
    options.response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      // nginx would hold the events back until its buffer is full.
      'x-accel-buffering': 'no',
      ...headers,
    });
  }

  write(text: string): void {
    const { response, stallMilliseconds, onPause, onResume, onStall } = this.#options;
    if (response.write(text) || this.#stall !== undefined || response.destroyed) return;
    onPause();
    this.#stall = setTimeout(onStall, stallMilliseconds);
    response.once('drain', () => {
      this.close();
      onResume();
    });
  }

  end(text: string): void {
    this.close();
    this.#options.response.end(text);
  }

  destroy(): void {
    this.close();
    this.#options.response.destroy();
  }

  close(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
  }
}
