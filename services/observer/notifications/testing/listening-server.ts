/** A server of HTTP that keeps what it is sent, and answers what it is told to. */
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Heard {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export class ListeningServer implements AsyncDisposable {
  /** All that came, in order. */
  readonly heard: Heard[] = [];
  /** What it answers; 200 when not given. */
  answer: (response: ServerResponse, heard: Heard) => void = (response) => void response.end('ok');
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const heard = { path: request.url ?? '', headers: request.headers, body };
      this.heard.push(heard);
      this.answer(response, heard);
    });
  });

  static async start(): Promise<ListeningServer> {
    const listening = new ListeningServer();
    await new Promise<void>((resolve) => {
      listening.#server.listen(0, '127.0.0.1', resolve);
    });
    return listening;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}
