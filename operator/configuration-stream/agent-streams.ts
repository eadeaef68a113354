/**
 * The open streams of agents, and what each was told last. A slow reader never makes memory grow: while its socket
 * is full only the latest configuration waits for it, and one that stays full for long is cut off.
 */
import type { ServerResponse } from 'node:http';
import { EventStream } from '#process/http/event-stream.ts';

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
      if (current === undefined) stream.keepAlive();
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
  readonly #stream: EventStream;
  readonly #lifetime: NodeJS.Timeout;
  #told: string | undefined;
  #pending: string | undefined;

  constructor(response: ServerResponse, times: StreamTimes) {
    this.#stream = new EventStream(response, {
      keepAliveSeconds: times.heartbeatSeconds,
      stallSeconds: times.slowReaderSeconds,
      onResume: () => this.#tellPending(),
    });
    // A token is judged when a stream is opened: coming back now and then lets it be judged again.
    this.#lifetime = setTimeout(() => this.end(), times.lifetimeSeconds * 1000);
  }

  tell(configuration: string): void {
    if (configuration === this.#told) {
      // It went back to what the reader has before the reader could be told of the change.
      this.#pending = undefined;
      return;
    }
    if (this.#stream.isPaused) {
      this.#pending = configuration;
      return;
    }
    this.#told = configuration;
    this.#stream.send(configuration, 'configuration');
  }

  keepAlive(): void {
    this.#stream.keepAlive();
  }

  end(): void {
    this.dispose();
    this.#stream.end();
  }

  dispose(): void {
    clearTimeout(this.#lifetime);
  }

  #tellPending(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) this.tell(pending);
  }
}
