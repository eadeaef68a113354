/**
 * What the console is told: the whole picture first, then what changed, at most one a second. A reader that is slower gets what
 * changed since it read last, all at once: nothing is queued for anybody.
 */
import { objectKey } from '#adapters/kubernetes/kube-object.ts';
import type { ObservedNews } from '#domain/observation/observed-news.ts';
import { type EventStream, formatEvent } from '#process/http/event-stream.ts';
import type { Judged } from './observation.ts';

/** Without changes a reader is told so often how current everything is. */
const BEAT_MILLISECONDS = 5_000;
/** A reader that is further behind than these is told everything anew. */
const REMOVED_MAXIMUM = 10_000;

interface KeptRow {
  readonly json: string;
  /** Of the news in which it changed last. */
  readonly version: number;
}

interface Reader {
  readonly stream: EventStream;
  /** What he was told last; undefined: nothing. */
  version: number | undefined;
  toldAt: number;
}

type RestOfNews = Omit<ObservedNews, 'isWhole' | 'version' | 'rows' | 'removedRows' | 'asOfMicroseconds'>;

export class NewsDesk {
  readonly #now: () => number;
  readonly #readers = new Set<Reader>();
  readonly #rows = new Map<string, KeptRow>();
  #removed = new Map<string, number>();
  #forgottenUpTo = 0;
  #version: number;
  #rest: string | undefined;
  #asOfMicroseconds = 0;

  /** `firstVersion`: higher than that of any process before. `now`: milliseconds of a clock that never goes back. */
  constructor(firstVersion: number, now: () => number) {
    this.#version = firstVersion;
    this.#now = now;
  }

  get readers(): number {
    return this.#readers.size;
  }

  publish({ rows, namespaces, attention, problem, atMicroseconds }: Judged): void {
    const version = this.#version + 1;
    const rest: RestOfNews = { problem, attention: [...attention], namespaces: [...namespaces] };
    const restText = JSON.stringify(rest);
    let isChanged = restText !== this.#rest;
    const gone = new Set(this.#rows.keys());
    for (const row of rows) {
      const key = objectKey(row);
      gone.delete(key);
      const json = JSON.stringify(row);
      if (this.#rows.get(key)?.json === json) continue;
      this.#rows.set(key, { json, version });
      this.#removed.delete(key);
      isChanged = true;
    }
    for (const key of gone) {
      this.#rows.delete(key);
      this.#removed.set(key, version);
      isChanged = true;
    }
    this.#forgetRemoved();
    this.#rest = restText;
    this.#asOfMicroseconds = atMicroseconds;
    if (isChanged) this.#version = version;
    for (const reader of this.#readers) this.#tell(reader);
  }

  /** Until `leave` is called. He is told at once if there is anything to tell. */
  join(stream: EventStream): { readonly caughtUp: () => void; readonly leave: () => void } {
    const reader: Reader = { stream, version: undefined, toldAt: 0 };
    this.#readers.add(reader);
    this.#tell(reader);
    return { caughtUp: () => this.#tell(reader), leave: () => void this.#readers.delete(reader) };
  }

  /** Of all streams: another replica goes on. */
  end(): void {
    for (const { stream } of this.#readers) stream.end();
  }

  #tell(reader: Reader): void {
    const { stream, version } = reader;
    if (this.#rest === undefined || stream.isPaused) return;
    const now = this.#now();
    if (version === this.#version && now - reader.toldAt < BEAT_MILLISECONDS) return;
    const isWhole = version === undefined || version < this.#forgottenUpTo;
    const rows = this.#rows.values().filter((row) => isWhole || row.version > version);
    const removed = isWhole ? [] : [...this.#removed].filter(([, since]) => since > version);
    const head = { isWhole, version: this.#version, asOfMicroseconds: this.#asOfMicroseconds };
    const removedRows = removed.map(([key]) => nameOf(key));
    const text = `${JSON.stringify(head).slice(0, -1)},"rows":[${[...rows].map(({ json }) => json).join(',')}],"removedRows":${JSON.stringify(removedRows)},${(this.#rest ?? '').slice(1)}`;
    reader.version = this.#version;
    reader.toldAt = now;
    stream.write(`id: ${this.#version}\n${formatEvent(text, 'news')}`);
  }

  #forgetRemoved(): void {
    if (this.#removed.size <= REMOVED_MAXIMUM) return;
    this.#forgottenUpTo = this.#version + 1;
    this.#removed = new Map();
  }
}

function nameOf(key: string): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
