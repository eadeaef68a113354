/**
 * What a drain means to the connections of an HTTP server. A kept connection is a promise to take the next request, so
 * it is taken back before requests are refused: from the beginning of the drain every answer says `connection: close`,
 * whoever writes it, and is still a true answer.
 */
import type { Server, ServerResponse } from 'node:http';
import type { Drain } from '../drain.ts';

/** Time for what is ended at the end of the drain to say so to its client. */
const LAST_WORDS_MILLISECONDS = 1_000;

export function drainConnections(server: Server, drain: Drain): void {
  const open = new Set<ServerResponse>();
  server.prependListener('request', (_request, response) => {
    if (drain.isDraining) response.shouldKeepAlive = false;
    open.add(response);
    response.once('close', () => {
      open.delete(response);
      // Its head was sent before the drain and promised to keep the connection, which nobody closes any more.
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
  });
  drain.onBegin(() => {
    for (const response of open) if (!response.headersSent) response.shouldKeepAlive = false;
  });
  // A client that does not read must not hold the process up.
  drain.add(() => setTimeout(() => server.closeAllConnections(), LAST_WORDS_MILLISECONDS).unref());
}
