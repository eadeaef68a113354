/** Server-sent events to one caller, with a heartbeat so that no proxy takes a thinking model for a dead connection. */
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

const HEARTBEAT_MILLISECONDS = 15_000;

export class EventStream {
  readonly #reply: FastifyReply;
  readonly #heartbeat: NodeJS.Timeout;
  #isOpen = false;

  /** Nothing is sent before the first event or the first heartbeat: until then the answer can still be an error. */
  constructor(reply: FastifyReply) {
    this.#reply = reply;
    this.#heartbeat = setInterval(() => this.#write(': heartbeat\n\n'), HEARTBEAT_MILLISECONDS);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** `data` is sent as JSON on one line; `event` is left out in the dialect of OpenAI. */
  send(data: unknown, event?: string): void {
    this.#write(`${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`);
  }

  /** The end in the dialect of OpenAI. */
  sendDone(): void {
    this.#write('data: [DONE]\n\n');
  }

  close(): void {
    clearInterval(this.#heartbeat);
    if (this.#isOpen) this.#response.end();
  }

  get #response(): ServerResponse {
    return this.#reply.raw;
  }

  #write(text: string): void {
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#reply.hijack();
      this.#response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        // nginx would hold the events back until its buffer is full.
        'x-accel-buffering': 'no',
      });
    }
    // What a slow reader leaves waiting here is bounded by the output limit of the run.
    if (!this.#response.destroyed) this.#response.write(text);
  }
}
