/**
 * What the server last answered to each path, shared by all that show it: asked once, asked again when the stream says that it
 * changed, and forgotten when many others came after it. While it is asked again what was known stays.
 */
import { type Signal, signal } from '@preact/signals';
import { RequestProblem } from './request-problem.ts';
import { request } from './request.ts';
import { onTopics } from './stream.ts';

export interface AnswerState<Answer> {
  readonly value: Answer | undefined;
  /** Of the last asking; what was known before may still stand in `value`. */
  readonly problem: RequestProblem | undefined;
  readonly isAsking: boolean;
}

interface Kept {
  readonly path: string;
  readonly state: Signal<AnswerState<unknown>>;
  /** The pause between two askings that each who follows it can live with, in milliseconds. */
  readonly pauses: number[];
  ends: AbortController | undefined;
  isStale: boolean;
  lastAskedAt: number;
}

const KEPT_MAXIMUM = 60;
export const SHORTEST_PAUSE_MILLISECONDS = 1000;
const kept = new Map<string, Kept>();

export function answerOf<Answer>(path: string): Signal<AnswerState<Answer>> {
  return keep(path).state as Signal<AnswerState<Answer>>;
}

/** Until the end that is returned is called the answer is kept current. */
export function follow(
  path: string,
  topics: readonly string[],
  pauseMilliseconds = SHORTEST_PAUSE_MILLISECONDS,
): () => void {
  const entry = keep(path);
  entry.pauses.push(pauseMilliseconds);
  if (entry.isStale && entry.ends === undefined) void ask(entry);
  const end = onTopics(topics, () => {
    entry.isStale = true;
    void askSoon(entry);
  });
  return () => {
    end();
    entry.pauses.splice(entry.pauses.indexOf(pauseMilliseconds), 1);
    // From here on the stream tells nothing of it.
    entry.isStale = true;
    if (entry.pauses.length === 0) entry.ends?.abort();
  };
}

export function askAgain(path: string): void {
  const entry = kept.get(path);
  if (entry !== undefined) void ask(entry);
}

export function forgetAnswers(): void {
  for (const { ends } of kept.values()) ends?.abort();
  kept.clear();
}

function keep(path: string): Kept {
  const found = kept.get(path);
  if (found !== undefined) return found;
  const state = signal<AnswerState<unknown>>({ value: undefined, problem: undefined, isAsking: true });
  const entry: Kept = { path, state, pauses: [], ends: undefined, isStale: true, lastAskedAt: -Infinity };
  kept.set(path, entry);
  dropOldest(entry);
  return entry;
}

function dropOldest(newest: Kept): void {
  for (const [path, entry] of kept) {
    if (kept.size <= KEPT_MAXIMUM) return;
    if (entry.pauses.length === 0 && entry !== newest) kept.delete(path);
  }
}

/** After the shortest pause that somebody wants, and not at all while nobody looks at the tab. */
async function askSoon(entry: Kept): Promise<void> {
  if (document.hidden || entry.ends !== undefined) return;
  const wait = entry.lastAskedAt + Math.min(...entry.pauses) - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  if (entry.isStale && entry.pauses.length > 0 && entry.ends === undefined) await ask(entry);
}

async function ask(entry: Kept): Promise<void> {
  entry.ends?.abort();
  const ends = new AbortController();
  entry.ends = ends;
  entry.isStale = false;
  entry.lastAskedAt = performance.now();
  entry.state.value = { ...entry.state.peek(), isAsking: true };
  try {
    const value = await request(entry.path, { signal: ends.signal });
    if (!ends.signal.aborted) entry.state.value = { value, problem: undefined, isAsking: false };
  } catch (error) {
    if (!ends.signal.aborted) failed(entry, error);
  } finally {
    if (entry.ends === ends) entry.ends = undefined;
  }
  if (entry.isStale && entry.pauses.length > 0 && entry.state.peek().problem === undefined)
    void askSoon(entry);
}

function failed(entry: Kept, error: unknown): void {
  const problem =
    error instanceof RequestProblem ? error : new RequestProblem(0, 'unreachable', String(error));
  // Who may no longer see it must not go on seeing it.
  const isForbidden = [401, 403, 404].includes(problem.status);
  entry.isStale = true;
  entry.state.value = { value: isForbidden ? undefined : entry.state.peek().value, problem, isAsking: false };
}

/** A tab that is looked at again asks for what it missed. */
export function resumeAnswers(): void {
  for (const entry of kept.values()) if (entry.pauses.length > 0 && entry.isStale) void askSoon(entry);
}
