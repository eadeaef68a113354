/** The operator's configuration stream on 127.0.0.1, under the hand of a test. */
import { type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export class FakeOperator {
  /** Told to each new stream at once, as the operator does. */
  configuration: string | undefined;
  rollout: string | undefined;
  status = 200;
  readonly authorizations: (string | undefined)[] = [];
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(configuration?: string): Promise<FakeOperator> {
    const server = createServer();
    const operator = new FakeOperator(server);
    operator.configuration = configuration;
    server.on('request', (request, response) => {
      operator.authorizations.push(request.headers.authorization);
      if (operator.status !== 200) {
        response.writeHead(operator.status);
        response.end();
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': heartbeat\n\n');
      operator.#streams.add(response);
      response.once('close', () => operator.#streams.delete(response));
      if (operator.configuration !== undefined) tell(response, operator.configuration);
      if (operator.rollout !== undefined) tell(response, operator.rollout, 'rollout');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return operator;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/configuration`;
  }

  get connections(): number {
    return this.authorizations.length;
  }

  publishRollout(rollout: string): void {
    this.rollout = rollout;
    for (const stream of this.#streams) tell(stream, rollout, 'rollout');
  }

  publish(configuration: string): void {
    this.configuration = configuration;
    for (const stream of this.#streams) tell(stream, configuration);
  }

  /** Any text, as it is, to all streams. */
  write(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  cut(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

function tell(stream: ServerResponse, text: string, event = 'agent'): void {
  stream.write(`event: ${event}\ndata: ${text}\n\n`);
}
