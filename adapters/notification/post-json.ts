/** One POST of a notification: no redirect is followed, and of the answer no more is read than its status and one word. */
import { readFile } from 'node:fs/promises';
import { type Dispatcher, Agent, request } from 'undici';
import { NotDeliveredError } from './receiver.ts';

const PHASE_MILLISECONDS = 10_000;
const ANSWER_MAXIMUM_BYTES = 4_096;
/** What is said with these is about this message, and not about the sender or the place. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 415, 422]);
const RETRY_AFTER_MAXIMUM_SECONDS = 86_400;

export interface PostTarget {
  /** File with the URL, read for each message: whoever renews it need tell nobody. */
  readonly urlPath: string;
  readonly dispatcher: Dispatcher;
}

/** `certificateAuthoritiesPath`: PEM file of authorities to trust in place of the public ones. */
export async function createDispatcher(certificateAuthoritiesPath: string | undefined): Promise<Agent> {
  const ca =
    certificateAuthoritiesPath === undefined ? undefined : await readFile(certificateAuthoritiesPath, 'utf8');
  return new Agent({
    connections: 1,
    connect: { timeout: PHASE_MILLISECONDS, ...(ca !== undefined && { ca }) },
    headersTimeout: PHASE_MILLISECONDS,
    bodyTimeout: PHASE_MILLISECONDS,
  });
}

/** Throws a sentence that names the file and not what stands in it. */
export async function readUrl(path: string): Promise<URL> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new NotDeliveredError(`The URL in ${path} cannot be read (${error.code ?? 'unknown failure'}).`);
  });
  const url = URL.parse(text.trim());
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new NotDeliveredError(`What stands in ${path} is no URL of http or https.`);
  }
  return url;
}

export async function postJson(
  { urlPath, dispatcher }: PostTarget,
  { body, headers = {} }: { readonly body: string; readonly headers?: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<void> {
  const url = await readUrl(urlPath);
  const { statusCode, word, retryAfter } = await post(url, { body, headers, dispatcher, signal });
  if (statusCode >= 200 && statusCode < 300) return;
  const said = word === '' ? '' : ` (${word})`;
  const hint = statusCode >= 300 && statusCode < 400 ? ', and redirects are not followed' : '';
  throw new NotDeliveredError(`${url.host} answered ${statusCode}${said}${hint}.`, {
    isRefused: REFUSALS.has(statusCode),
    retryAfterSeconds: secondsOf(retryAfter),
  });
}

async function post(
  url: URL,
  {
    body,
    headers,
    dispatcher,
    signal,
  }: {
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly dispatcher: Dispatcher;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly statusCode: number; readonly word: string; readonly retryAfter: unknown }> {
  try {
    const answer = await request(url, {
      method: 'POST',
      dispatcher,
      signal,
      headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'capataz' },
      body,
    });
    const word = errorWord(await beginning(answer.body));
    return { statusCode: answer.statusCode, word, retryAfter: answer.headers['retry-after'] };
  } catch (error) {
    if (signal.aborted) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'it failed';
    throw new NotDeliveredError(`${url.host} cannot be reached (${code}).`);
  }
}

async function beginning(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > ANSWER_MAXIMUM_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** As Slack says it: `invalid_blocks`. Anything else may quote what must not be in a log. */
const errorWord = (text: string): string => /^[a-z]{2,20}(?:_[a-z]{2,20}){1,4}$/.exec(text.trim())?.[0] ?? '';

/** Seconds, or a date of HTTP. */
function secondsOf(retryAfter: unknown): number | undefined {
  if (typeof retryAfter !== 'string') return undefined;
  const seconds = /^\d{1,9}$/.test(retryAfter)
    ? Number(retryAfter)
    : (Date.parse(retryAfter) - Date.now()) / 1_000;
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), RETRY_AFTER_MAXIMUM_SECONDS) : undefined;
}
