import { type IncomingHttpHeaders, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TOOL_RESULT_MAXIMUM_CHARACTERS } from '#domain/conversation/call-tools.ts';
import type { ToolResult } from '#domain/conversation/tool.ts';
import type { SpanContext } from '#domain/tracing/trace-context.ts';
import { type HttpTools, createHttpTools } from './http-tools.ts';

interface Heard {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let server: Server;
let heard: Heard[];
let answer: (response: ServerResponse) => void;
let tools: HttpTools;

beforeEach(async () => {
  heard = [];
  answer = (response) => response.end('booked');
  tools = createHttpTools({ allowLoopback: true });
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      heard.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await tools.close();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
});

const urlOf = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

async function use(
  url: string,
  signal = new AbortController().signal,
  by = tools,
  trace?: SpanContext,
): Promise<ToolResult> {
  const tool = by.tool({
    name: 'book-room',
    description: 'Books a room.',
    url,
    parameters: { type: 'object' },
    effect: 'external',
    timeoutSeconds: 5,
  });
  const context = { callId: 'run-1:2:1', signal, now: new Date(0), ...(trace !== undefined && { trace }) };
  return tool.run({ room: 'Größe 1' }, context);
}

describe('a tool that is asked over HTTP', () => {
  it('hears in which trace it is asked, but not what other tracing systems wrote into it', async () => {
    const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', flags: 1 };
    await use(urlOf('/'), undefined, undefined, { ...trace, state: 'a=1,b=2' });
    await use(urlOf('/'));
    expect(heard[0]?.headers).toHaveProperty(
      'traceparent',
      '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    );
    expect(heard[0]?.headers).not.toHaveProperty('tracestate');
    expect(heard[1]?.headers).not.toHaveProperty('traceparent');
  });

  it('hears the arguments as JSON at its path, with the id of the call by which it knows a second one', async () => {
    expect(await use(urlOf('/book?kind=small'))).toEqual({ ok: true, text: 'booked' });
    expect(heard).toMatchObject([
      {
        method: 'POST',
        url: '/book?kind=small',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'run-1:2:1' },
        body: '{"room":"Größe 1"}',
      },
    ]);
  });

  it.each([[400], [404], [409], [500], [503]])(
    'has failed when it answers with %d, and is not asked again',
    async (status) => {
      answer = (response) => {
        response.writeHead(status);
        response.end('no such room');
      };
      expect(await use(urlOf('/'))).toEqual({
        ok: false,
        problem: `the tool answered with ${status}: no such room`,
      });
      expect(heard).toHaveLength(1);
    },
  );

  it.each([[301], [302], [303], [307], [308]])(
    'is not followed when it sends elsewhere with %d',
    async (status) => {
      answer = (response) => {
        response.writeHead(status, { location: urlOf('/elsewhere') });
        response.end();
      };
      expect(await use(urlOf('/'))).toMatchObject({
        ok: false,
        problem: expect.stringContaining(String(status)),
      });
      expect(heard.map(({ url }) => url)).toEqual(['/']);
    },
  );

  it('is read no further than a model is told, however much it says and whether or not it ends', async () => {
    answer = (response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    const result = await use(urlOf('/'));
    expect(result).toMatchObject({ ok: true });
    const text = result.ok ? result.text : '';
    expect(text).toHaveLength(TOOL_RESULT_MAXIMUM_CHARACTERS);
    expect(text).toMatch(/\[cut: the answer of the tool is longer\]$/);
  });

  it('has failed when its answer is compressed, which nobody asked for', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(Buffer.from([31, 139]));
    };
    expect(await use(urlOf('/'))).toMatchObject({ ok: false });
  });

  it('has failed when the connection breaks, once, and it is said that nobody knows what it did', async () => {
    answer = (response) => response.destroy();
    const result = await use(urlOf('/'));
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('may or may not') });
    expect(heard).toHaveLength(1);
  });

  it('is let go when the run ends', async () => {
    const ending = new AbortController();
    answer = () => ending.abort(new Error('over'));
    await expect(use(urlOf('/'), ending.signal)).rejects.toThrow('over');
  });

  it.each([
    ['http://169.254.169.254/latest/meta-data'],
    ['http://[fd00:ec2::254]/'],
    ['http://[::ffff:169.254.169.254]/'],
    ['http://0.0.0.0:9/'],
  ])('is not asked at %s', async (url) => {
    expect(await use(url)).toEqual({ ok: false, problem: 'the tool has an address that tools may not have' });
  });

  it('is not asked in the pod itself, by number or by name', async () => {
    const inCluster = createHttpTools({ allowLoopback: false });
    const { port } = server.address() as AddressInfo;
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '0x7f.1', '2130706433']) {
      const result = await use(`http://${host}:${port}/`, undefined, inCluster);
      expect(result).toEqual({ ok: false, problem: 'the tool has an address that tools may not have' });
    }
    await inCluster.close();
    expect(heard).toEqual([]);
  });
});
