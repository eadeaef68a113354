/** The observer as the console reads it: its news as server-sent events, and the history of one agent. */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { Agent, type Dispatcher, request as httpRequest } from 'undici';
import type { z } from 'zod';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import { AgentHistory } from '#domain/observation/agent-history.ts';
import { ObservedNews } from '#domain/observation/observed-news.ts';
import { TokenFile } from '../router-client/token-file.ts';

const CONNECT_MILLISECONDS = 3_000;
const ANSWER_MILLISECONDS = 10_000;
/** The observer says something at least every 15 s. */
const SILENCE_MILLISECONDS = 45_000;
/** A whole picture of ten thousand agents. */
const NEWS_MAXIMUM_CHARACTERS = 67_108_864;
const HISTORY_MAXIMUM_BYTES = 4_194_304;
const NEWS_BOUNDS = { depth: 32, values: 8_000_000 };
const HISTORY_BOUNDS = { depth: 32, values: 100_000 };

export class ObserverReadError extends Error {
  override readonly name = 'ObserverReadError';
}

export interface ObserverReader extends AsyncDisposable {
  /**
   * Goes on until the observer ends it, the signal is aborted (then it rejects with the signal's reason), or nothing came for
   * 45 s. Rejects with an ObserverReadError.
   */
  readonly news: (signal: AbortSignal) => AsyncGenerator<ObservedNews>;
  /** Undefined: it knows no such agent. Rejects with an ObserverReadError. */
  readonly history: (namespace: string, name: string) => Promise<AgentHistory | undefined>;
}

export function openObserverReader({
  url,
  tokenPath,
  nowMilliseconds,
}: {
  readonly url: string;
  /** Without it no identity is told. */
  readonly tokenPath: string | undefined;
  /** Of a clock that never goes back. */
  readonly nowMilliseconds: () => number;
}): ObserverReader {
  const baseUrl = url.replace(/\/+$/, '');
  const token = tokenPath === undefined ? undefined : new TokenFile(tokenPath, nowMilliseconds);
  const dispatcher = new Agent({ connect: { timeout: CONNECT_MILLISECONDS } });

  const ask = async (path: string, accept: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> => {
    let authorization: string | undefined;
    try {
      authorization = token === undefined ? undefined : `Bearer ${await token.read()}`;
    } catch {
      throw new ObserverReadError(`The token in ${tokenPath} cannot be read.`);
    }
    try {
      const response = await httpRequest(`${baseUrl}${path}`, {
        dispatcher,
        signal,
        headersTimeout: ANSWER_MILLISECONDS,
        bodyTimeout: SILENCE_MILLISECONDS,
        headers: { accept, 'user-agent': 'capataz', ...(authorization !== undefined && { authorization }) },
      });
      if (response.statusCode === 401) token?.forget();
      return response;
    } catch (error) {
      throw unreachable(error);
    }
  };

  return {
    news: async function* (signal) {
      const { statusCode, body } = await ask('/v1/news', 'text/event-stream', signal);
      if (statusCode !== 200) {
        await body.dump();
        throw refused(statusCode);
      }
      const events = ReadableStream.from(body as AsyncIterable<Uint8Array>)
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream({ maxBufferSize: NEWS_MAXIMUM_CHARACTERS }));
      try {
        for await (const { data } of events) yield parse(data, ObservedNews, NEWS_BOUNDS);
      } catch (error) {
        throw error instanceof ObserverReadError ? error : unreachable(error);
      }
    },
    history: async (namespace, name) => {
      const path = `/v1/agents/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
      const signal = AbortSignal.timeout(ANSWER_MILLISECONDS);
      const { statusCode, body } = await ask(path, 'application/json', signal);
      if (statusCode !== 200) {
        await body.dump();
        if (statusCode === 404) return undefined;
        throw refused(statusCode);
      }
      return parse(await readText(body), AgentHistory, HISTORY_BOUNDS);
    },
    [Symbol.asyncDispose]: async () => dispatcher.destroy(),
  };
}

function parse<Value>(
  text: string,
  schema: z.ZodType<Value>,
  bounds: { readonly depth: number; readonly values: number },
): Value {
  const json = parseBoundedJson(text, bounds);
  const parsed = json.ok ? schema.safeParse(json.value) : undefined;
  if (parsed?.success === true) return parsed.data;
  const place = parsed?.error.issues[0]?.path.map(String).join('.') ?? '';
  throw new ObserverReadError(
    `The observer says what this version does not understand${place === '' ? '' : ` (${place})`}.`,
  );
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      length += chunk.length;
      if (length > HISTORY_MAXIMUM_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw unreachable(error);
  }
  if (length > HISTORY_MAXIMUM_BYTES) throw new ObserverReadError("The observer's answer is too large.");
  return Buffer.concat(chunks).toString('utf8');
}

function refused(status: number): ObserverReadError {
  return new ObserverReadError(`The observer answers with status ${status}.`);
}

function unreachable(error: unknown): ObserverReadError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new ObserverReadError(`The observer does not answer${code === '' ? '' : ` (${code})`}.`);
}
