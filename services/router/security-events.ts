/**
 * Security events that somebody can make happen as often as he likes: the first is told at once, and those that follow
 * within a minute are one event that counts them. A flood of bad tokens is thus two events a minute, and many kinds of
 * floods at once are bounded too. What happened in a run is told with that run, once for each of so many in a minute.
 */
import type { RunReference } from '#domain/facts/call-context.ts';
import type { Refusal } from '#domain/failures/refusal.ts';
import type { RecordOf } from '#domain/ledger/ledger-record.ts';
import type { RecordWriter } from '#domain/ledger/record-writer.ts';
import { SECURITY_EVENTS, type SecurityEventCode } from '#domain/ledger/security-events.ts';

const WINDOW_MILLISECONDS = 60_000;
const WINDOWS_MAXIMUM = 512;
/** Of one window: an agent names its runs as it likes. */
const RUNS_TOLD_MAXIMUM = 32;
const SENTENCE_MAXIMUM_CHARACTERS = 1_900;

export interface SecurityEvent {
  readonly event: SecurityEventCode;
  readonly namespace: string;
  readonly agent?: string;
  readonly run?: RunReference;
  readonly subject?: string;
  readonly action: RecordOf<'security_event'>['action'];
  /** With event and namespace it says which events are the same. */
  readonly sentence: string;
}

export interface SecurityEvents {
  readonly happened: (event: SecurityEvent) => void;
}

export const NO_SECURITY_EVENTS: SecurityEvents = { happened: () => undefined };

/** Undefined when the caller is not to blame. */
export function callerRefused(
  { code, message }: Refusal,
  platformNamespace: string,
): SecurityEvent | undefined {
  if (code === 'token_review_unavailable') return undefined;
  return { event: 'caller_refused', namespace: platformNamespace, action: 'blocked', sentence: message };
}

interface Window {
  readonly event: SecurityEvent;
  readonly endsAt: number;
  readonly runsTold: Set<string>;
  repetitions: number;
}

export interface RepeatedEventsOptions {
  readonly write: RecordWriter['write'];
  readonly newId: () => string;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly epochMilliseconds: () => number;
}

export class RepeatedEvents implements SecurityEvents {
  readonly #options: RepeatedEventsOptions;
  readonly #windows = new Map<string, Window>();

  constructor(options: RepeatedEventsOptions) {
    this.#options = options;
  }

  readonly happened = (event: SecurityEvent): void => {
    const key = this.#keyOf(event);
    const window = this.#windows.get(key);
    if (window === undefined) {
      this.#windows.set(key, {
        event,
        endsAt: this.#options.now() + WINDOW_MILLISECONDS,
        runsTold: new Set(event.run && [event.run.id]),
        repetitions: 0,
      });
    } else if (!isOfNewRun(window, event)) {
      window.repetitions += 1;
      return;
    }
    this.#tell(event, event.sentence);
  };

  /** To be called every few seconds. */
  sweep(): void {
    const now = this.#options.now();
    for (const [key, window] of this.#windows) if (now >= window.endsAt) this.#close(key, window);
  }

  /** Tells what was counted until now. */
  end(): void {
    for (const [key, window] of this.#windows) this.#close(key, window);
  }

  /** When there are too many to be kept apart, the rest of one kind is one. */
  #keyOf({ event, namespace, sentence }: SecurityEvent): string {
    const key = `${event} ${namespace} ${sentence}`;
    return this.#windows.has(key) || this.#windows.size < WINDOWS_MAXIMUM ? key : event;
  }

  /** What is counted may have happened in other runs than the first: it is told of none. */
  #close(key: string, window: Window): void {
    this.#windows.delete(key);
    const { repetitions } = window;
    if (repetitions > 0) {
      const { run: _, ...event } = window.event;
      this.#tell(event, `${event.sentence} It happened ${repetitions} more time(s) within a minute.`);
    }
  }

  #tell({ event, namespace, agent, run, subject, action }: SecurityEvent, sentence: string): void {
    const { write, newId, epochMilliseconds } = this.#options;
    const { severity, owasp } = SECURITY_EVENTS[event];
    write({
      id: newId(),
      type: 'security_event',
      namespace,
      atMicroseconds: Math.round(epochMilliseconds() * 1000),
      event,
      severity,
      action,
      owasp: [...owasp],
      sentence: sentence.slice(0, SENTENCE_MAXIMUM_CHARACTERS).toWellFormed(),
      ...(agent !== undefined && { agent: { name: agent } }),
      ...(run !== undefined && { run }),
      ...(subject !== undefined && { subject: subject.slice(0, 256) }),
    });
  }
}

function isOfNewRun({ runsTold }: Window, { run }: SecurityEvent): boolean {
  if (run === undefined || runsTold.has(run.id) || runsTold.size >= RUNS_TOLD_MAXIMUM) return false;
  runsTold.add(run.id);
  return true;
}
