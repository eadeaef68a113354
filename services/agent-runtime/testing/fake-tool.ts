/** A tool on 127.0.0.1 that has an effect and counts it by itself, whatever anybody else says of it. */
import { type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpToolConfiguration } from '#domain/agent/agent-configuration.ts';

export interface ToolEffect {
  readonly callId: string;
  readonly traceparent: string | undefined;
  readonly body: string;
}

export class FakeTool {
  readonly effects: ToolEffect[] = [];
  /** Asked at the moment of each effect. */
  onEffect: (effect: ToolEffect) => void = () => undefined;
  respond: (response: ServerResponse) => void = (response) => response.end('done');
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeTool> {
    const server = createServer();
    const tool = new FakeTool(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const effect = {
          callId: String(request.headers['idempotency-key']),
          traceparent: request.headers['traceparent']?.toString(),
          body: Buffer.concat(chunks).toString(),
        };
        tool.effects.push(effect);
        tool.onEffect(effect);
        tool.respond(response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return tool;
  }

  /** As an agent's configuration has it. */
  configuration(changes: Partial<HttpToolConfiguration> = {}): HttpToolConfiguration {
    const { port } = this.#server.address() as AddressInfo;
    return {
      name: 'book-room',
      description: 'Books a room.',
      url: `http://127.0.0.1:${port}/bookings`,
      parameters: { type: 'object', properties: { room: { type: 'string' } } },
      effect: 'external',
      timeoutSeconds: 5,
      ...changes,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
