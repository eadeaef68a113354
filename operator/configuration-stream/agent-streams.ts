/**
 * The open streams of agents, and what each was told last. A slow reader never makes memory grow: while its socket
 * is full only the latest configuration waits for it, and one that stays full for long is cut off.
 */
import type { ServerResponse } from 'node:http';

export const HEARTBEAT_SECONDS = 10;
const SLOW_READER_SECONDS = 30;

export interface AgentStreams {
  /** Follows the configuration of this key until the connection ends. False when there is no room for another. */
  readonly open: (key: string, response: ServerResponse, lifetimeSeconds: number) => boolean;
  readonly publish: (key: string, configuration: string) => void;
  readonly count: () => number;
  /** Ends every stream, so that its agent comes back at another replica. */
  readonly close: () => void;
}

export interface AgentStreamsOptions {
  /** What a stream of this key starts with; undefined when nothing is known yet. */
  readonly current: (key: string) => string | undefined;
  readonly maximumStreams: number;
  /** Of one agent: a thousand pods, and their reconnections. */
  readonly maximumStreamsPerKey: number;
  readonly heartbeatSeconds?: number;
  readonly slowReaderSeconds?: number;
}

export function createAgentStreams(options: AgentStreamsOptions): AgentStreams {
  const streamsByKey = new Map<string, Set<AgentStream>>();
  let count = 0;
  let isClosed = false;

  function remove(key: string, stream: AgentStream): void {
    const streams = streamsByKey.get(key);
    if (streams?.delete(stream) !== true) return;
    count -= 1;
    if (streams.size === 0) streamsByKey.delete(key);
  }

  return {
    open: (key, response, lifetimeSeconds) => {
      const streams = streamsByKey.get(key) ?? new Set<AgentStream>();
      if (isClosed || count >= options.maximumStreams || streams.size >= options.maximumStreamsPerKey) {
        return false;
      }
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      const stream = new AgentStream(response, {
        lifetimeSeconds,
        heartbeatSeconds: options.heartbeatSeconds ?? HEARTBEAT_SECONDS,
        slowReaderSeconds: options.slowReaderSeconds ?? SLOW_READER_SECONDS,
      });
      streamsByKey.set(key, streams.add(stream));
      count += 1;
      response.on('close', () => {
        stream.dispose();
        remove(key, stream);
      });
      const current = options.current(key);
      if (current === undefined) stream.heartbeat();
      else stream.tell(current);
      return true;
    },
    publish: (key, configuration) => {
      for (const stream of streamsByKey.get(key) ?? []) stream.tell(configuration);
    },
    count: () => count,
    close: () => {
      isClosed = true;
      for (const streams of streamsByKey.values()) for (const stream of streams) stream.end();
    },
  };
}

interface StreamTimes {
  readonly lifetimeSeconds: number;
  readonly heartbeatSeconds: number;
  readonly slowReaderSeconds: number;
}

class AgentStream {
  readonly #response: ServerResponse;
  readonly #times: StreamTimes;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #lifetime: NodeJS.Timeout;
  #slowReader: NodeJS.Timeout | undefined;
  #told: string | undefined;
  #pending: string | undefined;

  constructor(response: ServerResponse, times: StreamTimes) {
    this.#response = response;
    this.#times = times;
    this.#heartbeat = setInterval(() => this.heartbeat(), times.heartbeatSeconds * 1000);
    // A token is judged when a stream is opened: coming back now and then lets it be judged again.
    this.#lifetime = setTimeout(() => this.end(), times.lifetimeSeconds * 1000);
    response.on('drain', () => this.#drained());
  }

  tell(configuration: string): void {
    if (configuration === this.#told) {
      // It went back to what the reader has before the reader could be told of the change.
      this.#pending = undefined;
      return;
    }
    if (this.#response.writableNeedDrain) {
      this.#pending = configuration;
      return;
    }
    this.#told = configuration;
    this.#write(`event: configuration\ndata: ${configuration}\n\n`);
  }

  heartbeat(): void {
    if (!this.#response.writableNeedDrain) this.#write(': heartbeat\n\n');
  }

  end(): void {
    this.dispose();
    this.#response.end();
    // A reader that does not read would keep the connection open.
    const socket = this.#response.socket;
    setTimeout(() => socket?.destroy(), 1000).unref();
  }

  dispose(): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#lifetime);
    clearTimeout(this.#slowReader);
  }

  #write(text: string): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    if (this.#response.write(text)) return;
    this.#slowReader ??= setTimeout(() => this.#response.destroy(), this.#times.slowReaderSeconds * 1000);
  }

  #drained(): void {
    clearTimeout(this.#slowReader);
    this.#slowReader = undefined;
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) this.tell(pending);
  }
}
