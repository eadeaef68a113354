/** How much may be in memory of what comes at the same time. Whoever finds no room is told to come back. */
import type { FastifyReply } from 'fastify';

export class SharedRoom {
  readonly #room: number;
  readonly #mostOfOne: number;
  #taken = 0;
  readonly #takenBy = new Map<string, number>();

  /** In whatever is taken, bytes or bodies: `room` for all together, and of it `mostOfOne` for each. */
  constructor({ room, mostOfOne = room }: { readonly room: number; readonly mostOfOne?: number }) {
    this.#room = room;
    this.#mostOfOne = mostOfOne;
  }

  /**
   * `taken` until the connection closes, which it does exactly once. `gone`: whoever sent the request left while his token
   * was reviewed, so nothing would ever give back what is taken for him, and there is nobody to answer.
   */
  take(reply: FastifyReply, who: string, room = 1): 'taken' | 'full' | 'gone' {
    if (reply.request.raw.destroyed || reply.raw.destroyed) return 'gone';
    const his = this.#takenBy.get(who) ?? 0;
    if (this.#taken + room > this.#room || his + room > this.#mostOfOne) return 'full';
    this.#add(who, room);
    reply.raw.once('close', () => this.#add(who, -room));
    return 'taken';
  }

  #add(who: string, room: number): void {
    this.#taken += room;
    const his = (this.#takenBy.get(who) ?? 0) + room;
    if (his === 0) this.#takenBy.delete(who);
    else this.#takenBy.set(who, his);
  }
}
