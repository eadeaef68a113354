/** How much may be in memory of the bodies that come at the same time. Whoever finds no room is told to come back. */
import type { FastifyReply } from 'fastify';

export class UploadsUnderWay {
  readonly #room: number;
  #taken = 0;

  /** `room`: in whatever is taken, bytes or bodies. */
  constructor(room: number) {
    this.#room = room;
  }

  /**
   * `taken` until the connection closes, which it does exactly once. `gone`: whoever sent the request left while his token
   * was reviewed, so nothing would ever give back what is taken for him, and there is nobody to answer.
   */
  take(reply: FastifyReply, room = 1): 'taken' | 'full' | 'gone' {
    if (reply.request.raw.destroyed || reply.raw.destroyed) return 'gone';
    if (this.#taken + room > this.#room) return 'full';
    this.#taken += room;
    reply.raw.once('close', () => {
      this.#taken -= room;
    });
    return 'taken';
  }
}
