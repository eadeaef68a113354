/** One request to the console's server. Whatever goes wrong is a RequestProblem. */
import { csrfToken, sessionEnded } from '../session/session-state.ts';
import { RequestProblem, problemOf } from './request-problem.ts';

const TIMEOUT_MILLISECONDS = 20_000;

interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export async function request<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
  const { method = 'GET', body, signal } = options;
  const ends = [AbortSignal.timeout(TIMEOUT_MILLISECONDS), ...(signal === undefined ? [] : [signal])];
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET') headers['x-capataz-csrf'] = csrfToken();
  try {
    const response = await fetch(path, {
      method,
      headers,
      credentials: 'same-origin',
      redirect: 'error',
      signal: AbortSignal.any(ends),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await readBody(response);
    if (response.ok) return answer as Answer;
    if (response.status === 401) sessionEnded(answer);
    throw problemOf(response.status, answer);
  } catch (error) {
    if (error instanceof RequestProblem || signal?.aborted === true) throw error;
    const isLate = error instanceof DOMException && error.name === 'TimeoutError';
    throw new RequestProblem(0, isLate ? 'timed_out' : 'unreachable', '');
  }
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    if (!response.ok) return undefined;
    throw new RequestProblem(response.status, 'answer_malformed', '');
  }
}
