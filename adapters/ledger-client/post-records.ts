/** One batch on its way to `POST /v1/records`, and what its answer means for the spool. */
import { Agent, type Dispatcher } from 'undici';
import { z } from 'zod';
import { BatchAnswer } from '#domain/ledger/record-batch.ts';
import { TokenFile } from '../router-client/token-file.ts';
import type { SpooledRecord } from './spool-line.ts';

const CONNECT_MILLISECONDS = 3_000;
const ANSWER_MAXIMUM_BYTES = 2_097_152;
const RETRY_AFTER_MAXIMUM_SECONDS = 60;

/** Labels of the metric: a closed set. */
export type PostFailure =
  | 'unreachable'
  | 'timed_out'
  | 'token_unreadable'
  | 'not_allowed'
  | 'overloaded'
  | 'failed'
  | 'answer_malformed';

export type PostResult =
  | { readonly kind: 'taken'; readonly refused: BatchAnswer['refused'] }
  /** Not the single records but the body is wrong: with fewer records it may not be. */
  | { readonly kind: 'bodyRefused'; readonly message: string }
  | {
      readonly kind: 'failed';
      readonly failure: PostFailure;
      readonly detail: string;
      readonly retryAfterSeconds?: number;
    };

export interface RecordPost {
  readonly post: (records: readonly SpooledRecord[], signal: AbortSignal) => Promise<PostResult>;
  readonly close: () => Promise<void>;
}

const BodyRefusal = z.object({
  error: z.object({ code: z.enum(['invalid_request', 'body_too_large']), message: z.string() }),
});

export interface RecordPostOptions {
  /** Base URL of the ledger. */
  readonly url: string;
  /** Without it calls carry no identity. */
  readonly tokenPath?: string | undefined;
  /** For one answer as a whole: a ledger that is frozen holds no batch for longer. */
  readonly answerTimeoutMilliseconds: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

export function createRecordPost(options: RecordPostOptions): RecordPost {
  const { origin, pathname } = new URL(options.url);
  const path = `${pathname.replace(/\/$/, '')}/v1/records`;
  const token = options.tokenPath === undefined ? undefined : new TokenFile(options.tokenPath, options.now);
  const agent = new Agent({
    connect: { timeout: CONNECT_MILLISECONDS },
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
  });
  const send = async (records: readonly SpooledRecord[], signal: AbortSignal): Promise<PostResult> => {
    let authorization: string | undefined;
    try {
      authorization = token === undefined ? undefined : `Bearer ${await token.read()}`;
    } catch {
      return failed('token_unreadable', `the token in ${options.tokenPath} cannot be read`);
    }
    const response = await agent.request({
      origin,
      path,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) },
      body: bodyOf(records),
      signal,
    });
    if (response.statusCode === 401) token?.forget();
    const text = await readText(response);
    return response.statusCode === 200 ? readAnswer(text, records.length) : readFailure(response, text);
  };
  return {
    post: async (records, signal) => {
      const timeout = AbortSignal.timeout(options.answerTimeoutMilliseconds);
      try {
        return await send(records, AbortSignal.any([signal, timeout]));
      } catch (error) {
        if (timeout.aborted) return failed('timed_out', 'it did not answer in time');
        return failed('unreachable', error instanceof Error ? error.message : String(error));
      }
    },
    close: () => agent.destroy(),
  };
}

function bodyOf(records: readonly SpooledRecord[]): Buffer {
  const comma = Buffer.from(',');
  const pieces = [Buffer.from('{"records":[')];
  for (const [place, { record }] of records.entries()) {
    if (place > 0) pieces.push(comma);
    pieces.push(record);
  }
  pieces.push(Buffer.from('],"texts":['));
  let isFirst = true;
  for (const { texts } of records) {
    if (texts.length === 0) continue;
    if (!isFirst) pieces.push(comma);
    isFirst = false;
    pieces.push(texts);
  }
  pieces.push(Buffer.from(']}'));
  return Buffer.concat(pieces);
}

async function readText(response: Dispatcher.ResponseData): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_MAXIMUM_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** An answer that does not add up is not believed: a record would be given up that nobody has. */
function readAnswer(text: string, sent: number): PostResult {
  const answer = BatchAnswer.safeParse(parseJson(text)).data;
  if (answer === undefined) return failed('answer_malformed', 'its answer cannot be read');
  const { written, duplicates, refused } = answer;
  const places = new Set(refused.map(({ index }) => index));
  const isWhole =
    written + duplicates + refused.length === sent &&
    places.size === refused.length &&
    refused.every(({ index }) => index >= 0 && index < sent);
  if (!isWhole) return failed('answer_malformed', `its answer does not speak of ${sent} records`);
  return { kind: 'taken', refused };
}

function readFailure({ statusCode, headers }: Dispatcher.ResponseData, text: string): PostResult {
  const refusal = BodyRefusal.safeParse(parseJson(text)).data;
  if (statusCode >= 400 && statusCode < 500 && refusal !== undefined) {
    return { kind: 'bodyRefused', message: refusal.error.message.slice(0, 500) };
  }
  const seconds = Number(headers['retry-after']);
  return {
    kind: 'failed',
    failure:
      statusCode === 401 || statusCode === 403
        ? 'not_allowed'
        : statusCode === 429 || statusCode === 503
          ? 'overloaded'
          : 'failed',
    detail: `it answered with status ${statusCode}`,
    ...(seconds > 0 && { retryAfterSeconds: Math.min(seconds, RETRY_AFTER_MAXIMUM_SECONDS) }),
  };
}

function failed(failure: PostFailure, detail: string): PostResult {
  return { kind: 'failed', failure, detail };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
