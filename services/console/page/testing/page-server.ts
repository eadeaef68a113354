/** A console's server that has generated data and no rights to check: to look at the page, and to try it, without a cluster. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRoutes, type Routes } from './generated-answers.ts';

const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
const BODY_MAXIMUM_BYTES = 65_536;

export interface PageServerOptions {
  readonly port: number;
  readonly agents: number;
  /** What is no request of the API: the files of the page. */
  readonly serveFile: (request: IncomingMessage, response: ServerResponse) => void;
}

export interface PageServer extends AsyncDisposable {
  readonly url: string;
}

export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const routes = createRoutes(options.agents);
  const server = createServer((request, response) => {
    response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY);
    response.setHeader('x-content-type-options', 'nosniff');
    const isOfTheApi = request.url?.startsWith('/v1/') === true;
    if (isOfTheApi) void answer(routes, request, response);
    else options.serveFile(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => close(server),
  };
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

async function answer(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://page');
  if (url.pathname === '/v1/stream') {
    stream(request, response);
    return;
  }
  const body = await readBody(request);
  const { status, answer: said } = routes({ method: request.method ?? 'GET', url, body });
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_MAXIMUM_BYTES) return undefined;
    parts.push(part);
  }
  return parts.length === 0 ? undefined : (JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown);
}

function stream(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const say = (): void => {
    const data = { asOfMicroseconds: Date.now() * 1000, problem: null, topics: [] };
    response.write(`event: beat\nid: ${Date.now()}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  say();
  const timer = setInterval(say, 5000);
  request.on('close', () => clearInterval(timer));
}
