/** A model provider on 127.0.0.1 that does exactly what a test says, byte by byte, and remembers what it was asked. */
import { type IncomingMessage, type RequestListener, type ServerResponse, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface ProviderCall {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether the other side closed the connection before the answer was whole. */
  hungUp: boolean;
  readonly hungUpAt: Promise<number>;
}

export type ProviderScript = (
  call: ProviderCall,
  response: ServerResponse,
  callNumber: number,
) => void | Promise<void>;

export interface ScriptedProvider {
  readonly url: string;
  readonly port: number;
  readonly calls: ProviderCall[];
  /** What to do from now on. */
  script: ProviderScript;
  readonly close: () => Promise<void>;
}

export async function startScriptedProvider(
  script: ProviderScript,
  tls?: { readonly key: string; readonly cert: string },
): Promise<ScriptedProvider> {
  const calls: ProviderCall[] = [];
  const sockets = new Set<Socket>();
  const listener: RequestListener = (request, response) => {
    void (async () => {
      const { promise: hungUpAt, resolve } = Promise.withResolvers<number>();
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString('utf8');
      const call: ProviderCall = {
        path: request.url ?? '',
        headers: request.headers,
        body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
        hungUp: false,
        hungUpAt,
      };
      calls.push(call);
      response.on('close', () => {
        if (response.writableFinished) return;
        call.hungUp = true;
        resolve(performance.now());
      });
      await provider.script(call, response, calls.length);
    })().catch(() => response.destroy());
  };
  const server =
    tls === undefined ? createServer({ noDelay: true }, listener) : createTlsServer(tls, listener);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const provider: ScriptedProvider = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/v1`,
    port,
    calls,
    script,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return provider;
}

export const OPENAI_USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

export function sayJson(response: ServerResponse, status: number, body: unknown, headers: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** A whole answer in OpenAI's format. */
export function openAiAnswer(content = 'Hello.'): Record<string, unknown> {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'provider-model',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: OPENAI_USAGE,
  };
}

export function openAiChunk(delta: object, finishReason: string | null = null): string {
  return sse({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'provider-model',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  });
}

export function openAiUsageChunk(usage: object = OPENAI_USAGE): string {
  return sse({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'provider-model',
    choices: [],
    usage,
  });
}

export const DONE = 'data: [DONE]\n\n';

export function sse(data: unknown, event?: string): string {
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
}

export function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
}

/** A whole, honest stream in OpenAI's format. */
export function sayStream(response: ServerResponse, words: readonly string[] = ['Hel', 'lo', '.']): void {
  openStream(response);
  response.write(openAiChunk({ role: 'assistant', content: '' }));
  for (const content of words) response.write(openAiChunk({ content }));
  response.end(openAiChunk({}, 'stop') + openAiUsageChunk() + DONE);
}

/** Answers chat whole or as a stream, as asked, and embeddings and the list of models. */
export const honestProvider: ProviderScript = (call, response) => {
  if (call.path.endsWith('/models')) sayJson(response, 200, { object: 'list', data: [] });
  else if (call.path.endsWith('/embeddings')) {
    sayJson(response, 200, {
      object: 'list',
      model: 'provider-model',
      data: [{ object: 'embedding', index: 0, embedding: [0.5, -0.25] }],
      usage: { prompt_tokens: 3, total_tokens: 3 },
    });
  } else if (call.body['stream'] === true) sayStream(response);
  else sayJson(response, 200, openAiAnswer());
};
