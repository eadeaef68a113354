/**
 * The ledger as those see it who read: bounded requests, and answers that are measured before they are looked at. The
 * server may be anybody: nothing that it says is believed but by its schema.
 */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { type Dispatcher, request as httpRequest } from 'undici';
import type { z } from 'zod';
import { parseBoundedJson } from './bounded-json.ts';
import { FailureBody } from './ledger-answers.ts';

const MEBIBYTE = 1_048_576;
const ANSWER_MAXIMUM_BYTES = 64 * MEBIBYTE;
const FAILURE_MAXIMUM_BYTES = 65_536;
const EVENT_MAXIMUM_CHARACTERS = 4 * MEBIBYTE;
const TIMEOUT_MILLISECONDS = 60_000;
/** A stream says something at least every 15 s. */
const SILENCE_MILLISECONDS = 60_000;

export interface LedgerConnection {
  /** Without a slash at its end; what begins with `/v1` is put behind it. */
  readonly baseUrl: string;
  /** Asked for each request: tokens end. */
  readonly headers: (signal: AbortSignal) => Promise<Readonly<Record<string, string>>>;
  readonly dispatcher: Dispatcher;
}

export type ReadFailureCode = 'unreachable' | 'refused' | 'not_found' | 'bad_request' | 'malformed';

export class LedgerReadError extends Error {
  override readonly name = 'LedgerReadError';
  readonly code: ReadFailureCode;
  /** Of the answer; undefined where there was none. */
  readonly status: number | undefined;

  constructor(code: ReadFailureCode, message: string, status?: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export type Query = Readonly<Record<string, string | number | undefined>>;

interface StreamEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
}

export interface LedgerReader {
  readonly json: <Answer>(path: string, query: Query, schema: z.ZodType<Answer>) => Promise<Answer>;
  readonly text: (path: string, query?: Query, maximumBytes?: number) => Promise<string>;
  readonly bytes: (path: string, query?: Query, maximumBytes?: number) => Promise<Uint8Array>;
  readonly post: <Answer>(path: string, body: unknown, schema: z.ZodType<Answer>) => Promise<Answer>;
  /**
   * Resolves when the server has begun to answer: what happens from then on is told. It goes on until the server ends it,
   * the signal is aborted, or nothing came for a minute (LedgerReadError `unreachable`).
   */
  readonly events: (
    path: string,
    query: Query,
    lastEventId: string | undefined,
    signal: AbortSignal,
  ) => Promise<AsyncGenerator<StreamEvent>>;
}

export function createLedgerReader({ baseUrl, headers, dispatcher }: LedgerConnection): LedgerReader {
  async function send(
    method: 'GET' | 'POST',
    path: string,
    query: Query,
    signal: AbortSignal,
    more: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Dispatcher.ResponseData> {
    const url = new URL(baseUrl + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    // Outside of the try: why there is no token is told by whoever gets it.
    const authorization = await headers(signal);
    let response: Dispatcher.ResponseData;
    try {
      response = await httpRequest(url, {
        method,
        dispatcher,
        signal,
        headersTimeout: TIMEOUT_MILLISECONDS,
        bodyTimeout: SILENCE_MILLISECONDS,
        headers: { accept: 'application/json', 'user-agent': 'capataz', ...authorization, ...more.headers },
        ...(more.body !== undefined && { body: more.body }),
      });
    } catch (error) {
      throw unreachable(url, error);
    }
    if (response.statusCode >= 200 && response.statusCode < 300) return response;
    throw await failureOf(response, url);
  }

  async function bytes(
    path: string,
    query: Query = {},
    maximumBytes = ANSWER_MAXIMUM_BYTES,
  ): Promise<Uint8Array> {
    const response = await send('GET', path, query, AbortSignal.timeout(TIMEOUT_MILLISECONDS));
    return await readBody(response, maximumBytes, baseUrl);
  }

  const text: LedgerReader['text'] = async (path, query, maximumBytes) =>
    decode(await bytes(path, query, maximumBytes));

  return {
    bytes,
    text,
    json: async (path, query, schema) => parseAnswer(await text(path, query), schema),
    post: async (path, body, schema) => {
      const response = await send('POST', path, {}, AbortSignal.timeout(TIMEOUT_MILLISECONDS), {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      });
      return parseAnswer(decode(await readBody(response, ANSWER_MAXIMUM_BYTES, baseUrl)), schema);
    },
    events: async (path, query, lastEventId, signal) => {
      const { body } = await send('GET', path, query, signal, {
        headers: {
          accept: 'text/event-stream',
          ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
        },
      });
      return eventsOf(body, baseUrl, signal);
    },
  };
}

async function* eventsOf(
  body: Dispatcher.ResponseData['body'],
  baseUrl: string,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const events = ReadableStream.from(body as AsyncIterable<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ maxBufferSize: EVENT_MAXIMUM_CHARACTERS }));
  try {
    for await (const { id, event, data } of events) yield { id, event, data };
  } catch (error) {
    throw signal.aborted ? error : unreachable(new URL(baseUrl), error);
  }
}

async function readBody(
  { body }: Dispatcher.ResponseData,
  maximumBytes: number,
  baseUrl: string,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maximumBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw unreachable(new URL(baseUrl), error);
  }
  if (length > maximumBytes) {
    throw new LedgerReadError('malformed', `The ledger's answer is larger than ${maximumBytes} bytes.`);
  }
  return Buffer.concat(chunks);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new LedgerReadError('malformed', "The ledger's answer is not UTF-8.");
  }
}

function parseAnswer<Answer>(text: string, schema: z.ZodType<Answer>): Answer {
  const parsed = schema.safeParse(parseBoundedJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? 'the answer' : issue.path.join('.');
  throw new LedgerReadError(
    'malformed',
    `What answered is no ledger that this version understands: ${place}: ${issue?.message ?? 'not valid'}.`,
  );
}

async function failureOf(response: Dispatcher.ResponseData, url: URL): Promise<LedgerReadError> {
  const status = response.statusCode;
  const body = await readBody(response, FAILURE_MAXIMUM_BYTES, url.href).catch(() => Buffer.alloc(0));
  const said = FailureBody.safeParse(parseBoundedJson(body.toString('utf8'))).data?.error.message.slice(
    0,
    2048,
  );
  const because = said === undefined ? `status ${status}` : said;
  if (status === 401) return new LedgerReadError('refused', `The token is not accepted: ${because}`, status);
  if (status === 403) return new LedgerReadError('refused', `You may not do this: ${because}`);
  if (status === 404) return new LedgerReadError('not_found', `Not found: ${because}`);
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return new LedgerReadError('bad_request', `The ledger refuses the request: ${because}`);
  }
  return new LedgerReadError('unreachable', `${url.origin} answers with status ${status}: ${because}`);
}

function unreachable(url: URL, error: unknown): LedgerReadError {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new LedgerReadError(
      'unreachable',
      `${url.origin} has not answered to the end within ${TIMEOUT_MILLISECONDS / 1000} s.`,
    );
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = code !== '' ? code : error instanceof Error ? error.message : 'unknown failure';
  return new LedgerReadError('unreachable', `${url.origin} cannot be reached: ${why}.`);
}
