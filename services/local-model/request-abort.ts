/** Whether anybody still waits for an answer. */
import type { FastifyReply } from 'fastify';

export class ClientGoneError extends Error {
  constructor() {
    super('the client closed the connection');
  }
}

/** Aborted when the client goes before its answer is complete, or when the process must end. */
export function abortWithClient(reply: FastifyReply, shutdown: AbortSignal): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new ClientGoneError());
  });
  return AbortSignal.any([controller.signal, shutdown]);
}
