/**
 * The Model port on the router: POST <url>/v1/chat/completions with model "auto", so that the router chooses among the
 * Agent's models. Who we are is said by the projected token alone, read again and again because the kubelet
 * rotates it.
 *
 * A call is repeated only while nothing of it was sent (the connection was refused): the router itself does the
 * failover between models, and a call that was begun may have cost money.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { Agent, type Dispatcher, errors } from 'undici';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import {
  type Model,
  type ModelAnswer,
  type ModelCallOptions,
  ModelError,
  type ModelErrorCode,
  type ModelRequest,
} from '#domain/conversation/model.ts';
import { RUN_PURPOSE_HEADER } from '#domain/facts/call-context.ts';
import type { RunPurpose } from '#domain/ledger/record-fields.ts';
import { ROUTER_FAILURES } from '#domain/failures/failure-codes.ts';
import { traceHeaders } from '#domain/tracing/trace-context.ts';
import { ROUTER_DIALECT } from '#domain/dialects/openai/provider.ts';
import { StreamedAnswer, parseCompletion, parseRouterError } from './chat-answer.ts';
import { TokenFile } from './token-file.ts';

const CONNECT_MILLISECONDS = 3_000;
const PAUSES_BEFORE_RECONNECTION_MILLISECONDS = [100, 400, 1_000];
const LARGEST_ANSWER_BYTES = 16 * 1024 * 1024;
const ERROR_MAXIMUM_CHARACTERS = 500;
const REQUEST_ID_MAXIMUM_CHARACTERS = 128;
/** The router's deadline lies behind our own, so that it is always the run's limit that is reported. */
const DEADLINE_LEAD_MILLISECONDS = 2_000;
const DEADLINE_MAXIMUM_MILLISECONDS = 3_600_000;

export interface RouterModelOptions {
  /** Base URL of the router, without a trailing slash. */
  readonly url: string;
  /** File of the projected token; without it calls carry no identity. */
  readonly tokenPath?: string | undefined;
  /** A key that never changes, in place of the file. */
  readonly token?: string | undefined;
  /** What to ask for by name; "auto" leaves it to the router. */
  readonly model?: string;
  /** Of all runs that ask it; absent: production. */
  readonly runPurpose?: RunPurpose;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

export interface RouterModel extends Model {
  /** Ends the idle connections; calls under way are finished first. */
  readonly close: () => Promise<void>;
}

/** Where calls go, and how we say who we are. */
interface Router {
  readonly origin: string;
  readonly path: string;
  readonly token: Pick<TokenFile, 'read' | 'forget'> | undefined;
  readonly model: string;
  readonly runPurpose: RunPurpose | undefined;
}

export function createRouterModel({
  url,
  tokenPath,
  token,
  model = 'auto',
  runPurpose,
  now,
}: RouterModelOptions): RouterModel {
  const { origin, pathname } = new URL(url);
  const router: Router = {
    origin,
    path: `${pathname.replace(/\/$/, '')}/v1/chat/completions`,
    token: identityOf(tokenPath, token, now),
    model,
    runPurpose,
  };
  const agent = new Agent({
    connect: { timeout: CONNECT_MILLISECONDS },
    // A model may think for minutes; the run's own deadline ends the waiting.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
  });
  return {
    answer: async (request, call) => {
      try {
        const chat = chatRequestOf(request, router.model, call);
        const response = await send(agent, router, chat, call);
        const requestId = requestIdOf(response);
        if (requestId !== undefined) call.onRequestId(requestId);
        if (response.statusCode === 401) router.token?.forget();
        if (response.statusCode !== 200) throw await errorOf(response);
        return call.onText === undefined
          ? parseCompletion(await readText(response), chat)
          : await readStream(response, chat, call.onText);
      } catch (error) {
        call.signal.throwIfAborted();
        throw error instanceof ModelError ? error : brokenConnection();
      }
    },
    close: async () => agent.close(),
  };
}

function identityOf(
  tokenPath: string | undefined,
  token: string | undefined,
  now: () => number,
): Router['token'] {
  if (tokenPath !== undefined) return new TokenFile(tokenPath, now);
  return token === undefined ? undefined : { read: async () => token, forget: () => undefined };
}

/** A stream without its usage could not be joined with what it cost. */
function chatRequestOf(request: ModelRequest, model: string, { onText }: ModelCallOptions): ChatRequest {
  return { ...request, model, ...(onText !== undefined && { stream: { includesUsage: true } }) };
}

function bodyOf(chat: ChatRequest): string {
  const written = ROUTER_DIALECT.writeChatRequest(chat, { endpoint: '', model: chat.model });
  if (!written.ok) throw new ModelError('request_refused', sentenceOf(written.problem));
  return written.value.body ?? '';
}

async function send(
  agent: Agent,
  { origin, path, token, runPurpose }: Router,
  chat: ChatRequest,
  { signal, onText, remainingMilliseconds, purpose }: ModelCallOptions,
): Promise<Dispatcher.ResponseData> {
  const body = bodyOf(chat);
  const deadline = Math.min(
    DEADLINE_MAXIMUM_MILLISECONDS,
    Math.ceil(remainingMilliseconds) + DEADLINE_LEAD_MILLISECONDS,
  );
  for (let attempt = 0; ; attempt += 1) {
    const headers = {
      'content-type': 'application/json',
      accept: onText === undefined ? 'application/json' : 'text/event-stream',
      'x-capataz-deadline-ms': String(deadline),
      'x-capataz-run-id': purpose.runId,
      'x-capataz-step': String(purpose.step),
      ...(runPurpose !== undefined && { [RUN_PURPOSE_HEADER]: runPurpose }),
      'x-capataz-prompt-version': purpose.prompt.version,
      'x-capataz-prompt-digest': purpose.prompt.digest,
      ...traceHeaders(purpose.trace),
      ...(token !== undefined && { authorization: await authorization(token) }),
    };
    try {
      return await agent.request({
        origin,
        path,
        method: 'POST',
        headers,
        body,
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      const pause = PAUSES_BEFORE_RECONNECTION_MILLISECONDS[attempt];
      if (!wasNeverSent(error)) throw brokenConnection();
      if (pause === undefined) throw new ModelError('unreachable', 'the router cannot be reached');
      await sleep(pause, undefined, { signal });
    }
  }
}

async function authorization(token: NonNullable<Router['token']>): Promise<string> {
  try {
    return `Bearer ${await token.read()}`;
  } catch {
    throw new ModelError('unauthenticated', "the agent's token for the router cannot be read");
  }
}

/** Undefined when the router did not say, or said what no log line should hold. */
function requestIdOf({ headers }: Dispatcher.ResponseData): string | undefined {
  const id = headers['x-request-id'] ?? headers['x-capataz-request-id'];
  return typeof id === 'string' && id.length <= REQUEST_ID_MAXIMUM_CHARACTERS ? id : undefined;
}

function wasNeverSent(error: unknown): boolean {
  if (error instanceof errors.ConnectTimeoutError) return true;
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EHOSTUNREACH';
}

async function readText(response: Dispatcher.ResponseData): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_ANSWER_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A stream has ended well only with `[DONE]` after a finish reason; the router sends an error event for a cut. */
async function readStream(
  response: Dispatcher.ResponseData,
  chat: ChatRequest,
  onText: (text: string) => void,
): Promise<ModelAnswer> {
  const answer = new StreamedAnswer(chat);
  const parser = createParser({
    maxBufferSize: LARGEST_ANSWER_BYTES,
    onError: () => {
      throw tooLarge();
    },
    onEvent: ({ data }) => {
      const error = parseRouterError(data);
      if (error !== undefined) throw new ModelError(codeOf(undefined, error.code), sentenceOf(error.message));
      const text = answer.push(data);
      if (text !== '') onText(text);
    },
  });
  const decoder = new TextDecoder();
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_ANSWER_BYTES) throw tooLarge();
    parser.feed(decoder.decode(chunk, { stream: true }));
  }
  return answer.finish();
}

async function errorOf(response: Dispatcher.ResponseData): Promise<ModelError> {
  const text = await readText(response);
  const error = parseRouterError(text);
  const { 'retry-after-ms': milliseconds, 'retry-after': seconds } = response.headers;
  const retryAfter = milliseconds === undefined ? Number(seconds) : Number(milliseconds) / 1000;
  return new ModelError(
    codeOf(response.statusCode, error?.code),
    sentenceOf(error?.message ?? `the router answered with status ${response.statusCode}`),
    Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
  );
}

/** The router's code is kept. What is none of its codes comes from something between us and it. */
function codeOf(status: number | undefined, code: string | null | undefined): ModelErrorCode {
  if (isRouterCode(code)) return code;
  if (status === undefined) return 'answer_cut';
  if (status === 429) return 'rate_limited';
  if (status === 401 || status === 403) return 'unauthenticated';
  return status >= 400 && status < 500 ? 'request_refused' : 'unavailable';
}

function isRouterCode(code: string | null | undefined): code is ModelErrorCode {
  return typeof code === 'string' && Object.hasOwn(ROUTER_FAILURES, code);
}

function sentenceOf(message: string): string {
  return message.replaceAll(/\s+/g, ' ').slice(0, ERROR_MAXIMUM_CHARACTERS);
}

function tooLarge(): ModelError {
  return new ModelError('answer_malformed', `the answer is larger than ${LARGEST_ANSWER_BYTES} bytes`);
}

function brokenConnection(): ModelError {
  return new ModelError('answer_cut', 'the connection to the router broke before the answer was complete');
}
