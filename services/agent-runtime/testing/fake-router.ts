/** A router on 127.0.0.1 that speaks the wire format of OpenAI as the real one does, and answers by a script. */
import { type IncomingHttpHeaders, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeAnswer {
  readonly content?: string | null;
  readonly calls?: readonly (readonly [name: string, givenArguments: string])[];
  readonly finish?: string;
  readonly costNanoUsd?: number | null;
  readonly status?: number;
  readonly error?: { readonly message: string; readonly code: string };
  readonly headers?: Readonly<Record<string, string>>;
  /** The stream ends after its first piece: with an error event, or with nothing at all. */
  readonly cut?: 'error' | 'silent';
  /** The answer waits for this. */
  readonly after?: Promise<unknown>;
}

export interface FakeRequest {
  readonly authorization: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly model: string;
    readonly stream?: boolean;
    readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  } & Readonly<Record<string, unknown>>;
  /** Settles when the connection of the request is closed before its answer was whole. */
  readonly aborted: Promise<void>;
}

export class FakeRouter {
  readonly requests: FakeRequest[] = [];
  answer: (request: FakeRequest, index: number) => FakeAnswer = () => ({ content: 'Hello' });
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeRouter> {
    const server = createServer();
    const router = new FakeRouter(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const aborted = Promise.withResolvers<void>();
        response.once('close', () => {
          if (!response.writableFinished) aborted.resolve();
        });
        const received: FakeRequest = {
          authorization: request.headers.authorization,
          headers: request.headers,
          body: JSON.parse(Buffer.concat(chunks).toString()) as FakeRequest['body'],
          aborted: aborted.promise,
        };
        const index = router.requests.push(received) - 1;
        void respond(response, received, router.answer(received, index));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return router;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

async function respond(response: ServerResponse, request: FakeRequest, answer: FakeAnswer): Promise<void> {
  await answer.after;
  if (response.destroyed) return;
  if (answer.status !== undefined) {
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify({ error: { type: 'api_error', param: null, ...answer.error } }));
  } else if (request.body.stream === true) {
    respondStream(response, answer);
  } else {
    respondWhole(response, answer);
  }
}

const HEAD = { id: 'x', created: 1, model: 'small' };
const USAGE = { prompt_tokens: 20, completion_tokens: 4, total_tokens: 24 };

function annotationOf({ costNanoUsd }: FakeAnswer): object {
  return {
    requestId: 'r',
    model: 'small',
    attempts: 1,
    costNanoUsd: costNanoUsd === undefined ? 1500 : costNanoUsd,
  };
}

function toolCallsOf({ calls }: FakeAnswer): readonly object[] {
  return (calls ?? []).map(([name, given], index) => ({
    index,
    id: `call_${index}`,
    type: 'function',
    function: { name, arguments: given },
  }));
}

function finishOf(answer: FakeAnswer): string {
  return answer.finish ?? (answer.calls === undefined ? 'stop' : 'tool_calls');
}

function respondWhole(response: ServerResponse, answer: FakeAnswer): void {
  const message = {
    role: 'assistant',
    content: answer.content ?? null,
    refusal: null,
    ...(answer.calls === undefined ? {} : { tool_calls: toolCallsOf(answer) }),
  };
  response.writeHead(200, { 'content-type': 'application/json', ...answer.headers });
  response.end(
    JSON.stringify({
      ...HEAD,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: finishOf(answer) }],
      usage: USAGE,
      capataz: annotationOf(answer),
    }),
  );
}

function respondStream(response: ServerResponse, answer: FakeAnswer): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...answer.headers });
  const send = (chunk: object): void => {
    response.write(`data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', ...chunk })}\n\n`);
  };
  const sendDelta = (delta: object, finish: string | null = null): void =>
    send({ choices: [{ index: 0, delta, finish_reason: finish }] });
  sendDelta({ role: 'assistant', content: '' });
  const pieces = (answer.content ?? '').match(/.{1,4}/gsu) ?? [];
  for (const content of pieces) {
    sendDelta({ content });
    if (answer.cut === undefined) continue;
    const error = { message: 'The answer was cut off', type: 'api_error', code: 'stream_cut' };
    if (answer.cut === 'error') response.write(`data: ${JSON.stringify({ error })}\n\n`);
    response.end();
    return;
  }
  if (answer.calls !== undefined) sendDelta({ tool_calls: toolCallsOf(answer) });
  sendDelta({}, finishOf(answer));
  send({ choices: [], usage: USAGE, capataz: annotationOf(answer) });
  response.end('data: [DONE]\n\n');
}
