/** An HTTP server on 127.0.0.1 that answers as told and remembers what it was asked. */
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A value is sent as JSON; `[status, value]` with a status; a function writes the answer itself. */
export type Answer = (asked: Asked) => unknown;

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly asked: readonly Asked[];
}

export class Status {
  readonly code: number;
  readonly body: unknown;

  constructor(code: number, body: unknown) {
    this.code = code;
    this.body = body;
  }
}

export type Write = (response: ServerResponse) => void;

/** By `METHOD /path`, else by `*`; what is not named is answered with 404 as the ledger does. */
export async function scriptedServer(answers: Readonly<Record<string, Answer>>): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://ledger');
      const one: Asked = {
        method: request.method ?? '',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      asked.push(one);
      const answer = (answers[`${one.method} ${one.path}`] ?? answers['*'])?.(one);
      if (typeof answer === 'function') (answer as Write)(response);
      else if (answer instanceof Status) sendJson(response, answer.code, answer.body);
      else if (answer !== undefined) sendJson(response, 200, answer);
      else sendJson(response, 404, { error: { message: 'There is no such thing here.', code: 'not_found' } });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
