/**
 * A ledger that keeps records in memory: speaks POST /v1/records like the real one, and fails in every way that a test
 * asks for. What it has acknowledged it keeps through `kill` and `revive`, as the real one would.
 */
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LedgerRecord } from '#domain/ledger/ledger-record.ts';
import { BATCH_MAXIMUM_BYTES, type BatchAnswer, RecordBatch } from '#domain/ledger/record-batch.ts';
import { RecordText } from '#domain/ledger/record-text.ts';

/** Instead of the right answer. `loseAnswer` writes the records and breaks the connection. */
export type LedgerFault =
  | { readonly kind: 'freeze' }
  | { readonly kind: 'loseAnswer' }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'answer'; readonly body: string };

type RefusalCode = BatchAnswer['refused'][number]['code'];

export interface LedgerUnderTest extends AsyncDisposable {
  readonly url: string;
  /** Each record once, in the order of arrival. */
  readonly records: readonly LedgerRecord[];
  readonly texts: readonly RecordText[];
  /** Times that a record came which was there already. */
  readonly duplicates: () => number;
  /** Requests that came, whatever became of them. */
  readonly requests: () => number;
  /** The Authorization headers of the requests. */
  readonly authorizations: readonly (string | undefined)[];
  /** Undefined: from now on all goes well. */
  readonly setFault: (fault: LedgerFault | undefined) => void;
  /** Records to refuse beside those that do not fit the schema. When it throws, the whole body is refused. */
  readonly setRefusal: (refusal: ((record: LedgerRecord) => RefusalCode | undefined) | undefined) => void;
  readonly kill: () => Promise<void>;
  /** On the same port. */
  readonly revive: () => Promise<void>;
  /** Resolves once the records are as asked for, which is looked at after each request. */
  readonly until: (isEnough: (records: readonly LedgerRecord[]) => boolean) => Promise<void>;
  /** Resolves once so many requests have come. */
  readonly untilRequests: (count: number) => Promise<void>;
}

export async function startLedgerUnderTest(): Promise<LedgerUnderTest> {
  const records: LedgerRecord[] = [];
  const written = new Map<string, string>();
  const texts: RecordText[] = [];
  const authorizations: (string | undefined)[] = [];
  const watchers = new Set<() => void>();
  let duplicates = 0;
  let fault: LedgerFault | undefined;
  let refusal: ((record: LedgerRecord) => RefusalCode | undefined) | undefined;

  const take = (body: unknown): BatchAnswer => {
    const batch = RecordBatch.parse(body);
    const answer: BatchAnswer = { written: 0, duplicates: 0, refused: [] };
    for (const [index, given] of batch.records.entries()) {
      const parsed = LedgerRecord.safeParse(given);
      const id = (given as { readonly id?: string }).id;
      const refuse = (code: RefusalCode, message: string): void =>
        void answer.refused.push({ index, code, message, ...(id !== undefined && { id }) });
      if (!parsed.success) {
        refuse('record_invalid', parsed.error.message.slice(0, 500));
        continue;
      }
      const record = parsed.data;
      const key = `${record.namespace}/${record.id}`;
      const content = JSON.stringify(record);
      const code = refusal?.(record);
      if (code !== undefined) refuse(code, 'The test refuses it.');
      else if (written.get(key) === content) answer.duplicates += 1;
      else if (written.has(key)) refuse('record_conflict', 'The id is taken.');
      else {
        written.set(key, content);
        records.push(record);
        const own = batch.texts.map((text) => RecordText.parse(text)).filter((text) => text.recordId === id);
        texts.push(...own);
        answer.written += 1;
      }
    }
    duplicates += answer.duplicates;
    return answer;
  };

  const takeSafely = (text: string): BatchAnswer | undefined => {
    try {
      return take(JSON.parse(text));
    } catch {
      return undefined;
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    authorizations.push(request.headers.authorization);
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const send = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): void =>
      void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
    if (fault?.kind === 'freeze') return;
    if (fault?.kind === 'status') return send(fault.status, '{}', fault.headers);
    if (fault?.kind === 'answer') return send(200, fault.body);
    if (request.url !== '/v1/records' || request.method !== 'POST') return send(404, '{}');
    if (body.length > BATCH_MAXIMUM_BYTES) {
      return send(413, '{"error":{"code":"body_too_large","message":"The body is too large."}}');
    }
    const taken = takeSafely(body.toString('utf8'));
    if (taken === undefined) {
      return send(400, '{"error":{"code":"invalid_request","message":"The body does not fit."}}');
    }
    if (fault?.kind === 'loseAnswer') return void response.destroy();
    send(200, JSON.stringify(taken));
  };

  const server = createServer((request, response) => {
    answer(request, response)
      .catch(() => response.destroy())
      .finally(() => {
        for (const look of watchers) look();
      });
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const kill = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  const wait = async (isEnough: () => boolean): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (isEnough()) resolve();
    };
    watchers.add(look);
    look();
    await promise;
    watchers.delete(look);
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    records,
    texts,
    duplicates: () => duplicates,
    requests: () => authorizations.length,
    authorizations,
    setFault: (next) => {
      fault = next;
      // What hangs in the air since a freeze is let go.
      if (next === undefined) server.closeAllConnections();
    },
    setRefusal: (next) => {
      refusal = next;
    },
    kill,
    revive: () => listen(port),
    until: (isEnough) => wait(() => isEnough(records)),
    untilRequests: (count) => wait(() => authorizations.length >= count),
    [Symbol.asyncDispose]: kill,
  };
}
