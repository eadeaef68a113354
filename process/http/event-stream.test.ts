import {
  type ClientRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
  get,
} from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventStream, type EventStreamOptions, formatEvent } from './event-stream.ts';
import { listen } from './listen.ts';

let server: Server;
let port: number;
let opened: PromiseWithResolvers<EventStream>;
let options: Partial<EventStreamOptions>;
const clients: ClientRequest[] = [];

beforeEach(async () => {
  opened = Promise.withResolvers();
  options = {};
  server = createServer((_request, response) =>
    opened.resolve(new EventStream(response, { stallSeconds: 30, ...options })),
  );
  port = await listen(server, 0, '127.0.0.1');
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

/** The head of the answer; nothing of its body is read until somebody listens. */
function connect(): Promise<IncomingMessage> {
  const head = Promise.withResolvers<IncomingMessage>();
  const client = get({ port, host: '127.0.0.1' }, (response) => {
    response.on('error', () => undefined);
    head.resolve(response);
  });
  client.on('error', () => undefined);
  clients.push(client);
  return head.promise;
}

function textOf(response: IncomingMessage): { text: string } {
  const read = { text: '' };
  response.setEncoding('utf8').on('data', (piece: string) => (read.text += piece));
  return read;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** More than the kernel holds for a connection. */
const BIG = 'x'.repeat(32 * 1024 * 1024);

describe('an event stream', () => {
  it('has the head of one, its events in order, and its end', async () => {
    options = { headers: () => ({ 'x-request-id': 'r-1' }) };
    const answer = connect();
    const stream = await opened.promise;
    expect(stream.isOpen).toBe(false);
    stream.sendJson({ a: 1 }, 'step');
    stream.send('[DONE]');
    stream.end();
    const response = await answer;
    const read = textOf(response);
    await until(() => response.readableEnded);
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'x-request-id': 'r-1',
    });
    expect(read.text).toBe('event: step\ndata: {"a":1}\n\ndata: [DONE]\n\n');
  });

  it('sends comments while there is nothing to say, also before the first event', async () => {
    options = { keepAliveSeconds: 0.02 };
    const read = textOf(await connect());
    await until(() => read.text.split(': keep-alive\n\n').length > 3);
    const stream = await opened.promise;
    expect(stream.isOpen).toBe(true);
    stream.send('1');
    await until(() => read.text.includes('data: 1\n\n'));
  });

  it('that is opened is answered before there is anything to say', async () => {
    const answer = connect();
    const stream = await opened.promise;
    stream.open();
    expect((await answer).headers['content-type']).toBe('text/event-stream; charset=utf-8');
    stream.end();
  });

  it('sends nothing at all when it is closed before its first word, so that the answer can be another', async () => {
    options = { keepAliveSeconds: 0.02 };
    const answer = connect();
    const stream = await opened.promise;
    stream.end();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(stream.isOpen).toBe(false);
    server.closeAllConnections();
    await Promise.race([answer, new Promise((resolve) => clients[0]?.once('close', resolve))]);
  });

  it('tells when the client reads more slowly than we write, and when it has caught up', async () => {
    const told: string[] = [];
    options = { onPause: () => told.push('pause'), onResume: () => told.push('resume') };
    const answer = connect();
    const stream = await opened.promise;
    stream.send(BIG);
    stream.send('more');
    expect([told, stream.isPaused]).toEqual([['pause'], true]);
    const read = textOf(await answer);
    await stream.untilWritable();
    expect([told, stream.isPaused]).toEqual([['pause', 'resume'], false]);
    stream.end();
    await until(() => read.text.endsWith('data: more\n\n'));
  });

  it('gives up a client that reads nothing, and nobody waits for it any more', async () => {
    let stalls = 0;
    options = { stallSeconds: 0.05, onStall: () => (stalls += 1) };
    const answer = connect();
    const stream = await opened.promise;
    stream.send(BIG);
    await stream.untilWritable();
    stream.send('into the void');
    const response = await answer;
    expect(stalls).toBe(1);
    response.resume();
    await until(() => response.destroyed);
    expect(response.complete).toBe(false);
  });

  it('gives up a client that does not read the end', async () => {
    options = { stallSeconds: 0.05 };
    const answered = new Promise<ServerResponse>((resolve) => {
      server.once('request', (_request, response: ServerResponse) => resolve(response));
    });
    const answer = connect();
    const stream = await opened.promise;
    stream.send(BIG);
    stream.end();
    await answer;
    const response = await answered;
    await until(() => response.destroyed);
    expect(response.writableFinished).toBe(false);
  });

  it('writes data of several lines as the format wants it', () => {
    expect(formatEvent('a\nb\r\nc')).toBe('data: a\ndata: b\ndata: c\n\n');
  });
});
