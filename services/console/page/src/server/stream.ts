/** The one stream of the tab: what changed is told by topic, and silence makes what is shown stale. */
import { signal } from '@preact/signals';
import type { StreamEvent } from '#services/console/api/answers.ts';
import { type Liveness, livenessOf, reconnectDelay } from './liveness.ts';
import { isRecord } from './request-problem.ts';

interface Listener {
  readonly topics: readonly string[];
  readonly hear: () => void;
}

export const liveness = signal<Liveness>({ kind: 'connecting' });
/** For whatever shows how long ago something was; it moves every few seconds, for all of it is written anew then. */
export const now = signal(Date.now());

const listeners = new Set<Listener>();
let heardAt = Date.now();
let last: StreamEvent['data'] | undefined;

export function onTopics(topics: readonly string[], hear: () => void): () => void {
  const listener: Listener = { topics, hear };
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/**
 * Connects, and connects again with growing pauses, until the signal ends it. `onDoubt`: it failed several times in a row, and an
 * event source does not say why; it may be that the session is over.
 */
export function openStream(ends: AbortSignal, onDoubt: () => void): void {
  [heardAt, last] = [Date.now(), undefined];
  liveness.value = { kind: 'connecting' };
  const clock = setInterval(tick, 1000);
  ends.addEventListener('abort', () => clearInterval(clock), { once: true });
  connect(ends, onDoubt, 0);
}

function connect(ends: AbortSignal, onDoubt: () => void, failures: number): void {
  if (ends.aborted) return;
  const isAgain = last !== undefined;
  const source = new EventSource('/v1/stream');
  let hasHeard = false;
  const close = (): void => source.close();
  ends.addEventListener('abort', close, { once: true });
  const hear = (event: MessageEvent<string>): void => {
    const data = readData(event.data);
    if (data === undefined) return;
    // What happened while the line was cut was not heard.
    if (!hasHeard && isAgain) tell(() => true);
    hasHeard = true;
    [heardAt, last] = [Date.now(), data];
    tick();
    if (event.type === 'changed') tell((topics) => topics.some((topic) => data.topics.includes(topic)));
  };
  source.addEventListener('changed', hear);
  source.addEventListener('beat', hear);
  source.addEventListener('error', () => {
    close();
    ends.removeEventListener('abort', close);
    if (ends.aborted) return;
    const count = hasHeard ? 0 : failures + 1;
    if (count > 0 && count % 3 === 0) onDoubt();
    const timer = setTimeout(() => connect(ends, onDoubt, count), reconnectDelay(count, Math.random()));
    ends.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}

const NOW_MILLISECONDS = 5000;

function tick(): void {
  const time = Date.now();
  if (time - now.peek() >= NOW_MILLISECONDS) now.value = time;
  const next = livenessOf(heardAt, time, last);
  if (JSON.stringify(next) !== JSON.stringify(liveness.peek())) liveness.value = next;
}

function tell(isMeant: (topics: readonly string[]) => boolean): void {
  for (const { topics, hear } of listeners) if (isMeant(topics)) hear();
}

function readData(text: string): StreamEvent['data'] | undefined {
  try {
    const data: unknown = JSON.parse(text);
    const isData = isRecord(data) && Array.isArray(data['topics']);
    return isData ? (data as unknown as StreamEvent['data']) : undefined;
  } catch {
    return undefined;
  }
}
