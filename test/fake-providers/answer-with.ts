/** A server that answers every request with the same body, for the official clients to read. Tests only. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AnsweringServer extends AsyncDisposable {
  readonly origin: string;
  /** What the clients sent, oldest first. */
  readonly received: readonly { readonly url: string; readonly body: unknown }[];
}

/** An event stream when `type` says so. */
export async function answerWith(
  body: string,
  { status = 200, type = 'application/json' }: { readonly status?: number; readonly type?: string } = {},
): Promise<AnsweringServer> {
  const received: { url: string; body: unknown }[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      received.push({ url: request.url ?? '', body: JSON.parse(Buffer.concat(pieces).toString('utf8')) });
      response.writeHead(status, { 'content-type': type });
      response.end(body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
