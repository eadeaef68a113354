/**
 * The caller of a streamed answer. While nobody has said anything yet, a comment now and then keeps proxies and clients
 * from taking the silence for the end; it commits to no model, so that another one may still be asked. When the caller
 * reads slowly, whoever answers at the moment is slowed down.
 */
import type { FastifyReply } from 'fastify';
import { type EventStream, eventStreamOf } from '#process/http/event-stream.ts';
import type { RoutableModel } from '#domain/routing/routable-model.ts';

/** Whoever answers at the moment. */
export interface Upstream {
  readonly pause: () => void;
  readonly resume: () => void;
  /** The caller has read nothing for too long. */
  readonly abandon: () => void;
}

export interface StreamingCallerOptions {
  readonly keepAliveSeconds: number;
  readonly stallSeconds: number;
  readonly headers: (model: RoutableModel | undefined) => Readonly<Record<string, string>>;
}

export class StreamingCaller implements Disposable {
  readonly #events: EventStream;
  #upstream: Upstream | undefined;
  #answering: RoutableModel | undefined;

  constructor(reply: FastifyReply, { keepAliveSeconds, stallSeconds, headers }: StreamingCallerOptions) {
    this.#events = eventStreamOf(reply, {
      keepAliveSeconds,
      stallSeconds,
      headers: () => headers(this.#answering),
      onPause: () => this.#upstream?.pause(),
      onResume: () => this.#upstream?.resume(),
      onStall: () => this.#upstream?.abandon(),
    });
  }

  /** Something was sent: a refusal can only be an event any more. */
  get isOpen(): boolean {
    return this.#events.isOpen;
  }

  answerFrom(model: RoutableModel, upstream: Upstream): void {
    this.#answering = model;
    this.#upstream = upstream;
    this.#events.open();
    if (this.#events.isPaused) upstream.pause();
  }

  write(text: string): void {
    this.#events.write(text);
  }

  end(text: string): void {
    this.#events.end(text);
  }

  destroy(): void {
    this.#events.destroy();
  }

  [Symbol.dispose](): void {
    this.#events.close();
  }
}
