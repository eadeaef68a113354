/**
 * Server-sent events to one client: framing, a comment now and then while there is nothing to say (proxies take a
 * silent connection for a dead one), and what becomes of a client that reads slowly or not at all.
 *
 *   closed --(first word)--> open --(the client reads more slowly)--> paused --(it has read all)--> open
 *                             |                                        +--(for stallSeconds)--> destroyed
 *                             +--(end)--> ended
 *
 * Until the first word nothing is sent and the answer can still be an error; the first comment is such a word.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

export interface EventStreamOptions {
  /** Called once, just before the first word. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** So long after the last word a comment is sent; never when not given. */
  readonly keepAliveSeconds?: number;
  /** A client that has read nothing for so long is given up. */
  readonly stallSeconds: number;
  /** The client reads more slowly than we write: whoever can should write less. */
  readonly onPause?: () => void;
  readonly onResume?: () => void;
  /** The client is given up. The connection is destroyed afterwards. */
  readonly onStall?: () => void;
}

export class EventStream {
  readonly #response: ServerResponse;
  readonly #options: EventStreamOptions;
  readonly #keepAlive: NodeJS.Timeout | undefined;
  #stall: NodeJS.Timeout | undefined;
  #resumed: PromiseWithResolvers<void> | undefined;
  #isOpen = false;

  constructor(response: ServerResponse, options: EventStreamOptions) {
    this.#response = response;
    this.#options = options;
    if (options.keepAliveSeconds !== undefined) {
      this.#keepAlive = setInterval(() => this.keepAlive(), options.keepAliveSeconds * 1000);
    }
    response.once('close', () => this.close());
  }

  /** Something was sent: the answer can be nothing else any more. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The client has not read all that was written. */
  get isPaused(): boolean {
    return this.#stall !== undefined;
  }

  /** Sends the head without waiting for the first event. */
  open(): void {
    if (this.#isOpen) return;
    this.#writeHead();
    // Else Node keeps the head for the first piece of the body, and the client waits as if nobody had answered.
    this.#response.flushHeaders();
  }

  #writeHead(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      // nginx would hold the events back until its buffer is full.
      'x-accel-buffering': 'no',
      ...this.#options.headers?.(),
    });
    // Node keeps the head back until there is a body.
    this.#response.flushHeaders();
  }

  sendJson(data: unknown, event?: string): void {
    this.send(JSON.stringify(data), event);
  }

  /** `data` on as many lines as it has; `event` is left out in the dialect of OpenAI. */
  send(data: string, event?: string): void {
    this.write(formatEvent(data, event));
  }

  /** A comment that every reader skips. */
  keepAlive(): void {
    if (!this.isPaused) this.write(': keep-alive\n\n');
  }

  /** What is framed already. */
  write(text: string | Buffer): void {
    const response = this.#response;
    if (response.destroyed || response.writableEnded) return;
    this.#writeHead();
    this.#keepAlive?.refresh();
    if (response.write(text) || this.#stall !== undefined) return;
    this.#stall = setTimeout(() => this.#giveUp(), this.#options.stallSeconds * 1000);
    this.#options.onPause?.();
    response.once('drain', () => this.#resume());
  }

  /** Resolves when more can be written without filling memory, or when there is nobody to write to any more. */
  async untilWritable(): Promise<void> {
    if (this.#stall === undefined) return;
    this.#resumed ??= Promise.withResolvers();
    await this.#resumed.promise;
  }

  /** The end of an open stream. Nothing happens to an answer that was never begun. */
  end(text = ''): void {
    this.close();
    if (!this.#isOpen || this.#response.writableEnded) return;
    // Ended is not yet read.
    this.#stall = setTimeout(() => this.destroy(), this.#options.stallSeconds * 1000);
    this.#response.end(text);
  }

  destroy(): void {
    this.close();
    this.#response.destroy();
  }

  /** Ends the timers and leaves the connection as it is. */
  close(): void {
    clearInterval(this.#keepAlive);
    this.#clearStall();
  }

  #resume(): void {
    if (this.#stall === undefined) return;
    this.#clearStall();
    this.#options.onResume?.();
  }

  #giveUp(): void {
    this.#options.onStall?.();
    this.destroy();
  }

  #clearStall(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
    this.#resumed?.resolve();
    this.#resumed = undefined;
  }
}

/** As long as nothing is sent, the reply can still be answered in fastify's way. */
export function eventStreamOf(reply: FastifyReply, options: EventStreamOptions): EventStream {
  const headers = (): Readonly<Record<string, string>> => {
    reply.hijack();
    return options.headers?.() ?? {};
  };
  return new EventStream(reply.raw, { ...options, headers });
}

export function formatEvent(data: string, event?: string): string {
  const lines = /[\r\n]/.test(data) ? data.split(/\r\n|\r|\n/).join('\ndata: ') : data;
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${lines}\n\n`;
}
