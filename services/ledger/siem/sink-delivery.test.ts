import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execFile } from 'node:child_process';
import { type Server as TlsServer, createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import type { RecordOf } from '#domain/ledger/ledger-record.ts';
import { createLogger } from '#telemetry/logger.ts';
import type { StoredEntry } from '../store/ledger-store.ts';
import { createSiemMetrics } from './siem-metrics.ts';
import { createSink } from './create-sink.ts';
import { SinkConfiguration } from './sink-configuration.ts';
import { type SinkDeliveryOptions, deliverToSink } from './sink-delivery.ts';

let folder: string;
const ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capataz-sinks-'));
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await rm(folder, { recursive: true, force: true });
});

/** What delivery needs of a store, in memory. */
class EventStore {
  readonly entries: StoredEntry[] = [];
  readonly documents = new Map<string, string>();

  add(count: number): void {
    for (let added = 0; added < count; added += 1) {
      const position = this.entries.length + 1;
      // Every third entry is none of a SIEM's business.
      const canonical = JSON.stringify(
        entry(position, position % 3 === 0 ? 'key_rotation' : 'security_event'),
      );
      this.entries.push({ position, namespace: 'shop', index: position - 1, canonical, textFields: [] });
    }
  }

  get findings(): readonly string[] {
    return this.entries
      .filter(({ position }) => position % 3 !== 0)
      .map(({ position }) => `leaf-${position}`);
  }

  get port(): SinkDeliveryOptions['store'] {
    return {
      entriesAfter: async (position, { types }, count) => {
        const looked = this.entries.slice(position, position + count);
        const entries = looked.filter(({ canonical }) =>
          types?.includes((JSON.parse(canonical) as LedgerEntry).record.type),
        );
        const isEnd = position + looked.length >= this.entries.length;
        return { entries, position: position + looked.length, isEnd };
      },
      lastPosition: async () => this.entries.length,
      getDocument: async (key) => this.documents.get(key),
      setDocument: async (key, value) => void this.documents.set(key, value),
    };
  }
}

function entry(position: number, type: 'security_event' | 'key_rotation'): LedgerEntry {
  const envelope = {
    id: `r-${position}`,
    namespace: 'shop',
    atMicroseconds: 1_764_000_000_000_000 + position,
    source: { process: 'router', instance: 'router-0', boot: 'b-1', sequence: position },
  } as const;
  const finding: RecordOf<'security_event'> = {
    ...envelope,
    type: 'security_event',
    event: 'model_denied',
    severity: 'high',
    action: 'blocked',
    owasp: ['LLM06'],
    sentence: `Number ${position}: "quoted", a line\nbreak and ü.`,
  };
  return {
    version: 1,
    index: position - 1,
    receivedAtMicroseconds: 1_764_000_000_000_000,
    reporter: 'system:serviceaccount:capataz-system:capataz-router',
    trust: 'witnessed',
    record:
      type === 'security_event'
        ? finding
        : { ...envelope, type, model: 'fast', keySource: 'Secret/openai', version: '1' },
  };
}

/** Runs delivery until the test ends or stops it. */
function start(settings: Record<string, unknown>, store: EventStore): { readonly stop: () => Promise<void> } {
  const [parsed] = SinkConfiguration.parse([{ name: 'siem', ...settings }]);
  if (parsed === undefined) throw new Error('no sink');
  const controller = new AbortController();
  const delivering = deliverToSink(
    {
      settings: parsed,
      createSink: () =>
        createSink(parsed, { hostname: 'ledger-0', writeOutput: (_text, done) => done(new Error('closed')) }),
      store: store.port,
      leafHashOf: (canonical) => `leaf-${(JSON.parse(canonical) as LedgerEntry).index + 1}`,
      metrics: createSiemMetrics(new Registry()),
      logger: createLogger('test', 'silent'),
      random: () => 0,
      pause: (milliseconds, signal) =>
        sleep(Math.min(milliseconds, 20), undefined, { signal }).catch(() => undefined),
    },
    controller.signal,
  );
  const stop = async (): Promise<void> => {
    controller.abort();
    await delivering;
  };
  ends.push(stop);
  return { stop };
}

async function eventually(check: () => void | Promise<void>): Promise<void> {
  for (const until = Date.now() + 60_000; ;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(20);
    }
  }
}

interface Received {
  readonly uids: Set<string>;
  readonly requests: { readonly headers: IncomingMessage['headers']; readonly body: string }[];
}

/** A server that takes what is posted, with a status of the moment. */
async function startCollector(
  status: { code: number },
  port = 0,
): Promise<{ server: Server; url: string; received: Received }> {
  const received: Received = { uids: new Set(), requests: [] };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      if (status.code === 200) {
        received.requests.push({ headers: request.headers, body });
        for (const [, uid] of body.matchAll(/\\?"uid\\?":\\?"(leaf-\d+)/g)) received.uids.add(uid ?? '');
      }
      response.statusCode = status.code;
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  ends.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`, received };
}

describe('a sink of security events', () => {
  it('gets every finding in order and nothing else, and each but once while all goes well', async () => {
    const store = new EventStore();
    store.add(900);
    const { url, received } = await startCollector({ code: 200 });
    start({ type: 'Https', url }, store);
    await eventually(() => expect([...received.uids]).toEqual(store.findings));
    const all = received.requests.flatMap(({ body }) => JSON.parse(body) as unknown[]);
    expect(all).toHaveLength(store.findings.length);
  });

  it('has lost nothing after an outage in which it refused, was gone, and we were restarted', async () => {
    const store = new EventStore();
    const status = { code: 503 };
    const first = await startCollector(status);
    const url = first.url;
    store.add(300);
    const before = start({ type: 'Https', url }, store);
    await sleep(100);
    status.code = 200;
    await eventually(() => expect(first.received.uids.size).toBe(200));
    first.server.closeAllConnections();
    await new Promise<void>((resolve) => first.server.close(() => resolve()));
    store.add(600);
    await sleep(100);
    await before.stop();
    store.add(300);
    start({ type: 'Https', url }, store);
    await sleep(100);
    const second = await startCollector({ code: 200 }, Number(new URL(url).port));
    await eventually(() =>
      expect(new Set([...first.received.uids, ...second.received.uids])).toEqual(new Set(store.findings)),
    );
  });

  it('that begins now gets what comes, and not what was', async () => {
    const store = new EventStore();
    store.add(30);
    const { url, received } = await startCollector({ code: 200 });
    start({ type: 'Https', url, from: 'Now' }, store);
    await eventually(() => expect(store.documents.get('sink/siem')).toBe('30'));
    store.add(2);
    await eventually(() => expect([...received.uids]).toEqual(['leaf-31', 'leaf-32']));
  });

  it('that cannot be made today is made when it can', async () => {
    const store = new EventStore();
    store.add(2);
    const { url, received } = await startCollector({ code: 200 });
    const tokenPath = join(folder, 'token');
    start({ type: 'Https', url, tokenPath }, store);
    await sleep(60);
    expect(received.uids.size).toBe(0);
    await writeFile(tokenPath, 'secret-token\n');
    await eventually(() => expect(received.uids.size).toBe(2));
    expect(received.requests[0]?.headers.authorization).toBe('Bearer secret-token');
  });
});

describe('the formats over HTTP', () => {
  it("are JSON lines, Splunk's events, and OTLP log records with the event as their body", async () => {
    const store = new EventStore();
    store.add(2);
    const bodies: string[] = [];
    for (const settings of [
      { type: 'Https', format: 'JsonLines' },
      { type: 'Https', format: 'SplunkHec' },
      { type: 'OtlpLogs' },
    ]) {
      const { url, received } = await startCollector({ code: 200 });
      store.documents.clear();
      const { stop } = start({ ...settings, url }, store);
      await eventually(() => expect(received.uids.size).toBe(2));
      await stop();
      bodies.push(received.requests[0]?.body ?? '');
    }
    const [lines = '', splunk = '', otlp = ''] = bodies;
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toHaveLength(2);
    const [firstOfSplunk = ''] = splunk.split('\n');
    expect(JSON.parse(firstOfSplunk)).toMatchObject({
      time: 1_764_000_000,
      sourcetype: 'ocsf:json',
      event: { class_uid: 2004 },
    });
    const [record] = (JSON.parse(otlp) as OtlpLogs).resourceLogs[0]?.scopeLogs[0]?.logRecords ?? [];
    expect(record).toMatchObject({ severityNumber: 17, timeUnixNano: '1764000000000000000' });
    expect(JSON.parse(record?.body.stringValue ?? '')).toMatchObject({ class_uid: 2004 });
  });

  it('are not believed when a collector says 200 and refuses some', async () => {
    const store = new EventStore();
    store.add(1);
    let answers = 0;
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        answers += 1;
        response.end(answers < 3 ? '{"partialSuccess":{"rejectedLogRecords":"1"}}' : '{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    start({ type: 'OtlpLogs', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, store);
    await eventually(() => expect(store.documents.get('sink/siem')).toBe('1'));
    expect(answers).toBe(3);
  });
});

interface OtlpLogs {
  readonly resourceLogs: {
    readonly scopeLogs: { readonly logRecords: { readonly body: { readonly stringValue: string } }[] }[];
  }[];
}

describe('a file of JSON lines', () => {
  it('holds a line an event, starts a new one after half a line, and is turned over at its size', async () => {
    const store = new EventStore();
    const path = join(folder, 'events.jsonl');
    await writeFile(path, '{"half":');
    store.add(3);
    const { stop } = start({ type: 'JsonLines', path, maximumMebibytes: 1 }, store);
    await eventually(() => expect(store.documents.get('sink/siem')).toBe('3'));
    await stop();
    const [half, ...lines] = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(half).toBe('{"half":');
    expect(lines.map((line) => (JSON.parse(line) as { metadata: { uid: string } }).metadata.uid)).toEqual(
      store.findings,
    );
    await writeFile(path, `${'x'.repeat(1_048_576)}\n`);
    store.add(1);
    start({ type: 'JsonLines', path, maximumMebibytes: 1 }, store);
    await eventually(async () => expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(2));
    expect(await readFile(`${path}.1`, 'utf8')).toMatch(/^x/);
  });
});

describe('syslog over TLS', () => {
  it('frames each event by its length in bytes, in the form of RFC 5424, and loses none over an outage', async () => {
    const { keyPath, certificatePath } = await selfSigned();
    const tls = { key: await readFile(keyPath), cert: await readFile(certificatePath) };
    const frames: string[] = [];
    const store = new EventStore();
    store.add(300);
    const listen = async (port: number): Promise<TlsServer> => {
      const server = createTlsServer(tls, (socket) => {
        const chunks: Buffer[] = [];
        socket.on('data', (chunk: Buffer) => chunks.push(chunk));
        socket.on('end', () => frames.push(...unframe(Buffer.concat(chunks))));
        socket.on('error', () => undefined);
      });
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      return server;
    };
    const first = await listen(0);
    const { port } = first.address() as AddressInfo;
    start({ type: 'SyslogTls', host: 'localhost', port, certificateAuthoritiesPath: certificatePath }, store);
    await eventually(() => expect(frames.length).toBeGreaterThanOrEqual(200));
    await new Promise<void>((resolve) => first.close(() => resolve()));
    store.add(300);
    await sleep(100);
    const second = await listen(port);
    ends.push(async () => second.close());
    const seen = (): Set<string> =>
      new Set(frames.map((frame) => /"uid":"(leaf-\d+)"/.exec(frame)?.[1] ?? ''));
    await eventually(() => expect(seen()).toEqual(new Set(store.findings)));
    expect(frames[0]).toMatch(/^<107>1 2025-11-24T16:00:00\.000Z ledger-0 capataz - ocsf-2004 - \ufeff\{/);
  });

  it('is not spoken to a server whose certificate nobody trusts', async () => {
    const { keyPath, certificatePath } = await selfSigned();
    const other = await selfSigned();
    const texts: string[] = [];
    const server = createTlsServer(
      { key: await readFile(keyPath), cert: await readFile(certificatePath) },
      (socket) =>
        void socket.on('data', (chunk: Buffer) => texts.push(chunk.toString())).on('error', () => undefined),
    );
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(async () => server.close());
    const store = new EventStore();
    store.add(1);
    const { port } = server.address() as AddressInfo;
    start(
      { type: 'SyslogTls', host: 'localhost', port, certificateAuthoritiesPath: other.certificatePath },
      store,
    );
    await sleep(300);
    expect(texts).toEqual([]);
    expect(store.documents.get('sink/siem')).toBe('0');
  });
});

/** Frames of RFC 5425. Throws where a length is not that of its message. */
function unframe(bytes: Buffer): string[] {
  const frames: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(' ', at);
    const length = Number(bytes.subarray(at, space).toString());
    if (!Number.isSafeInteger(length) || length === 0) throw new Error('no frame begins here');
    frames.push(bytes.subarray(space + 1, space + 1 + length).toString('utf8'));
    at = space + 1 + length;
  }
  return frames;
}

async function selfSigned(): Promise<{ readonly keyPath: string; readonly certificatePath: string }> {
  const place = await mkdtemp(join(folder, 'tls-'));
  const keyPath = join(place, 'key.pem');
  const certificatePath = join(place, 'certificate.pem');
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
    '-keyout',
    keyPath,
    '-out',
    certificatePath,
  ]);
  return { keyPath, certificatePath };
}
