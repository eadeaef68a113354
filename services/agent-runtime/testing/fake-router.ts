/** A router on 127.0.0.1 that speaks the wire format of OpenAI as the real one does, and answers by a script. */
import { type Server, type ServerResponse, createServer } from 'node:http';
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
    return;
  }
  const toolCalls = (answer.calls ?? []).map(([name, given], index) => ({
    id: `call_${index}`,
    type: 'function',
    function: { name, arguments: given },
  }));
  const finish = answer.finish ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop');
  const usage = { prompt_tokens: 20, completion_tokens: 4, total_tokens: 24 };
  const costNanoUsd = answer.costNanoUsd === undefined ? 1500 : answer.costNanoUsd;
  const capataz = { requestId: 'r', model: 'small', attempts: 1, costNanoUsd };
  if (request.body.stream !== true) {
    const message = {
      role: 'assistant',
      content: answer.content ?? null,
      refusal: null,
      ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        id: 'x',
        object: 'chat.completion',
        created: 1,
        model: 'small',
        choices: [{ index: 0, message, finish_reason: finish }],
        usage,
        capataz,
      }),
    );
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (choices: readonly unknown[], others: object = {}): void => {
    const chunk = {
      id: 'x',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'small',
      choices,
      ...others,
    };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  const pieces = (answer.content ?? '').match(/.{1,4}/gsu) ?? [];
  for (const [index, content] of pieces.entries()) {
    send([
      { index: 0, delta: { ...(index === 0 ? { role: 'assistant' } : {}), content }, finish_reason: null },
    ]);
    if (answer.cut === undefined) continue;
    if (answer.cut === 'error') {
      response.write(
        'data: {"error":{"message":"The answer was cut off","type":"api_error","code":"stream_cut"}}\n\n',
      );
    }
    response.end();
    return;
  }
  if (toolCalls.length > 0) {
    const deltas = toolCalls.map((call, index) => ({ index, ...call }));
    send([{ index: 0, delta: { tool_calls: deltas }, finish_reason: null }]);
  }
  send([{ index: 0, delta: {}, finish_reason: finish }]);
  send([], { usage, capataz });
  response.end('data: [DONE]\n\n');
}
